"""Arrays that start at a cache line."""

import math
from typing import Any

import numpy as np

LINE = 64  # bytes


def aligned_zeros(shape: int | tuple[int, ...], dtype: Any = np.float64) -> Any:
    """Zeros that start at a cache line. Large arrays of NumPy start 16 bytes after one.

    BLAS adds to its result many times, and a line that two threads write moves between their caches each time. (Exact
    engine, backward at H=100 with two threads: 32 us with aligned arrays, 39 us without.)
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) if isinstance(shape, tuple) else shape
    raw = np.zeros(size * dtype.itemsize + LINE - 1, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + size * dtype.itemsize].view(dtype).reshape(shape)
