"""Portable code, used if NumPy's BLAS and loops are not found: the same results to rounding."""

import numpy as np
import pytest
from helpers import SONNETS, exact_losses, random_model, reference_losses

import fastrnn
from fastrnn import reference

TEXT = SONNETS.read_text(encoding='utf-8')


@pytest.mark.parametrize(('H', 'T'), [(1, 3), (8, 5), (100, 25), (127, 24)])
def test_losses_are_close(portable, H, T):
    """For a few iterations, before rounding differences grow."""
    expected, weights = reference_losses(TEXT, iterations=5, hidden_size=H, seq_length=T)
    losses, params = exact_losses(TEXT, iterations=5, hidden_size=H, seq_length=T, seed=0)
    np.testing.assert_allclose(losses, expected, rtol=1e-11)
    for param, weight in zip(params, weights, strict=True):
        np.testing.assert_allclose(param, weight, rtol=0, atol=1e-7)


def test_the_drop_in_is_close(portable):
    model, hprev = random_model(20, 9, 1, 0.5), np.full((20, 1), 0.3)
    expected = reference.lossFun([1, 2, 8], [2, 8, 0], hprev, model)
    results = fastrnn.bind(*model).lossFun([1, 2, 8], [2, 8, 0], hprev)
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-12, atol=1e-14)


def test_samples_are_the_same_for_a_while(portable):
    """A character differs only if its number falls between two nearly equal edges."""
    model, h = random_model(20, 9, 1, 0.5), np.zeros((20, 1))
    expected = reference.sample(h, 0, 50, model)
    np.random.seed(0)
    assert fastrnn.bind(*model).sample(h, 0, 50) == expected
