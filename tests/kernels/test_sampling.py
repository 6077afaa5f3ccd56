"""Filters and draws against plain NumPy."""

import numpy as np
import oracles
from hypothesis import example, given
from hypothesis import strategies as st

from fastrnn.kernels.sampling import Choice, choose, filter_likeliest


@given(
    weights=st.lists(st.sampled_from([0, 1, 1, 2, 3, 50]) | st.integers(0, 10**6), min_size=1, max_size=40),
    top_k=st.integers(1, 45),
    top_p=st.sampled_from([1.0, 0.5, 0.9, 0.999, 1e-9]) | st.floats(1e-6, 1),
    u=st.floats(0, 1, exclude_max=True),
    scale=st.sampled_from([1.0, 2.0**-120]),
)
@example(weights=[1] * 8, top_k=5, top_p=0.5, u=0.5, scale=1.0)
@example(weights=[0, 3, 0], top_k=2, top_p=0.99, u=0.999, scale=1.0)
def test_filters(weights, top_k, top_p, u, scale):
    """Exactly NumPy's set of characters (the lower ones of ties), and np.random.choice's character; also with very
    small probabilities."""
    if not any(weights):
        weights[0] = 1
    p = np.array(weights, float) * scale  # whole numbers and a power of two: sums are exact in any order
    expected, V = oracles.filtered(p, top_k, top_p), p.size
    filter_likeliest(p, V, Choice(1.0, top_k, top_p))
    assert np.array_equal(p, expected)
    drawn = choose(expected / expected.sum(), V, u, np.zeros(V))
    assert drawn == oracles.choose(expected, u)
    assert expected[drawn] > 0
