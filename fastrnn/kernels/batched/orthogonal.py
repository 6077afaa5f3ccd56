"""Orthonormal rows of a matrix, with sums in a fixed order: LAPACK's last bits depend on the machine."""

import numpy as np

from ..jit import jit
from ..reductions import row_sum


@jit
def dot(x, y, products):
    """The sum of x * y; products (n,) is scratch space."""
    for k in range(x.size):
        products[k] = x[k] * y[k]
    return row_sum(products, x.size)


@jit
def orthonormalise(A, products):
    """Make each row of A (n, n), float64, orthogonal to those before it and of length 1, in place.

    products (n,) is scratch space. Gram-Schmidt, twice because one pass leaves rounding errors (Giraud, Langou and
    Rozloznik 2005). The result is the transposed Q of A.T = Q R with a positive diagonal of R.
    """
    n = A.shape[0]
    for i in range(n):
        for _ in range(2):
            for j in range(i):
                share = dot(A[i], A[j], products)
                for k in range(n):
                    A[i, k] -= share * A[j, k]
        length = np.sqrt(dot(A[i], A[i], products))
        for k in range(n):
            A[i, k] /= length
