"""Sums and the maximum of a row."""

import numpy as np
import pytest
from helpers import normal
from oracles import sum_by_lanes

from fastrnn.kernels.jit import jit
from fastrnn.kernels.reductions import row_max, row_squares, row_sum, row_sum_from

DTYPES = ['float32', 'float64']


@jit
def reduced(x, size, least):
    return row_max(x, size), row_sum(x, size), row_sum_from(x, size, least), row_squares(x, size)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('size', [0, 1, 7, 8, 9, 16, 33, 65, 500])
def test_reductions(dtype, size):
    """In the same order on every machine; NaN beyond the end has no effect."""
    kind, x = np.dtype(dtype).type, np.append(normal(10, size, dtype), np.nan).astype(dtype)
    found, terms, least = reduced(x, size, kind(0.1)), x[:size], kind(0.1)
    lanes = 64 // x.itemsize
    wide = terms.astype(np.float64)
    expected = (
        terms.max(initial=-np.inf),
        sum_by_lanes(terms, lanes, kind),
        sum_by_lanes(np.where(terms >= least, terms, kind(0)), lanes, kind),
        sum_by_lanes(wide * wide, 8, np.float64),
    )
    assert found == expected


@pytest.mark.parametrize('dtype', DTYPES)
def test_reductions_of_nan(dtype):
    """The maximum skips it, sums don't."""
    x = normal(10, 40, dtype)
    for k in (3, 35, 39):
        y = x.copy()
        y[k] = np.nan
        most, total, _, squares = reduced(y, 40, y.dtype.type(0))
        assert most == np.delete(x, k).max() and np.isnan(total) and np.isnan(squares)
