"""The fast engine's building blocks: packed products, transcendental functions, optimizers."""

import numpy as np
import oracles
import pytest

from fastrnn.kernels.fast import gemm as panels
from fastrnn.kernels.fast import optimizers, packing
from fastrnn.kernels.fast.functions import exp1, row_max, tanh1
from fastrnn.kernels.jit import fast_jit

DTYPES = ['float32', 'float64']
SIZES = [(1, 1, 1), (2, 3, 5), (6, 16, 16), (7, 33, 17), (16, 100, 40), (13, 8, 129)]  # b, K, N


def normal(seed, shape, dtype):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def close(result, expected, dtype):
    np.testing.assert_allclose(result, expected, atol=200 * np.finfo(dtype).eps, rtol=0)


def room(N, K, dtype):
    w = panels.width(np.dtype(dtype).itemsize)
    return np.zeros((-(-N // w), K, w), dtype)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize(('b', 'K', 'N'), SIZES)
def test_product(b, K, N, dtype):
    """A @ W by panels of W, and by panels of W.T."""
    A, W = normal(0, (b, K), dtype), normal(1, (K, N), dtype)
    packed = room(N, K, dtype)
    C = np.zeros((b, packed.shape[0] * packed.shape[2]), dtype)
    packing.pack_columns(W, 0, packed.shape[0], packed)
    panels.product(A, packed, C)
    close(C[:, :N], A @ W, dtype)
    again = np.zeros_like(packed)
    packing.pack_rows(np.ascontiguousarray(W.T), 0, packed.shape[0], again)
    assert np.array_equal(packed, again)


@pytest.mark.parametrize('dtype', DTYPES)
def test_rows_do_not_depend_on_their_tile(dtype):
    """A row's result has the same bits alone and among others: threads may share rows as they like."""
    A, W = normal(2, (13, 37), dtype), normal(3, (37, 50), dtype)
    packed = room(50, 37, dtype)
    packing.pack_columns(W, 0, packed.shape[0], packed)
    whole = np.zeros((13, packed.shape[0] * packed.shape[2]), dtype)
    parts = np.zeros_like(whole)
    panels.product(A, packed, whole)
    for first, last in ((0, 1), (1, 6), (6, 13)):
        panels.product(A[first:last], packed, parts[first:last])
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('N', [1, 16, 96, 100, 240])
def test_row_product(dtype, N):
    """One row by strips, the fewest that hold N columns."""
    itemsize = np.dtype(dtype).itemsize
    columns = panels.strip_width(N, itemsize)
    strips = np.zeros((-(-N // columns), 20, columns), dtype)
    x, W, y = normal(4, 20, dtype), normal(5, (20, N), dtype), np.zeros(strips.shape[0] * columns, dtype)
    packing.pack_columns(W, 0, strips.shape[0], strips)
    panels.row_product(x, strips, panels.lanes(itemsize), y)
    close(y[:N], x @ W, dtype)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize(('K', 'M', 'N'), [(1, 1, 1), (5, 6, 16), (9, 13, 40), (30, 25, 7)])
def test_outer_products(dtype, K, M, N):
    """A sum of outer products, added to what is there, over a part of the packed rows."""
    X, Y = normal(6, (K, M), dtype), normal(7, (K + 2, N), dtype)
    right = room(N, K + 2, dtype)
    packing.pack_columns(Y, 0, right.shape[0], right)
    tiles = -(-M // panels.ROWS)
    left, C = (
        np.zeros((tiles, K, panels.ROWS), dtype),
        np.zeros((tiles * panels.ROWS, right.shape[0] * right.shape[2]), dtype),
    )
    C[:] = 1
    packing.pack_left(X, 0, tiles, left)
    panels.add_outer_products(left, right, 1, K, C, 0, tiles, True)
    close(C[:M, :N], 1 + X.T @ Y[1 : K + 1], dtype)
    panels.add_outer_products(left, right, 1, K, C, 0, tiles, False)
    close(C[:M, :N], X.T @ Y[1 : K + 1], dtype)


@pytest.mark.parametrize(('M', 'N'), [(1, 1), (4, 4), (5, 9), (16, 12)])
def test_transpose(M, N):
    A, out = normal(8, (M, N), 'float32'), np.zeros((N, M + 3), 'float32')
    packing.transpose(A, out)
    assert np.array_equal(out[:, :M], A.T)


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
