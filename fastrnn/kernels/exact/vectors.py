"""Operations of the exact engine on 1-D arrays."""

import numpy as np

from ..jit import jit
from .outer_products import LIMIT


@jit
def pairwise_sum(a):
    """np.sum of a contiguous array: 8 partial sums up to 128 elements, halves above."""
    n = a.size
    if n < 8:
        total = -0.0
        for i in range(n):
            total += a[i]
        return total
    if n > 128:
        half = n // 2
        half -= half % 8
        return pairwise_sum(a[:half]) + pairwise_sum(a[half:])
    r0, r1, r2, r3, r4, r5, r6, r7 = a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]
    i = 8
    while i < n - n % 8:
        r0 += a[i]
        r1 += a[i + 1]
        r2 += a[i + 2]
        r3 += a[i + 3]
        r4 += a[i + 4]
        r5 += a[i + 5]
        r6 += a[i + 6]
        r7 += a[i + 7]
        i += 8
    total = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
    while i < n:
        total += a[i]
        i += 1
    return total


@jit
def fill(a, value):
    """a[:] = value for a 1-D array. A loop, because slice assignment takes a second to compile."""
    for i in range(a.size):
        a[i] = value


@jit
def all_finite(a):
    """True if no element of a 1-D array is inf or NaN."""
    for x in a:
        if not np.isfinite(x):
            return False
    return True


@jit
def clip(g):
    """Clip a 1-D array to [-5, 5] in place; NaN stays NaN."""
    for i in range(g.size):  # comparisons: min() and max() do not vectorize
        x = g[i]
        x = LIMIT if x > LIMIT else x
        g[i] = -LIMIT if x < -LIMIT else x
