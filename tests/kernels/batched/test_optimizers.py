"""Optimizers and clipping against their formulas in NumPy."""

import numpy as np
import oracles
import pytest
from helpers import normal

from fastrnn.engines.batched import make_optimizer
from fastrnn.kernels.batched import optimizers
from fastrnn.kernels.jit import jit
from fastrnn.model.architecture import Architecture
from fastrnn.settings.options import Settings

DTYPES = ['float32', 'float64']


@pytest.mark.parametrize('dtype', DTYPES)
def test_optimizers(dtype):
    """Adagrad and Adam against their formulas in NumPy."""
    P, G, M, V = (normal(seed, 100, dtype) for seed in (11, 12, 13, 14))
    M, V = abs(M), abs(V)
    architecture, moments = Architecture('rnn', 1, 2, 3), {'m': M.copy(), 'v': V.copy()}
    settings = make_optimizer(Settings(engine='batched', dtype=dtype, optimizer='adam'), architecture, moments)
    one, most = P.dtype.type(1), P.dtype.type(np.inf)
    expected, p = oracles.adagrad(P, G, M, 0.1), P.copy()
    optimizers.adagrad(p, G, moments['m'], settings, one, most, 0.1)
    for found, array in zip((p, moments['m']), expected, strict=True):
        np.testing.assert_allclose(found, array, rtol=1e-5)
    expected, p, moments['m'] = oracles.adam(P, G, M, V, 0.1, decay=0.5, number=3), P.copy(), M.copy()
    optimizers.adam(p, G, moments['m'], moments['v'], settings, one, most, 0.1, 0.5, 3)
    for found, array in zip((p, moments['m'], moments['v']), expected, strict=True):
        np.testing.assert_allclose(found, array, rtol=1e-4)


@jit
def all_clipped(g, factor, limit, out):
    for i in range(g.size):
        out[i] = optimizers.clipped(g[i], factor, limit)


@pytest.mark.parametrize('dtype', DTYPES)
def test_clipping(dtype):
    """NaN stays NaN."""
    g, kind = np.array([7, -7, 1, np.nan], dtype), np.dtype(dtype).type
    out = np.zeros_like(g)
    all_clipped(g, kind(1), kind(5), out)
    np.testing.assert_array_equal(out, np.array([5, -5, 1, np.nan], dtype))
    all_clipped(g, kind(0.5), kind(np.inf), out)
    np.testing.assert_array_equal(out, np.array([3.5, -3.5, 0.5, np.nan], dtype))


@pytest.mark.parametrize('n', [0, 1, 2, 7, 1000, 12345])
def test_power(n):
    assert optimizers.power(0.99, n) == pytest.approx(0.99**n, rel=1e-12)
