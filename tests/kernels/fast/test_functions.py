"""The fast engine's transcendental functions."""

import numpy as np
import pytest
from helpers import normal

from fastrnn.kernels.fast.functions import exp1, row_max, tanh1
from fastrnn.kernels.jit import fast_jit

DTYPES = ['float32', 'float64']


@fast_jit
def all_of(x, tanhs, exps):
    for i in range(x.size):
        tanhs[i] = tanh1(x[i])
        exps[i] = exp1(-abs(x[i]))
    return row_max(x, x.size)


@pytest.mark.parametrize('dtype', DTYPES)
def test_tanh_and_exp(dtype):
    """Within four units in the last place, everywhere."""
    grid = np.concatenate([np.linspace(-30, 30, 20001), np.linspace(-1, 1, 20001), normal(9, 999, 'float64') * 1e-4])
    x = grid.astype(dtype)
    tanhs, exps = np.zeros_like(x), np.zeros_like(x)
    assert all_of(x, tanhs, exps) == x.max()
    exact = x.astype(np.longdouble)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(tanhs, np.tanh(exact).astype(dtype), rtol=4 * eps)
    np.testing.assert_allclose(exps, np.exp(-abs(exact)).astype(dtype), rtol=4 * eps)


@pytest.mark.parametrize('dtype', DTYPES)
def test_tanh_keeps_nan_and_infinities(dtype):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1e30, -1e30], dtype)
    tanhs = np.zeros_like(x)
    all_of(x, tanhs, np.zeros_like(x))
    np.testing.assert_array_equal(tanhs, np.array([np.nan, 1, -1, 0, 1, -1], dtype))


@pytest.mark.parametrize('size', [1, 7, 8, 9, 65])
def test_row_max(size):
    x = normal(10, size, 'float32')
    assert all_of(x, np.zeros_like(x), np.zeros_like(x)) == x.max()
