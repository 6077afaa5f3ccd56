"""Arrays of other libraries as NumPy's. Those of PyTorch itself: tests/proofs/test_pytorch.py."""

import re
from collections import OrderedDict

import numpy as np
import pytest

from fastrnn.model.foreign import named_arrays

VALUES = np.array([[0.5, -1.25], [3.0, 0.0]])


class Tensor:
    """As much of PyTorch's as is used; like it, NumPy cannot read one that has a gradient, or is in bfloat16."""

    def __init__(self, values, dtype='torch.float32', needs_gradient=True, on='cuda:0'):
        self.values, self.dtype, self.needs_gradient, self.on = values, dtype, needs_gradient, on

    def detach(self):
        return Tensor(self.values, self.dtype, False, self.on)

    def cpu(self):
        return Tensor(self.values, self.dtype, self.needs_gradient, 'cpu')

    def float(self):
        return Tensor(self.values, 'torch.float32', self.needs_gradient, self.on)

    def __array__(self, dtype=None, copy=None):
        if self.needs_gradient or self.on != 'cpu' or self.dtype == 'torch.bfloat16':
            raise TypeError("can't convert")
        return np.asarray(self.values, self.dtype.removeprefix('torch.'))


WAYS = {
    'float64': (VALUES, 'float64'),
    'float32': (VALUES.astype('float32'), 'float32'),
    'float16': (VALUES.astype('float16'), 'float32'),
    'longdouble': (VALUES.astype(np.longdouble), 'float64'),
    'big endian': (VALUES.astype('>f8'), 'float64'),
    'transposed': (VALUES.T.copy().T, 'float64'),
    'a list': (VALUES.tolist(), 'float64'),
    'a list of whole numbers': ([[1, 0], [0, 1]], 'float64'),
    'a tensor': (Tensor(VALUES), 'float32'),
    'a tensor of float64': (Tensor(VALUES, 'torch.float64'), 'float64'),
    'a tensor of bfloat16': (Tensor(VALUES, 'torch.bfloat16'), 'float32'),
}


@pytest.mark.parametrize('way', WAYS)
def test_ways_to_keep_numbers(way):
    given, dtype = WAYS[way]
    array = named_arrays({'x': given})['x']
    expected = np.eye(2) if 'whole' in way else VALUES
    assert type(array) is np.ndarray and array.dtype == dtype and array.dtype.isnative
    assert np.array_equal(array, expected)


class Network:
    """As much of torch.nn.Module as is used."""

    def __init__(self, *parts, **settings):
        self.__dict__ |= settings | {'parts': parts}

    def modules(self):
        return [self, *self.parts]

    def state_dict(self):
        return OrderedDict(x=Tensor(VALUES))


def test_a_network_in_place_of_its_state_dict():
    assert np.array_equal(named_arrays(Network(Network(nonlinearity='tanh')))['x'], VALUES)
    with pytest.raises(ValueError, match=r"^the network has nonlinearity='relu'; fastrnn only has tanh$"):
        named_arrays(Network(Network(nonlinearity='relu')))


class Optimizer:
    """As much of torch.optim.Adam as could be taken for a network."""

    def state_dict(self):
        return {'state': {}, 'param_groups': []}


GIVE = 'pass Wxh, Whh, Why, bh, by, or the state dict of a PyTorch network'
REAL = 'weights must be real floating-point numbers'
REFUSED = {
    'nothing': ({}, f'there are no arrays; {GIVE}'),
    'a name': ('model.pt', f'the state dict is of type str; {GIVE}'),
    'an optimizer': (Optimizer(), f'the state dict is of type Optimizer; {GIVE}'),
    'an array': (VALUES, f'the state dict is of type ndarray; {GIVE}'),
    'a number for a name': ({3: VALUES}, f'3 is not the name of an array; {GIVE}'),
    'a checkpoint': ({'model': {'x': VALUES}}, 'model is a dict; if it is the state dict, pass that alone'),
    'complex': ({'x': VALUES + 0j}, f'x is of type complex128; {REAL}'),
    'whole numbers': ({'x': np.eye(2, dtype=int)}, f'x is of type int64; {REAL}'),
    'truths': ({'x': VALUES > 0}, f'x is of type bool; {REAL}'),
    'none': ({'x': None}, f'x is of type NoneType; {REAL}'),
    'text': ({'x': 'text'}, f'x is of type str; {REAL}'),
    'NaN': ({'x': VALUES * np.nan}, 'x holds NaN or inf: the training has diverged; pass earlier weights'),
    'inf': ({'x': [[np.inf]]}, 'x holds NaN or inf: the training has diverged; pass earlier weights'),
    'too large': (
        {'x': [np.longdouble('1e400')]},
        'x holds NaN or inf: the training has diverged; pass earlier weights',
    ),
    'masked': ({'x': np.ma.array(VALUES, mask=VALUES > 0)}, 'x is a MaskedArray; pass a plain one, without holes'),
}


@pytest.mark.parametrize('case', REFUSED)
def test_what_is_refused(case):
    arrays, message = REFUSED[case]
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        named_arrays(arrays)


def test_what_no_array_can_be_made_of():
    for ragged in ([[1.0], [1.0, 2.0]], Tensor(VALUES, 'torch.strange')):
        with pytest.raises(ValueError, match=r'^x\\x07 cannot be read as an array \(.*\)$') as caught:
            named_arrays({'x\a': ragged})
        assert str(caught.value).isprintable() and len(str(caught.value)) < 160
