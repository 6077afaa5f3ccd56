"""Wrong arguments of the drop-in raise a ValueError that names the argument, and change nothing."""

import re

import numpy as np
import pytest
from helpers import WEIGHTS, random_model, same_bits

import fastrnn

H, V = 9, 6
MODEL = random_model(H, V, 4, 0.5)
HPREV = np.full((H, 1), 0.25)
BOUND = fastrnn.bind(*MODEL)


def strided(array):
    """The same numbers, but not contiguous."""
    return np.repeat(array, 2, axis=0)[::2]


def misaligned(array):
    """The same numbers, one byte off an aligned address."""
    raw = np.zeros(array.nbytes + 1, np.uint8)[1:].view(np.float64).reshape(array.shape)
    raw[...] = array
    return raw


SPOILED = {
    'float32': (lambda a: a.astype(np.float32), 'is float32; it must be an array of float64'),
    'integers': (lambda a: np.zeros(a.shape, int), 'is int64; it must be an array of float64'),
    'big-endian': (lambda a: a.astype('>f8'), 'is >f8; it must be an array of float64'),
    'a list': (lambda a: a.tolist(), 'is list; it must be an array of float64'),
    'None': (lambda a: None, 'is NoneType; it must be an array of float64'),
    'strided': (strided, 'is not contiguous'),
    'misaligned': (misaligned, 'is not aligned in memory'),
    'one dimension': (lambda a: a.ravel(), 'has shape'),
    'three dimensions': (lambda a: a[None], 'has shape'),
    'a row more': (lambda a: np.vstack([a, a[:1]]), 'has shape'),
    'a column more': (lambda a: np.hstack([a, a[:, :1]]), 'has shape'),
    'no rows': (lambda a: a[:0], 'has shape'),
}
# here another argument has the wrong shape
FOLLOW = {('a row more', 'Whh'), ('a row more', 'by'), ('no rows', 'Whh'), ('no rows', 'by')}


@pytest.mark.parametrize('what', SPOILED)
@pytest.mark.parametrize('name', WEIGHTS)
def test_parameters(name, what):
    spoil, words = SPOILED[what]
    model = list(MODEL)
    model[WEIGHTS.index(name)] = spoil(MODEL[WEIGHTS.index(name)])
    with pytest.raises(ValueError, match='has shape' if (what, name) in FOLLOW else f'^{name} {words}'):
        fastrnn.bind(*model)


def test_fortran_order():
    with pytest.raises(ValueError, match=r'^Whh is not contiguous'):
        fastrnn.bind(MODEL[0], np.asfortranarray(MODEL[1]), *MODEL[2:])


@pytest.mark.parametrize('what', SPOILED)
def test_states(what):
    spoil, words = SPOILED[what]
    with pytest.raises(ValueError, match=f'^hprev {words}'):
        BOUND.lossFun([0], [1], spoil(HPREV))
    with pytest.raises(ValueError, match=f'^h {words}'):
        BOUND.sample(spoil(HPREV), 0, 3)


@pytest.mark.parametrize(
    ('inputs', 'targets', 'words'),
    [
        ([0, 6], [1, 2], 'inputs[1] is 6, but characters are numbered from 0 to 5'),
        ([0, 1], [-1, 2], 'targets[0] is -1, but characters are numbered from 0 to 5'),
        (np.array([2**63], np.uint64), [1], 'inputs[0] is 9223372036854775808, but characters'),
        (np.array([300], np.int16), [1], 'inputs[0] is 300, but characters'),
        ([0, 1], [1], 'inputs has 2 and targets 1 characters'),
        ([], [], 'inputs has 0 and targets 0 characters'),
        ([0.0, 1.0], [1, 2], 'inputs must be a list or 1-D array of integers, not float64'),
        ([0, 1], [1, np.nan], 'targets must be a list or 1-D array of integers, not float64'),
        ([[0, 1]], [1, 2], 'inputs must be a list or 1-D array of integers, not int64 of shape (1, 2)'),
        (3, [1], 'inputs must be a list or 1-D array of integers'),
        ('ab', [1, 2], 'inputs must be a list or 1-D array of integers'),
        ([True, False], [1, 2], 'inputs must be a list or 1-D array of integers, not bool'),
        ([10**30], [1], 'inputs must be a list or 1-D array of integers, not object'),
        ([None], [1], 'inputs must be a list or 1-D array of integers, not object'),
    ],
)
def test_indices(inputs, targets, words):
    with pytest.raises(ValueError, match='^' + re.escape(words)):
        BOUND.lossFun(inputs, targets, HPREV)


@pytest.mark.parametrize(('first', 'words'), [(6, 'is 6'), (-1, 'is -1'), (0.0, 'must be'), ('a', 'must be')])
def test_first_characters(first, words):
    with pytest.raises(ValueError, match=f'^seed_ix.*{words}'):
        BOUND.sample(HPREV, first, 3)


def buffers():
    return [np.zeros(array.shape) for array in (*MODEL, HPREV)]


@pytest.mark.parametrize('what', SPOILED)
@pytest.mark.parametrize('k', [0, 1, 5])
def test_out_buffers(k, what):
    spoil, words = SPOILED[what]
    out = buffers()
    out[k] = spoil(out[k])
    with pytest.raises(ValueError, match=rf'^out\[{k}\] {words}'):
        BOUND.lossFun([0], [1], HPREV, out=out)


def test_read_only_and_missing_out_buffers():
    out = buffers()
    with pytest.raises(ValueError, match=r'^out has 5 arrays; give 6: dWxh, dWhh, dWhy, dbh, dby, hprev'):
        BOUND.lossFun([0], [1], HPREV, out=out[:5])
    out[2].flags.writeable = False
    with pytest.raises(ValueError, match=r'^out\[2\] is read-only'):
        BOUND.lossFun([0], [1], HPREV, out=out)


@pytest.mark.parametrize('what', SPOILED)
@pytest.mark.parametrize('which', range(3))
def test_adagrad(which, what):
    """Errors in the second arrays are detected before the first ones change."""
    spoil, words = SPOILED[what]
    if which == 0 and 'dimension' not in what and words == 'has shape':
        which = 1  # parameters may have any two dimensions
    arguments = [[np.ones((2, 2)), np.ones((3, 4))] for _ in range(3)]
    arguments[which][1] = spoil(arguments[which][1])
    with pytest.raises(ValueError, match=rf'^{("params", "grads", "mems")[which]}\[1\] {words}'):
        BOUND.adagrad(*arguments, 0.1)
    assert all(np.all(arrays[0] == 1.0) for arrays in arguments)


def test_adagrad_with_lists_of_different_lengths_or_read_only():
    one = np.ones((2, 2))
    with pytest.raises(ValueError, match='params, grads and mems have 2, 1 and 1 arrays'):
        BOUND.adagrad([one, one], [one], [one])
    one.flags.writeable = False
    with pytest.raises(ValueError, match=r'^params\[0\] is read-only'):
        BOUND.adagrad([one], [one], [one])


def test_works_after_an_error():
    """An error has no later effect."""
    expected = BOUND.lossFun([0, 1], [1, 2], HPREV)
    with pytest.raises(ValueError, match='inputs'):
        BOUND.lossFun([0, 99], [1, 2], HPREV)
    results = BOUND.lossFun([0, 1], [1, 2], HPREV)
    assert all(same_bits(a, b) for a, b in zip(results, expected, strict=True))


@pytest.mark.parametrize('n', [-1, 2.5, 'x'])
def test_numbers_of_characters(n):
    with pytest.raises(ValueError, match=r'^n '):
        BOUND.sample(HPREV, 0, n)


def test_adagrad_of_a_new_array_in_place_of_a_bound_one():
    """Without the error, the functions would silently use the old array."""
    model = random_model(5, 4, scale=0.1)
    Wxh, Whh, _, bh, by = model
    adagrad = fastrnn.bind(*model).adagrad
    for name, array in (('Whh', Whh * 2), ('Wxh', Wxh.copy()), ('bh', bh + 0), ('by', by + 0)):
        with pytest.raises(ValueError, match=rf'^params\[0\] is not the bound {name}: change th'):
            adagrad([array], [np.ones_like(array)], [np.zeros_like(array)], 0.1)
    before = Whh.copy()
    adagrad([Whh[:]], [np.ones_like(Whh)], [np.zeros_like(Whh)], 0.1)  # a view of the bound array
    assert (Whh < before).all()
    other = np.zeros((7, 7))
    adagrad(
        [other], [np.ones_like(other)], [np.zeros_like(other)], np.float32(0.1)
    )  # a further parameter of the script
    assert (other < 0).all()


@pytest.mark.parametrize('rate', ['0.1', None, True, [0.1]])
def test_a_learning_rate_that_is_not_a_number(rate):
    with pytest.raises(ValueError, match=r'^learning_rate is .*; it must be a number$'):
        fastrnn.engines.dropin.adagrad([], [], [], rate)


@pytest.mark.parametrize(('rows', 'columns'), [(0, 6), (9, 0), (0, 0)])
def test_an_empty_model(rows, columns):
    with pytest.raises(ValueError, match=r'^W(xh|hh) has shape .*; it must not be empty'):
        fastrnn.bind(*random_model(rows, columns))


def test_masked_indices():
    with pytest.raises(ValueError, match=r'^targets is a MaskedArray; pass a plain array$'):
        BOUND.lossFun([0], np.ma.masked_equal([1], 1), HPREV)
