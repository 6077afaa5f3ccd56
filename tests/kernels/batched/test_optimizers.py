"""Optimizers and clipping against their formulas in NumPy."""

import numpy as np
import oracles
import pytest
from helpers import normal

from fastrnn.kernels.batched import optimizers
from fastrnn.kernels.jit import jit

DTYPES = ['float32', 'float64']


@pytest.mark.parametrize('dtype', DTYPES)
def test_optimizers(dtype):
    """Adagrad and Adam against their formulas in NumPy."""
    P, G, M, S = (normal(seed, 100, dtype) for seed in (11, 12, 13, 14))
    M, S = abs(M), abs(S)
    kind = np.dtype(dtype).type
    expected, _ = oracles.adagrad(P, G, M, 0.1)
    p, m = P.copy(), M.copy()
    one, most = kind(1), kind(np.inf)
    optimizers.adagrad(p, G, m, one, most, kind(0.1), kind(1e-8))
    np.testing.assert_allclose(p, expected, rtol=1e-5)
    p, m, s = P.copy(), M.copy(), S.copy()
    optimizers.adam(p, G, m, s, one, most, kind(0.1), kind(0.9), kind(0.999), kind(1e-8), kind(0.5))
    np.testing.assert_allclose(p, oracles.adam(P, G, M, S, 0.1, decay=0.5, betas=(0.9, 0.999))[0], rtol=1e-4)


@jit
def all_clipped(g, factor, limit, out):
    for i in range(g.size):
        out[i] = optimizers.clipped(g[i], factor, limit)


@pytest.mark.parametrize('dtype', DTYPES)
def test_clipping(dtype):
    """NaN stays."""
    g, kind = np.array([7, -7, 1, np.nan], dtype), np.dtype(dtype).type
    out = np.zeros_like(g)
    all_clipped(g, kind(1), kind(5), out)
    np.testing.assert_array_equal(out, np.array([5, -5, 1, np.nan], dtype))
    all_clipped(g, kind(0.5), kind(np.inf), out)
    np.testing.assert_array_equal(out, np.array([3.5, -3.5, 0.5, np.nan], dtype))


@pytest.mark.parametrize('n', [0, 1, 2, 7, 1000, 12345])
def test_power(n):
    assert optimizers.power(0.99, n) == pytest.approx(0.99**n, rel=1e-12)
