"""The batched engine's transcendental functions."""

import numpy as np
import pytest
from helpers import normal

from fastrnn.kernels.batched.functions import exp1, fma, log1, rsqrt1, sigmoid1, tanh1
from fastrnn.kernels.jit import jit

DTYPES = ['float32', 'float64']


@jit
def all_of(x, tanhs, exps):
    for i in range(x.size):
        tanhs[i] = tanh1(x[i])
        exps[i] = exp1(-abs(x[i]))


@pytest.mark.parametrize('dtype', DTYPES)
def test_tanh_and_exp(dtype):
    """Within four units in the last place, everywhere."""
    grid = np.concatenate([np.linspace(-30, 30, 20001), np.linspace(-1, 1, 20001), normal(9, 999, 'float64') * 1e-4])
    x = grid.astype(dtype)
    tanhs, exps = np.zeros_like(x), np.zeros_like(x)
    all_of(x, tanhs, exps)
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


@pytest.mark.parametrize('dtype', DTYPES)
def test_exp_down_to_the_smallest_normal_number(dtype):
    """Within four units in the last place; below it, nearly that number."""
    info = np.finfo(dtype)
    lowest = int(np.log(info.tiny))
    x = np.append(np.linspace(-20, lowest, 2001), [lowest - 1, -1e30, -np.inf, np.nan]).astype(dtype)
    exps = np.zeros_like(x)
    all_of(x, np.zeros_like(x), exps)
    np.testing.assert_allclose(exps[:2001], np.exp(x[:2001].astype(np.longdouble)).astype(dtype), rtol=4 * info.eps)
    assert (exps[2001:-1] >= info.tiny).all() and (exps[2001:-1] < 2 * info.tiny).all()
    assert np.isnan(exps[-1])


@jit
def sigmoids(x, out):
    for i in range(x.size):
        out[i] = sigmoid1(x[i])


@pytest.mark.parametrize('dtype', DTYPES)
def test_sigmoid(dtype):
    """Within four units in the last place while exp is a normal number; beyond it, nearly 0 or 1."""
    info = np.finfo(dtype)
    far = -np.log(float(info.tiny)) - 1
    x = np.append(np.linspace(-far, far, 20001), [-1e30, -np.inf, 1e30, np.inf, np.nan]).astype(dtype)
    out = np.zeros_like(x)
    sigmoids(x, out)
    exact = 1 / (1 + np.exp(-x[:20001].astype(np.longdouble)))
    np.testing.assert_allclose(out[:20001], exact.astype(dtype), rtol=4 * info.eps)
    assert (out[20001:20003] < 4 * info.tiny).all() and (out[20003:20005] == 1).all() and np.isnan(out[-1])


@jit
def rsqrts(x, out):
    for i in range(x.size):
        out[i] = rsqrt1(x[i])


@pytest.mark.parametrize('dtype', DTYPES)
def test_rsqrt(dtype):
    """Within one unit in the last place; what is not finite stays so."""
    x = np.exp(np.random.default_rng(0).uniform(-40, 40, 20000)).astype(dtype)
    out = np.zeros_like(x)
    rsqrts(x, out)
    exact = 1 / np.sqrt(x.astype(np.longdouble))  # on macOS and Windows as rounded as the other
    np.testing.assert_allclose(out, exact, rtol=np.finfo(dtype).eps + np.finfo(np.longdouble).eps)
    out = np.zeros(2, dtype)
    rsqrts(np.array([np.nan, np.inf], dtype), out)
    assert not np.isfinite(out).any()


@jit
def fused(a, b, c):
    return fma(a, b, c)


@pytest.mark.parametrize('dtype', DTYPES)
def test_fma_rounds_once(dtype):
    """The square of 1 + eps minus its rounded value is eps squared."""
    kind = np.dtype(dtype).type
    x = kind(1) + np.finfo(dtype).eps
    assert fused(x, x, -(x * x)) == kind(np.finfo(dtype).eps) ** 2


def test_log():
    """Within two units in the last place, for the sums of a softmax and larger numbers; NaN stays NaN."""
    x = np.concatenate(
        [np.exp(np.random.default_rng(0).uniform(-5, 30, 5000)), np.linspace(1, 3, 2001), 2.0 ** np.arange(40)]
    )
    found = np.array([log1(value) for value in x])
    np.testing.assert_allclose(
        found, np.log(x.astype(np.longdouble)).astype(float), rtol=2 * np.finfo(float).eps, atol=0
    )
    assert log1(1.0) == 0.0 and np.isnan(log1(np.nan))
