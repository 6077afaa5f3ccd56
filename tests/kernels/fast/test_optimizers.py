"""Optimizers and clipping against their formulas in NumPy."""

import numpy as np
import oracles
import pytest
from helpers import normal

from fastrnn.kernels.fast import optimizers

DTYPES = ['float32', 'float64']


@pytest.mark.parametrize('dtype', DTYPES)
def test_optimizers(dtype):
    """Adagrad and Adam against their formulas in NumPy; clipping keeps NaN."""
    P, G, M, S = (normal(seed, 100, dtype) for seed in (11, 12, 13, 14))
    M, S = abs(M), abs(S)
    kind = np.dtype(dtype).type
    expected, _ = oracles.adagrad(P, G, M, 0.1)
    p, m = P.copy(), M.copy()
    optimizers.adagrad(p, G, m, kind(0.1), kind(1e-8))
    np.testing.assert_allclose(p, expected, rtol=1e-5)
    p, m, s = P.copy(), M.copy(), S.copy()
    optimizers.adam(p, G, m, s, kind(0.1), kind(0.9), kind(0.999), kind(1e-8), kind(0.5))
    np.testing.assert_allclose(p, oracles.adam(P, G, M, S, 0.1, decay=0.5, betas=(0.9, 0.999))[0], rtol=1e-4)
    g = np.array([7, -7, 1, np.nan], dtype)
    optimizers.clip(g, kind(5))
    np.testing.assert_array_equal(g, np.array([5, -5, 1, np.nan], dtype))
