"""The drop-in with other kinds of arrays."""

import numpy as np
import pytest
from helpers import random_model, same_bits

import fastrnn


def with_strides(array, strides):
    return np.lib.stride_tricks.as_strided(array, array.shape, strides)


@pytest.mark.parametrize(('H', 'V'), [(1, 4), (5, 4), (5, 1)])
def test_odd_strides_of_dimensions_of_size_one(H, V, capfd):
    """NumPy calls such arrays contiguous, but to BLAS the stride is a wrong leading dimension."""
    inputs, targets = [0, V - 1], [V // 2, 0]
    model = list(random_model(H, V, scale=0.3))
    lossFun = fastrnn.bind(*model).lossFun
    expected = lossFun(inputs, targets, np.ones((H, 1)))
    for k, param in enumerate(model):
        if 1 in param.shape:
            odd = [0 if size == 1 else stride for size, stride in zip(param.shape, param.strides, strict=True)]
            model[k] = with_strides(param, odd)
            assert model[k].strides != param.strides or param.size == 1
    out = [
        with_strides(np.zeros_like(x), [0 if n == 1 else s for n, s in zip(x.shape, x.strides, strict=True)])
        for x in expected[1:]
    ]
    hprev = with_strides(np.ones((H, 1)), (8 if H > 1 else 0, 0))
    found = fastrnn.bind(*model).lossFun(inputs, targets, hprev, out=out)
    assert all(same_bits(a, b) for a, b in zip(found, expected, strict=True))
    assert all(given is returned for given, returned in zip(out, found[1:], strict=True))
    assert capfd.readouterr() == ('', '')  # BLAS prints its errors


@pytest.mark.filterwarnings('ignore:the matrix subclass:PendingDeprecationWarning')
@pytest.mark.parametrize('kind', [np.matrix, np.ma.asarray], ids=['matrix', 'MaskedArray'])
def test_other_kinds_of_arrays(kind):
    model = list(random_model(5, 4))
    words = r'Whh is a (matrix|MaskedArray); pass np\.asarray\(Whh\)$'
    with pytest.raises(ValueError, match=f'^{words}'):
        fastrnn.bind(model[0], kind(model[1]), *model[2:])
    bound = fastrnn.bind(*model)
    for call, name in (
        (lambda odd: bound.lossFun([0], [1], odd), 'hprev'),
        (lambda odd: bound.sample(odd, 0, 1), 'h'),
        (lambda odd: bound.adagrad([odd], [np.zeros((5, 1))], [np.zeros((5, 1))]), r'params\[0\]'),
    ):
        with pytest.raises(ValueError, match=f'^{name} is a '):
            call(kind(np.zeros((5, 1))))


def test_arrays_that_are_not_aligned():
    raw = np.zeros(8 * 25 + 1, np.uint8)
    odd = raw[1:].view(np.float64).reshape(5, 5)
    model = list(random_model(5, 4))
    with pytest.raises(ValueError, match=r'^Whh is not aligned in memory; pass np\.require\('):
        fastrnn.bind(model[0], odd, *model[2:])
    broadcast = np.broadcast_to(np.zeros(5), (5, 5))
    with pytest.raises(ValueError, match=r'^Whh is not contiguous'):
        fastrnn.bind(model[0], broadcast, *model[2:])


def test_a_memory_mapped_array_is_accepted(tmp_path):
    model = list(random_model(5, 4))
    mapped = np.memmap(tmp_path / 'Whh', np.float64, 'w+', shape=(5, 5))
    mapped[...] = model[1]
    expected = fastrnn.bind(*model).lossFun([0], [1], np.zeros((5, 1)))
    found = fastrnn.bind(model[0], mapped, *model[2:]).lossFun([0], [1], np.zeros((5, 1)))
    assert same_bits(found[0], expected[0])
