"""Parameters by PyTorch's names. That PyTorch computes the same from them: tests/proofs/test_pytorch.py."""

import numpy as np
import pytest
from models import model_of

from fastrnn.model.architecture import Architecture, torch_shapes
from fastrnn.model.torch_names import from_torch_tensors, torch_tensors

CHARS = 'abcde'
V, H = len(CHARS), 3
SHAPES = {  # of two layers, by the documentation of PyTorch's modules
    'rnn': {'weight_ih_l0': (3, 5), 'weight_hh_l0': (3, 3), 'weight_ih_l1': (3, 3), 'weight_hh_l1': (3, 3)},
    'gru': {'weight_ih_l0': (9, 5), 'weight_hh_l0': (9, 3), 'weight_ih_l1': (9, 3), 'weight_hh_l1': (9, 3)},
    'lstm': {'weight_ih_l0': (12, 5), 'weight_hh_l0': (12, 3), 'weight_ih_l1': (12, 3), 'weight_hh_l1': (12, 3)},
}
CELLS = [(cell, layers) for cell in SHAPES for layers in (1, 2, 8)]


@pytest.mark.parametrize('cell', SHAPES)
def test_names_and_shapes(cell):
    rows = SHAPES[cell]['weight_hh_l0'][:1]
    biases = {f'bias_{side}_l{layer}': rows for side in ('ih', 'hh') for layer in (0, 1)}
    expected = {f'rnn.{name}': shape for name, shape in (SHAPES[cell] | biases).items()}
    expected |= {'output.weight': (5, 3), 'output.bias': (5,)}
    assert torch_shapes(Architecture(cell, 2, H, V)) == expected
    one = {name: shape for name, shape in expected.items() if not name.endswith('_l1')}
    assert torch_shapes(Architecture(cell, 1, H, V)) == one


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize(('cell', 'layers'), CELLS)
def test_there_and_back(cell, layers, dtype):
    """Every bit, and nothing but what the shapes say; copies, as files need them."""
    params = model_of(CHARS, H, dtype, cell, layers).params
    before, tensors = params.flat.copy(), torch_tensors(params)
    assert {name: array.shape for name, array in tensors.items()} == torch_shapes(params.architecture)
    assert all(array.dtype == dtype and array.flags.c_contiguous for array in tensors.values())
    assert from_torch_tensors(params.architecture, tensors, dtype) == params
    for array in tensors.values():
        array[...] = 0
    assert np.array_equal(params.flat, before)


@pytest.mark.parametrize(('cell', 'layers'), CELLS)
def test_what_is_where(cell, layers):
    params = model_of(CHARS, H, cell=cell, layers=layers).params
    tensors = torch_tensors(params)
    assert np.array_equal(tensors['rnn.weight_ih_l0'], params.WxhT.T)
    assert np.array_equal(tensors['output.weight'], params.Why) and np.array_equal(tensors['output.bias'], params.by)
    for k in range(layers):
        assert k == 0 or np.array_equal(tensors[f'rnn.weight_ih_l{k}'], params.Wih[k - 1])
        assert np.array_equal(tensors[f'rnn.weight_hh_l{k}'], params.Whh[k])
        assert np.array_equal(tensors[f'rnn.bias_ih_l{k}'], params.bh[k])
        own = params.bhn[k] if cell == 'gru' else np.zeros(0)  # the n gate's hidden side
        shared = np.zeros(params.bh.shape[1] - own.size)
        assert np.array_equal(tensors[f'rnn.bias_hh_l{k}'], np.concatenate([shared, own]))


@pytest.mark.parametrize('value', [1e-30, -1.0, np.nan, np.inf])
@pytest.mark.parametrize(('cell', 'shared'), [('rnn', 3), ('gru', 6), ('lstm', 12)])
def test_the_bias_that_pytorch_has_twice(cell, shared, value):
    """A second one has no place, but for the GRU's n gate."""
    params = model_of(CHARS, H, cell=cell, layers=2).params
    for layer in (0, 1):
        for row in range(params.bh.shape[1]):
            tensors = torch_tensors(params)
            tensors[f'rnn.bias_hh_l{layer}'][row] = value
            if row >= shared:
                again = from_torch_tensors(params.architecture, tensors, 'float64')
                assert np.array_equal(again.bhn[layer, row - shared], value, equal_nan=True)
            else:
                with pytest.raises(ValueError, match=f'^rnn.bias_hh_l{layer} is not 0 where it is one with bias_ih$'):
                    from_torch_tensors(params.architecture, tensors, 'float64')
