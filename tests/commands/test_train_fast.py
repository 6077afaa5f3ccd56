"""The fast preset on the command line: reports, held-out text, ends of a run, models, and errors."""

import json
import re
import signal
import subprocess
import sys

import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.commands.flow import NOT_KEPT
from fastrnn.decision import resolve

SMALL = ('--preset', 'fast', '--hidden-size', 16, '--seq-length', 8, '--streams', 4, '--seed', 0)


def test_a_run_with_held_out_text_and_a_model(cli, tmp_path):
    """It reports held-out bits per character, ends with a sample, and saves a model that eval reads."""
    model = tmp_path / 'model.safetensors'
    code, out, err = cli('train', SONNETS, *SMALL, '--epochs', 20, '--validation', 0.1, '--save', model)
    assert (code, err) == (0, '')
    lines = out.splitlines()
    assert lines[0] == 'data has 1121 characters, 42 unique.'
    assert 'held out 125 characters' in lines
    first = re.search(r'train ([\d.]+)  val ([\d.]+) bits\n', out)
    assert first and float(first[2]) < 5.4
    assert lines[-2] == '----' and lines[-1].endswith('; sample and model.safetensors are from it')
    code, out, err = cli('eval', model, SONNETS)
    assert (code, err) == (0, '')
    assert [line.split('  ')[-1] for line in out.splitlines()][1:3] == [
        'bits per UTF-8 byte',
        'perplexity per character',
    ]
    evaluation = fastrnn.evaluate(fastrnn.load_model(model), SONNETS.read_text(encoding='utf-8'))
    assert out.startswith(f'{evaluation.bits_per_character:8.4f}')
    assert evaluation.bits_per_character < evaluation.order0


@pytest.mark.parametrize('end', [('--iterations', 3), ('--iterations', '3e0'), ('--epochs', 0.5), ('--time', '0m0.2s')])
def test_every_end(cli, end):
    code, out, _ = cli('train', SONNETS, *SMALL, *end)
    assert code == 0
    assert len(re.findall(r'^iter \d+  ', out, re.MULTILINE)) == 1


def test_a_share_in_percent(cli, tmp_path, monkeypatch):
    """Also a file whose name is a number."""
    run = tmp_path / 'run'
    code, out, _ = cli('train', SONNETS, *SMALL, '--iterations', 2, '--validation', '10%', '-o', run)
    assert code == 0 and 'held out 125 characters' in out
    assert json.loads((run / 'config.json').read_text())['text']['validation'] == '0.1'
    monkeypatch.chdir(tmp_path)
    (tmp_path / '10').write_text('From fairest creatures', encoding='utf-8')
    code, out, _ = cli('train', SONNETS, *SMALL, '--iterations', 2, '--validation', '10')
    assert code == 0 and 'held out 22 characters' in out


def test_the_expected_bits_follow_the_presets_line(cli, tmp_path, monkeypatch):
    """They are in config.json too."""
    args = ('train', SONNETS, '--preset', 'fast', '--seed', 0, '--iterations', 2, '--validation', '20%')
    line = 'expect about 2.0 bits per character on the held-out text, usually within 0.2'
    assert 'expect about' not in cli(*args)[1]
    monkeypatch.setattr(resolve, 'expectation', lambda *_: 2.04)
    lines = cli(*args, '--out', tmp_path / 'run')[1].splitlines()
    assert lines[lines.index(line) - 1].startswith('gru H=32: ')
    assert json.loads((tmp_path / 'run' / 'config.json').read_text())['job']['reasons']['expectation'] == line
    assert 'expect about' not in cli('train', '--resume', tmp_path / 'run', '--iterations', 4)[1]


def test_lines_fit_a_terminal(cli, tmp_path, monkeypatch):
    """All except the sample's lines, with the cache in its usual folder."""
    monkeypatch.setenv('HOME', str(tmp_path / 'home' / 'of' / 'somebody'))
    monkeypatch.setenv('FASTRNN_CACHE', str(tmp_path / 'home' / 'of' / 'somebody' / '.cache' / 'fastrnn'))
    args = (*SMALL, '--iterations', 9, '--validation', 0.1, '--sample-length', 0)
    for words in ('encoded into', 'encoded before, in'):
        code, out, err = cli('train', SONNETS, *args)
        assert (code, err) == (0, f'{NOT_KEPT}\n') and f'\n{words} ~/.cache/fastrnn/corpora/' in out
        assert max(map(len, [*out.splitlines(), NOT_KEPT])) <= 80


def test_divergence_stops_the_run(cli):
    """Exit code 3, the iteration, and the last finite bits per character."""
    options = ('--learning-rate', 1e6, '--weight-decay', 99, '--schedule', 'constant', '--iterations', 2000)
    code, _, err = cli('train', SONNETS, *SMALL, *options)
    assert code == 3
    assert re.fullmatch(r'.*\nerror: the loss is inf or NaN at iteration \d+, .* --learning-rate than 1e\+06\n', err)


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (('--streams', 200), 'needs at least 2,000 for 200 streams: use a longer text or --streams'),
        (
            ('--validation', 0),
            "validation is '0'; it must be a share above 0 and below 1, such as 0.1 or 10%, or a file",
        ),
        (('--validation', 10), "validation is '10'; it must be a share above 0 and below 1, such as 10% or 0.1, or a"),
        (
            ('--validation', '0,1'),
            "validation is '0,1'; it must be a share above 0 and below 1, such as 0.1, or a file",
        ),
        (('--validation', 'nowhere'), 'nowhere: No such file'),
        (('--dtype', 'float16'), "dtype is 'float16'"),
        (('--warmup', 1), 'warmup is 1.0'),
        (('--time', 'soon'), "time is 'soon'; give seconds, or a number with s, m, h or d, such as 90s, 5m or 1m30s"),
        (('--epochs', 0), 'epochs is 0.0'),
        (('--weight-decay', -1), 'weight_decay is -1.0'),
        (('--input-rate', 0), 'input_rate is 0.0; it must be a number above 0'),
        (('--hidden-decay', 100), 'hidden_decay is 100.0; it must be a number from 0 to below 100'),
        (('--preset', 'faster'), "preset is 'faster'"),
        (('--engine', 'exact'), 'engine exact trains one, as the gist does'),
        (('--save', 'nowhere/model'), 'nowhere/model: there is no folder nowhere'),
        (('--save', '.'), '.: is a folder'),
    ],
)
def test_refused(cli, options, words):
    code, out, err = cli('train', SONNETS, *SMALL, '--iterations', 5, *options)
    assert (code, out) == (2, '')
    assert err.startswith('error: ') and err.count('\n') == 1
    assert words in err


def test_ctrl_c_saves_the_model(tmp_path):
    """The run stops after the current block, with whole lines; all users can read the model."""
    path = tmp_path / 'model'
    command = [sys.executable, '-m', 'fastrnn', 'train', SONNETS, '--seed', '0', '--print-every', '1', '--save', path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b'iter 5'):
            break
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b'') and (not rest or rest.endswith(b'\n'))
    assert fastrnn.load_model(path).params.H == 100
    assert path.stat().st_mode & 0o444 == 0o444
