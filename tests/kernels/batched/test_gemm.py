"""The batched engine's products with packed matrices."""

import numpy as np
import pytest
from helpers import normal

from fastrnn.kernels.batched import gemm, packing

DTYPES = ['float32', 'float64']
SIZES = [(1, 1, 1), (2, 3, 5), (6, 16, 16), (7, 33, 17), (16, 100, 40), (13, 8, 129)]  # b, K, N


def close(result, expected, dtype):
    np.testing.assert_allclose(result, expected, atol=200 * np.finfo(dtype).eps, rtol=0)


def room(N, K, dtype):
    w = gemm.width(np.dtype(dtype).itemsize)
    return np.zeros((-(-N // w), K, w), dtype)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize(('b', 'K', 'N'), SIZES)
def test_product(b, K, N, dtype):
    """A @ W with panels of W, and with panels of W.T."""
    A, W = normal(0, (b, K), dtype), normal(1, (K, N), dtype)
    packed = room(N, K, dtype)
    C = np.zeros((b, packed.shape[0] * packed.shape[2]), dtype)
    packing.pack_columns(W, 0, packed.shape[0], 0, packed)
    gemm.product(A, 0, packed, C, 0)
    close(C[:, :N], A @ W, dtype)
    again = np.zeros_like(packed)
    packing.pack_rows(np.ascontiguousarray(W.T), 0, packed.shape[0], again)
    assert np.array_equal(packed, again)


@pytest.mark.parametrize('dtype', DTYPES)
def test_rows_do_not_depend_on_their_tile(dtype):
    """A row's result is bit-identical alone and among others, so threads may share rows in any way."""
    A, W = normal(2, (13, 37), dtype), normal(3, (37, 50), dtype)
    packed = room(50, 37, dtype)
    packing.pack_columns(W, 0, packed.shape[0], 0, packed)
    whole = np.zeros((13, packed.shape[0] * packed.shape[2]), dtype)
    parts = np.zeros_like(whole)
    gemm.product(A, 0, packed, whole, 0)
    for first, last in ((0, 1), (1, 6), (6, 13)):
        gemm.product(A[first:last], 0, packed, parts[first:last], 0)
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('N', [1, 16, 96, 100, 240])
def test_row_product(dtype, N):
    """One row with strips for N columns."""
    itemsize = np.dtype(dtype).itemsize
    columns = gemm.strip_width(N, itemsize)
    strips = np.zeros((-(-N // columns), 20, columns), dtype)
    x, W, y = normal(4, 20, dtype), normal(5, (20, N), dtype), np.zeros(strips.shape[0] * columns, dtype)
    packing.pack_columns(W, 0, strips.shape[0], 0, strips)
    gemm.row_product(x, strips, y)
    close(y[:N], x @ W, dtype)


@pytest.mark.parametrize('dtype', DTYPES)
def test_no_strip_writes_beyond_the_row(dtype):
    """Equal strips have extra columns; what follows the row stays, except in its last vector."""
    lanes = gemm.lanes(np.dtype(dtype).itemsize)
    N = (2 * gemm.WIDEST + 3) * lanes - 1
    columns = gemm.strip_width(N, np.dtype(dtype).itemsize)
    strips = np.zeros((-(-N // columns), 20, columns), dtype)
    assert strips.shape[0] * columns >= N + 1 + lanes
    C = np.full((1, N + 1 + lanes), 7, dtype)
    gemm.recurrent_product(np.ones((1, 20), dtype), strips, C, 0, N)
    assert (C[0, : N + 1] == 0).all() and (C[0, N + 1 :] == 7).all()


def matrix(C):
    """Tiles (tiles, panels, rows, width) as a matrix."""
    return C.transpose(0, 2, 1, 3).reshape(C.shape[0] * C.shape[2], -1)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize(('K', 'M', 'N'), [(1, 1, 1), (5, 6, 16), (9, 13, 40), (30, 25, 7)])
def test_outer_products(dtype, K, M, N):
    """A sum of outer products over a part of the packed rows, added to C."""
    X, Y = normal(6, (K, M), dtype), normal(7, (K + 2, N), dtype)
    right = room(N, K + 2, dtype)
    packing.pack_columns(Y, 0, right.shape[0], 0, right)
    tiles = -(-M // gemm.TILE_ROWS)
    left = np.zeros((tiles, K, gemm.TILE_ROWS), dtype)
    C = np.ones((tiles, right.shape[0], gemm.TILE_ROWS, right.shape[2]), dtype)
    for first in range(tiles):  # of packed rows that begin with a tile
        packing.pack_left(X, 0, first, tiles, left)
        gemm.add_outer_products(left, right, 1, K, C, first, first + 1, True)
    close(matrix(C)[:M, :N], 1 + X.T @ Y[1 : K + 1], dtype)
    packing.pack_left(X, 0, 0, tiles, left)
    gemm.add_outer_products(left, right, 1, K, C, 0, tiles, False)
    close(matrix(C)[:M, :N], X.T @ Y[1 : K + 1], dtype)


@pytest.mark.parametrize('dtype', DTYPES)
def test_terms_are_rounded_once(dtype):
    """The square of 1 + eps minus its rounded value is eps squared; with two roundings it is 0."""
    eps = np.finfo(dtype).eps
    x = 1 + eps
    A, W, packed = np.array([[-(x * x), x]]), np.array([[1], [x]], dtype), room(1, 2, dtype)
    packing.pack_columns(W, 0, 1, 0, packed)
    C = np.ones((gemm.TILE_ROWS, packed.shape[2]), dtype)
    gemm.product(A, 0, packed, C[:1], 0)
    assert C[0, 0] == eps**2
    gemm.row_product(A[0], packed, C[1])
    assert C[1, 0] == eps**2
    left = np.zeros((1, 2, gemm.TILE_ROWS), dtype)
    packing.pack_left(np.ascontiguousarray(A.T), 0, 0, 1, left)
    tiles = np.ones((1, 1, gemm.TILE_ROWS, packed.shape[2]), dtype)
    gemm.add_outer_products(left, packed, 0, 2, tiles, 0, 1, False)
    assert tiles[0, 0, 0, 0] == eps**2
