"""Orthonormal rows."""

import numpy as np
import pytest

from fastrnn.kernels.batched.orthogonal import orthonormalise


@pytest.mark.parametrize('n', [1, 2, 7, 64])
def test_rows(n):
    """Equal to LAPACK's factor, up to rounding and signs."""
    A = np.random.default_rng(n).standard_normal((n, n))
    Q, R = np.linalg.qr(A.T)
    orthonormalise(A, np.zeros(n))
    np.testing.assert_allclose(A, (Q * np.sign(np.diag(R))).T, atol=1e-11)


def test_nearly_equal_rows():
    """A single pass would leave rounding errors."""
    rng = np.random.default_rng(0)
    A = rng.standard_normal(30) + 1e-8 * rng.standard_normal((30, 30))
    orthonormalise(A, np.zeros(30))
    np.testing.assert_allclose(A @ A.T, np.eye(30), atol=1e-14)
