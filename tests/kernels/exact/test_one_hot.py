"""Products with a one-hot vector."""

import numpy as np
import pytest
from helpers import same_bits

from fastrnn.kernels.exact.one_hot import one_hot_product


@pytest.mark.parametrize('literal', [False, True])
@pytest.mark.parametrize('ix', [0, 2])
def test_one_hot_product(literal, ix):
    """Also with -0, which becomes +0 because the sum starts at +0."""
    WxhT = np.random.default_rng(1).standard_normal((3, 5))
    WxhT[:, 1] = -0.0
    x = np.zeros((3, 1))
    x[ix] = 1.0
    out = np.full(5, np.nan)
    one_hot_product(WxhT, ix, literal, out)
    assert same_bits(out, np.dot(np.ascontiguousarray(WxhT.T), x)[:, 0])
