"""The fast preset from the command line: reports, held-out text, ends of a run, models, and what is refused."""

import re

import pytest
from helpers import SONNETS

import fastrnn

SMALL = ('--preset', 'fast', '--hidden-size', 16, '--seq-length', 8, '--streams', 4, '--seed', 0)


def test_a_run_with_held_out_text_and_a_model(cli, tmp_path):
    """Reports bits per character of the held-out text, ends with a sample, saves a model that eval can read."""
    model = tmp_path / 'model.safetensors'
    code, out, err = cli('train', SONNETS, *SMALL, '--epochs', 40, '--validation', 0.1, '--save', model)
    assert (code, err) == (0, '')
    lines = out.splitlines()
    assert lines[0] == 'data has 1121 characters, 42 unique.'
    assert 'held out 125 characters' in lines
    first = re.search(r'train ([\d.]+)  validation ([\d.]+) bits per character', out)
    assert first and float(first[2]) < 5.4
    assert lines[-1] == '----'
    code, out, err = cli('eval', model, SONNETS)
    assert (code, err) == (0, '')
    assert [line.split('  ')[-1] for line in out.splitlines()][1:3] == [
        'bits per UTF-8 byte',
        'perplexity per character',
    ]
    evaluation = fastrnn.evaluate(fastrnn.load_model(model), SONNETS.read_text(encoding='utf-8'))
    assert out.startswith(f'{evaluation.bits_per_character:8.4f}')
    assert evaluation.bits_per_character < evaluation.order0


def test_the_same_command_gives_the_same_output(cli):
    """Times aside, and for any number of threads."""
    outputs = []
    for threads in (1, 2, 64):
        code, out, _ = cli('train', SONNETS, *SMALL, '--iterations', 30, '--threads', threads)
        assert code == 0
        outputs.append(re.sub(r'[\d.]+ s  [\d,]+ characters/s', '', out))
    assert outputs[0] == outputs[1] == outputs[2]


@pytest.mark.parametrize('end', [('--iterations', 3), ('--epochs', 0.5), ('--time', '0.2s')])
def test_every_end(cli, end):
    code, out, err = cli('train', SONNETS, *SMALL, *end)
    assert (code, err) == (0, '')
    assert out.count('iter ') == 1


def test_held_out_files_and_bytes(cli, tmp_path):
    other = tmp_path / 'other.txt'
    other.write_text('From fairest creatures', encoding='utf-8')
    code, out, _ = cli('train', SONNETS, *SMALL, '--iterations', 2, '--validation', other, '--unit', 'byte')
    assert code == 0
    assert 'held out 22 characters' in out


def test_divergence_stops_the_run(cli):
    """Exit code 3, the iteration, and the last finite bits per character."""
    options = ('--learning-rate', 1e6, '--weight-decay', 99, '--schedule', 'constant', '--iterations', 2000)
    code, _, err = cli('train', SONNETS, *SMALL, *options)
    assert code == 3
    assert re.fullmatch(r'error: the loss is inf or NaN at iteration \d+, .* --learning-rate than 1e\+06\n', err)


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (('--streams', 200), 'needs at least 2,000 for 200 streams: take a longer text or fewer --streams'),
        (('--validation', 0), 'validation share is 0.0'),
        (('--validation', 1.5), 'validation share is 1.5'),
        (('--validation', 'nowhere'), 'nowhere: No such file'),
        (('--dtype', 'float16'), "dtype is 'float16'"),
        (('--warmup', 1), 'warmup is 1.0'),
        (('--time', 'soon'), "time is 'soon'; give a number with s, m or h"),
        (('--epochs', 0), 'epochs is 0.0'),
        (('--weight-decay', -1), 'weight_decay is -1.0'),
        (('--preset', 'faster'), "preset is 'faster'"),
        (('--engine', 'exact'), 'engine exact trains as the gist does'),
    ],
)
def test_refused(cli, options, words):
    code, out, err = cli('train', SONNETS, *SMALL, '--iterations', 5, *options)
    assert (code, out) == (2, '')
    assert err.startswith('error: ') and err.count('\n') == 1
    assert words in err


def test_texts_that_the_model_does_not_know(cli, tmp_path):
    model, text = tmp_path / 'model', tmp_path / 'text'
    assert cli('train', SONNETS, *SMALL, '--iterations', 1, '--save', model)[0] == 0
    text.write_text('naïve', encoding='utf-8')
    code, _, err = cli('eval', model, text)
    assert code == 2
    assert 'U+00EF' in err
