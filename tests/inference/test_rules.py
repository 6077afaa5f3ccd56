"""What a caller asks for, as kernels take it."""

import math
import sys

import numpy as np
import pytest
from models import V, some_model

from fastrnn.inference.rules import make_choice, seeded


@pytest.mark.parametrize(
    ('asked', 'expected'),
    [
        ((1.0, None, None), (1.0, V, 1.0)),
        ((2, 3, 0.5), (2.0, 3, 0.5)),
        ((np.float32(0.5), np.int64(V + 1), 1), (0.5, V, 1.0)),
        ((0, 7, 0.5), (sys.float_info.min, 1, 1.0)),
        ((-0.0, None, None), (sys.float_info.min, 1, 1.0)),
    ],
)
def test_a_choice(asked, expected):
    """No filter keeps all V; temperature 0 keeps the most likely character, whatever the filters."""
    choice = make_choice(some_model(), *asked)
    assert tuple(choice) == expected
    assert [type(value) for value in choice] == [float, int, float]


@pytest.mark.parametrize(
    ('asked', 'words'),
    [
        ((-1, None, None), 'temperature is -1; it must be a number, 0 or more'),
        ((math.inf, None, None), 'temperature is inf; it must be a number, 0 or more'),
        ((math.nan, None, None), 'temperature is nan; it must be a number, 0 or more'),
        (('1', None, None), 'temperature is 1; it must be a number, 0 or more'),
        ((1.0, 0, None), 'top_k is 0; it must be a whole number, 1 or more'),
        ((1.0, 2.5, None), 'top_k is 2.5; it must be a whole number, 1 or more'),
        ((1.0, None, 0), 'top_p is 0; it must be a number above 0, up to 1'),
        ((0, None, 1.5), 'top_p is 1.5; it must be a number above 0, up to 1'),
    ],
)
def test_refused(asked, words):
    with pytest.raises(ValueError, match=f'^{words}$'):
        make_choice(some_model(), *asked)


def test_not_a_model():
    with pytest.raises(ValueError, match='model'):
        make_choice('runs/first', 1.0, None, None)


def test_seeds():
    """Those of NumPy; without one each generator is another, and NumPy's own is left alone."""
    assert np.array_equal(seeded(7).random_sample(5), np.random.RandomState(7).random_sample(5))
    assert seeded(2**32 - 1).random_sample() == np.random.RandomState(2**32 - 1).random_sample()
    before = np.random.get_state()[1].copy()
    assert seeded(None).random_sample() != seeded(None).random_sample()
    assert np.array_equal(np.random.get_state()[1], before)
    for value in (-1, 2**32, 0.5, True):
        with pytest.raises(ValueError, match=f'^seed is {value}; it must be a whole number, from 0 to 4294967295$'):
            seeded(value)
