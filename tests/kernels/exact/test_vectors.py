"""Sums and clipping, bit-identical to NumPy."""

import numpy as np
import pytest
from helpers import same_bits

from fastrnn.kernels.exact import rnn as exact
from fastrnn.kernels.exact.rnn import pairwise_sum

pytestmark = pytest.mark.filterwarnings('ignore::RuntimeWarning')


def test_clip():
    values = np.array([0.0, -0.0, 5.0, -5.0, np.nextafter(5, 6), -6.0, np.inf, -np.inf, np.nan, 1e-320])
    expected = np.clip(values, -5, 5)
    exact.clip(values)
    assert same_bits(values, expected)


def test_pairwise_sum_is_np_sum():
    rng = np.random.default_rng(3)
    for n in [*range(1, 301), 512, 513, 1000, 1023, 5000, 20_000, 65_536]:
        for _ in range(3):
            a = rng.standard_normal(n) * 10.0 ** rng.integers(-6, 6, n)
            assert same_bits(pairwise_sum(a), np.sum(a[:, None])), n


@pytest.mark.parametrize('values', [[0.0], [0.0] * 9, [5e-324] * 20, [1e308] * 9, [np.inf] * 8, [np.nan, 1.0]])
def test_pairwise_sum_at_the_edges(values):
    """The kernel only sums results of exp, so -0 and mixed infinities do not occur."""
    a = np.array(values)
    assert same_bits(pairwise_sum(a), np.sum(a))
