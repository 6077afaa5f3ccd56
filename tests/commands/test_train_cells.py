"""Cells, layers and dropout on the command line: all commands, reports and errors."""

import json
import math
import re
import tracemalloc

import pytest
from helpers import SONNETS, refusal
from kept import log_of, without_times

import fastrnn
from fastrnn.model.checkpoint import load_checkpoint
from fastrnn.model.run_files import checkpoints

TEXT = SONNETS.read_text(encoding='utf-8')
SMALL = ('--preset', 'fast', '--hidden-size', 16, '--seq-length', 8, '--streams', 4, '--seed', 0)
LSTM = (*SMALL, '--cell', 'lstm', '--layers', 2, '--dropout', 0.25)
OPTIONS = {'preset': 'fast', 'hidden_size': 16, 'seq_length': 8, 'streams': 4, 'seed': 0}
OPTIONS |= {'cell': 'lstm', 'layers': 2, 'dropout': 0.25}


def test_a_run_and_all_that_is_done_with_it(cli, tmp_path):
    run, tuned, args = tmp_path / 'run', tmp_path / 'tuned', ('--validation', 0.1, '--iterations', 40)
    code, out, err = cli('train', SONNETS, *LSTM, *args, '--out', run)
    assert (code, err) == (0, '')
    lines, folder = out.splitlines(), fastrnn.resume(run)
    assert 'adam at 0.03, lstm 2 x 16, T=8, 4 streams, float32, dropout 0.25' in lines
    assert f'memory {folder.job.memory / 1e3:.1f} KB without the text' in lines
    assert repr(folder).endswith('batched engine, lstm 2 x 16, V=42, iteration 40 of 40>')
    folder.close()
    config = json.loads((run / 'config.json').read_text())['job']
    assert [config[name] for name in ('cell', 'layers', 'dropout')] == ['lstm', 2, 0.25]
    model = fastrnn.load_model(run)
    assert repr(model) == '<fastrnn.Model: lstm 2 x 16, 42 characters, float32>'

    records = list(fastrnn.train(SONNETS, validation=0.1, iterations=40, **OPTIONS))
    reports = [without_times(record.facts) for record in records if record.due]
    assert log_of(run) == reports
    code, out, _ = cli('train', '--resume', run, '--iterations', 50, '--quiet')
    assert (code, out) == (0, '') and load_checkpoint(checkpoints(run)[-1]).state.steps == 50

    options = ('--length', 60, '--seed', 1, '--prime', 'From', '--temperature', 0.8, '--top-k', 9, '--top-p', 0.9)
    rules = {'seed': 1, 'prime': 'From', 'temperature': 0.8, 'top_k': 9, 'top_p': 0.9}
    model = fastrnn.load_model(run)
    assert cli('sample', run, *options)[:2] == (0, f'From{"".join(fastrnn.sample(model, 60, **rules))}\n')
    many = [f'From{text}\n' for text in fastrnn.samples(model, 3, 60, **rules)]
    assert cli('sample', run, *options, '--count', 3)[:2] == (0, '----\n'.join(many))

    result = fastrnn.evaluate(model, TEXT)
    assert cli('eval', run, SONNETS)[1].startswith(f'{result.bits_per_character:8.4f}  bits per character')
    rows = cli('score', run, SONNETS)[1].splitlines()[2:]
    bits = [float(row.split('\t')[2]) for row in rows]
    assert sum(bits) / len(bits) == pytest.approx(result.bits_per_character, abs=1e-4)
    code, out, _ = cli('plot', run, '--out', tmp_path / 'curves.svg')
    assert code == 0 and out.startswith(f'{tmp_path / "curves.svg"}: run (batched, lstm 2 x 16): best validation ')

    code, out, err = cli('train', '--from', run, SONNETS, '--preset', 'fast', '--iterations', 3, '--out', tuned)
    assert code == 0 and "starting from the model's weights (lstm 2 x 16)\n" in err
    assert fastrnn.load_model(tuned).params.architecture == model.params.architecture
    assert fastrnn.evaluate(fastrnn.load_model(tuned), TEXT).bits_per_character < 1.2 * result.bits_per_character


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (('--cell', 'gru'), 'cell is gru, but the model has cell lstm, which is fixed: leave it out'),
        (('--layers', 3), 'layers is 3, but the model has layers 2, which is fixed: leave it out'),
        (('--hidden-size', 17), 'hidden_size is 17, but the model has hidden_size 16, which is fixed: leave it out'),
    ],
)
def test_from_keeps_to_the_model(cli, tmp_path, options, words):
    """With options and with a configuration, in a folder and without one; also for the gist's model."""
    path, run = tmp_path / 'model', tmp_path / 'run'
    cli('train', SONNETS, *LSTM, '--iterations', 1, '--save', path)
    model, name = fastrnn.load_model(path), options[0][2:].replace('-', '_')
    same = {'engine': 'batched', 'cell': 'lstm', 'layers': 2, 'hidden_size': 16, 'seq_length': 8}
    assert refusal(cli, 'train', '--from', path, SONNETS, '--preset', 'fast', *options, '--out', run) == words
    for asked in ({'preset': 'fast', name: options[1]}, {'config': fastrnn.Config(**{**same, name: options[1]})}):
        for call in (lambda asked: fastrnn.train(TEXT, weights=model, **asked),
                     lambda asked: fastrnn.start(run, SONNETS, weights=model, **asked)):  # fmt: skip
            with pytest.raises(ValueError) as error:
                call(asked)
            assert str(error.value) == words
    assert not run.exists()
    assert next(fastrnn.train(TEXT, fastrnn.Config(**same, seed=0, dropout=0.5), weights=model)).bits_per_character < 9


def test_from_the_gists_model(cli, tmp_path):
    path = tmp_path / 'model'
    cli('train', SONNETS, *SMALL, '--cell', 'rnn', '--iterations', 1, '--save', path)
    words = 'cell is lstm, but the model has cell rnn, which is fixed: leave it out'
    assert refusal(cli, 'train', '--from', path, SONNETS, '--preset', 'fast', '--cell', 'lstm') == words
    for engine in ('exact', 'batched'):
        assert cli('train', '--from', path, SONNETS, '--engine', engine, '--iterations', 1)[0] == 0


LACKS = 'but engine {} trains as the gist does ({} {}): add --engine batched, or --preset fast'


@pytest.mark.parametrize('engine', ['exact', 'reference'])
@pytest.mark.parametrize(
    ('name', 'value', 'default'), [('cell', 'gru', 'rnn'), ('layers', 2, 1), ('dropout', 0.5, 0.0)]
)
def test_engines_without_these_options(cli, engine, name, value, default):
    words = f'{name} is {value}, {LACKS.format(engine, name, default)}'
    with pytest.raises(ValueError) as error:
        fastrnn.train(TEXT, engine=engine, **{name: value})
    assert str(error.value) == words
    assert refusal(cli, 'train', SONNETS, '--engine', engine, f'--{name}', value) == words
    if engine == 'exact':  # the preset's
        assert refusal(cli, 'train', SONNETS, '--preset', 'reference', f'--{name}', value) == words


@pytest.mark.parametrize(
    ('name', 'value', 'words'),
    [
        *(('cell', value, 'one of rnn, gru, lstm') for value in ('mlp', 'tanh', '')),
        *(('layers', value, 'a whole number, from 1 to 8') for value in (0, 9, -1, 2**63)),
        *(
            ('dropout', value, 'a share of the hidden units, from 0 to below 1')
            for value in (1.0, -0.1, -1e-300, math.nan, math.inf, 1.5)
        ),
    ],
)
def test_invalid_values(cli, name, value, words):
    with pytest.raises(ValueError) as error:
        fastrnn.train(TEXT, engine='batched', **{name: value})
    assert str(error.value) == f'{name} is {value!r}; it must be {words}'
    assert refusal(cli, 'train', SONNETS, '--engine', 'batched', f'--{name}={value}') == str(error.value)


@pytest.mark.parametrize('value', [3, 2.0, True])
def test_invalid_types(value):
    for name in ('cell', 'layers') if value != 3 else ('cell',):
        with pytest.raises(ValueError, match=rf'^{name} is {value!r}; it must be '):
            fastrnn.Config(engine='batched', **{name: value})


def test_an_architecture_that_does_not_fit(cli):
    """Refused because of its memory, before any is allocated."""
    sizes = {'hidden_size': 100_000, 'cell': 'lstm', 'layers': 8, 'preset': 'fast', 'iterations': 1}
    fastrnn.train(TEXT, **{**sizes, 'hidden_size': 8})  # imports modules first
    tracemalloc.start()
    with pytest.raises(ValueError) as error:
        fastrnn.train(TEXT, **sizes)
    assert tracemalloc.get_traced_memory()[1] < 5e7  # memory for reading a text
    tracemalloc.stop()
    found = re.fullmatch(
        r'cell lstm, layers 8, hidden_size 100,000, seq_length \d+, streams \d+ and 42 distinct characters need '
        r'([\d.]+) TB of memory, but .*: use --hidden-size [\d,]+, or less',
        str(error.value),
    )
    layer, needed = 4 * 100_000**2 * 4, float(found[1]) * 1e12  # bytes of one Whh or Wih; there are 15
    copies = 6 * 15 + 2  # with gradients, Adam's two moments, packed twice; tiles of the gradients of a layer's
    assert 0.99 * copies * layer < needed < 1.01 * copies * layer
    options = [part for name, value in sizes.items() for part in (f'--{name.replace("_", "-")}', value)]
    assert refusal(cli, 'train', SONNETS, *options).split(', but ')[0] == str(error.value).split(', but ')[0]
