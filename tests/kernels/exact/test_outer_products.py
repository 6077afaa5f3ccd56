"""Tiles and packing against plain loops in the reference's order."""

import numpy as np
import oracles
import pytest
from helpers import same_bits
from hypothesis import given
from hypothesis import strategies as st

from fastrnn import reference
from fastrnn.kernels.exact import outer_products
from fastrnn.kernels.exact.outer_products import COLUMNS, ROWS, panels

pytestmark = pytest.mark.filterwarnings('ignore::RuntimeWarning')
sizes = st.integers(1, 40)


def packed(X):
    T, N = X.shape
    wide, out = np.zeros((T, panels(N, COLUMNS) * COLUMNS)), np.zeros((panels(N, COLUMNS), T, COLUMNS))
    wide[:, :N] = X
    outer_products.pack(wide, 0, len(out), out)
    return out


@given(N=sizes, T=st.integers(1, 9))
def test_pack(N, T):
    """All numbers in place, the last t first, and zeros beyond the edge."""
    X = np.random.default_rng(N).standard_normal((T, N))
    wide = packed(X).transpose(1, 0, 2).reshape(T, -1)
    assert np.array_equal(wide[:, :N], X[::-1]) and not wide[:, N:].any()


def test_pack_does_not_change_other_panels():
    out = np.full((5, 3, COLUMNS), 7.0)
    outer_products.pack(np.ones((3, 40)), 1, 3, out)
    assert [np.unique(panel).tolist() for panel in out] == [[7.0], [1.0], [1.0], [7.0], [7.0]]


def gradient(left, right):
    """The kernel's gradient for factors (T, M) and (T, H); it must skip the first packed line of the right one."""
    M, H = left.shape[1], right.shape[1]
    out, rows = np.full((M, H), np.nan), np.full((ROWS, panels(H, COLUMNS) * COLUMNS), np.nan)
    outer_products.gradient(packed(left), packed(np.vstack([right, np.full((1, H), np.nan)])), 1, rows, out)
    return out


@given(M=sizes, H=sizes, T=st.integers(1, 30), scale=st.sampled_from([1e-3, 1.0, 3.0]))
def test_gradient(M, H, T, scale):
    """Magnitudes differ widely, so that another order, or one rounding per term, gives other bits."""
    rng = np.random.default_rng(M * H + T)
    left = scale * rng.standard_normal((T, M)) * 10.0 ** rng.integers(-3, 2, (T, 1))
    right = rng.standard_normal((T, H))
    assert same_bits(gradient(left, right), oracles.outer_products(left, right))


@pytest.mark.parametrize('value', [np.inf, -np.inf, np.nan, -0.0, 1e300, 5e-324, 5.0, -5.0, np.nextafter(5, 6)])
def test_gradient_at_the_edges(value):
    left, right = np.ones((2, 6)), np.full((2, 9), 0.0)
    left[1, 2], right[1, 3] = value, 1.0
    assert same_bits(gradient(left, right), oracles.outer_products(left, right))


def test_descend_is_gradient_and_adagrad():
    """Only on some rows; the others stay."""
    rng = np.random.default_rng(0)
    T, M, H = 5, 14, 11
    left, right = rng.standard_normal((T, M)), rng.standard_normal((T, H))
    param, mem = rng.standard_normal((M, H)), rng.random((M, H))
    expected, memory = param.copy(), mem.copy()
    part = slice(ROWS, 3 * ROWS)
    grad = oracles.outer_products(left, right)[part]
    reference.adagrad([expected[part]], [grad], [memory[part]], 0.1)
    rows = np.zeros((ROWS, panels(H, COLUMNS) * COLUMNS))
    outer_products.descend(ROWS, 3 * ROWS, packed(left), packed(right), 0, rows, param, mem, 0.1)
    assert same_bits(param, expected) and same_bits(mem, memory)
