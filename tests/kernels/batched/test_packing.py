"""The packing of matrices for the batched engine."""

import numpy as np
import pytest
from helpers import normal

from fastrnn.kernels.batched import packing


@pytest.mark.parametrize(('M', 'N'), [(1, 1), (4, 4), (5, 9), (16, 12)])
def test_transpose(M, N):
    A, out = normal(8, (M, N), 'float32'), np.zeros((N, M + 3), 'float32')
    packing.transpose(A, out)
    assert np.array_equal(out[:, :M], A.T)
