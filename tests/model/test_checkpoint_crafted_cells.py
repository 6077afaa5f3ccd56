"""Files in format 2 with a valid check, whose parts do not fit one another: refused before room is made for them."""

import json

import numpy as np
import pytest
from crafted import craft, refused
from helpers import SONNETS
from models import checkpoint_of, model_of

from fastrnn.model.architecture import CELLS
from fastrnn.model.checkpoint import load_checkpoint, load_model, save_checkpoint
from fastrnn.model.safetensors_file import read

H, V = 3, 4
BOTH = (load_model, load_checkpoint)


@pytest.fixture(scope='module')
def states(tmp_path_factory):
    """A state of each cell with two layers, by name."""
    place = tmp_path_factory.mktemp('states')
    for cell in CELLS:
        save_checkpoint(place / cell, checkpoint_of(model_of('abcd', H, 'float32', cell, 2)))
    return place


@pytest.mark.parametrize(
    ('metadata', 'words'),
    [
        ({'cell': 'mlp'}, "cell is 'mlp'; it must be one of rnn, gru, lstm"),
        ({'cell': 'LSTM'}, "cell is 'LSTM'"),
        ({'cell': '\x1b[2J\n' * 500}, 'cell is '),
        ({'layers': '0'}, "'0' layers"),
        ({'layers': '9'}, "'9' layers"),
        ({'layers': ''}, "'' layers"),
        ({'layers': '12'}, "'12' layers"),
        ({'layers': '\u0662'}, "'\u0662' layers"),
        ({'layers': '2' * 9000}, "'22222222222222222222' layers"),
        ({'layers': '3'}, "'rnn.weight_ih_l2' missing"),
        ({'layers': '1'}, 'lstm of 1 layers with rnn.'),
        ({'cell': 'gru'}, 'rnn.weight_ih_l0 has shape (12, 4) and type float32, not (9, 4) and float32'),
        ({'cell': 'rnn'}, 'rnn.weight_ih_l0 has shape (12, 4) and type float32, not (3, 4) and float32'),
        ({'cell': 'rnn', 'layers': '1'}, 'a model of format 1 in format 2'),
        ({'vocabulary': json.dumps([*'abcde'])}, 'rnn.weight_ih_l0 has shape (12, 4) and type float32, not (12, 5)'),
        ({'format': '1'}, "'Whh' missing"),
    ],
)
@pytest.mark.parametrize('load', BOTH)
def test_an_architecture_that_is_not_the_tensors(states, tmp_path, metadata, words, load):
    assert words in refused(craft(states / 'lstm', tmp_path / 'x', metadata=metadata), load)


@pytest.mark.parametrize('without', ['cell', 'layers', 'unit', 'vocabulary', 'format'])
@pytest.mark.parametrize('load', BOTH)
def test_metadata_that_is_missing(states, tmp_path, without, load):
    refused(craft(states / 'gru', tmp_path / 'x', without=[without]), load)


@pytest.mark.parametrize('cell', CELLS)
def test_each_tensor(states, tmp_path, cell):
    """Missing, of another shape, transposed, of another type, or not finite; and none too many."""
    tensors, _ = read(states / cell)
    for name in sorted(set(tensors) - {'rng'}):
        array, of_model = tensors[name], name.startswith(('rnn.', 'output.'))
        others = [array[..., :-1], array[None], array.ravel()[:1], array.ravel()[:0], array.T]
        others += [array.astype(kind) for kind in ('f2', 'f8', 'i4', 'u1')] + [array * np.nan]
        odd = [{name: other} for other in others if other.shape != array.shape or other.dtype != array.dtype]
        paths = [craft(states / cell, tmp_path / 'x', without=[name])]
        paths += [
            craft(states / cell, tmp_path / f'x{k}', change) for k, change in enumerate([*odd, {name: others[-1]}])
        ]
        for path in paths:
            for load in BOTH if of_model else (load_checkpoint,):
                refused(path, load)
    for name in ('rnn.weight_ih_l2', 'rnn.', 'output.weights', 'm.output.weights', 'mWhh', 'x'):
        path = craft(states / cell, tmp_path / 'x', {name: np.zeros(3, 'f4')})
        for load in BOTH if name[0] in 'ro' else (load_checkpoint,):
            refused(path, load)


@pytest.mark.parametrize(('cell', 'row'), [('rnn', 0), ('gru', 2 * H - 1), ('lstm', 4 * H - 1)])
@pytest.mark.parametrize('prefix', ['', 'm.', 'v.'])
def test_a_second_bias(states, tmp_path, cell, row, prefix):
    name = f'{prefix}rnn.bias_hh_l1'
    bias = read(states / cell)[0][name].copy()
    bias[row] = 1e-9
    path = craft(states / cell, tmp_path / 'x', {name: bias})
    for load in BOTH if not prefix else (load_checkpoint,):
        assert 'rnn.bias_hh_l1 is not 0 where it is one with bias_ih' in refused(path, load)


@pytest.mark.parametrize('rows', [1, 12, 400_000])
@pytest.mark.parametrize(('cell', 'layers', 'name'), [('rnn', 1, 'Whh'), ('lstm', 8, 'rnn.weight_hh_l0')])
def test_sizes_that_the_file_has_not(tmp_path, monkeypatch, cell, layers, name, rows):
    """Parameters for them would take terabytes: nothing is allocated."""
    save_checkpoint(tmp_path / 'state', checkpoint_of(model_of('abcd', H, 'float32', cell, layers)))
    path = craft(tmp_path / 'state', tmp_path / 'x', {name: np.zeros((rows, 400_000 // rows), 'f4')})

    def allocated(*_):
        raise AssertionError

    monkeypatch.setattr('fastrnn.model.checkpoint.Params', allocated)
    monkeypatch.setattr('fastrnn.model.torch_names.Params', allocated)
    for load in BOTH:
        assert ' has shape ' in refused(path, load)


@pytest.mark.parametrize(
    'change',
    [
        {'cell': 'gru'},
        {'layers': 1},
        {'layers': '2'},
        {'cell': None},
        {'hidden_size': 4},
        {'streams': 2},
        {'optimizer': 'adam' * 500},
    ],
)
def test_a_configuration_of_another_run(states, tmp_path, change):
    config = json.loads(read(states / 'lstm')[1]['config'])
    path = craft(states / 'lstm', tmp_path / 'x', metadata={'config': json.dumps(config | change)})
    refused(path, load_checkpoint)
    assert load_model(path).params.architecture.cell == 'lstm'


@pytest.mark.parametrize('command', [('eval',), ('sample',), ('score',), ('train', '--from')])
@pytest.mark.parametrize('metadata', [{'cell': 'gru'}, {'layers': '3'}, {'layers': '9'}])
def test_commands_tell_it_in_one_line(states, tmp_path, cli, command, metadata):
    path = craft(states / 'lstm', tmp_path / 'x', metadata=metadata)
    code, out, err = cli(*command, path, *([] if command == ('sample',) else [SONNETS]))
    assert (code, out) == (2, '') and err.startswith(f'error: {path}: damaged (') and err.count('\n') == 1
