"""Sampling in many streams at once."""

import numpy as np

from fastrnn.kernels.choice import Choice
from fastrnn.kernels.fast import buffers, generate
from fastrnn.kernels.team import Team


def test_each_thread_has_scratch_of_its_own():
    """A race for it would seldom show: the second of two threads leaves the first one's row and streams alone."""
    H, V, B, dtype = 2, 3, 4, np.float32
    arrays = [np.zeros(shape, dtype) for shape in ((1,), (V, H), (H, H), (V, H), (H,), (V,))]
    weights, packed = buffers.Weights(*arrays), buffers.make_packed(H, V, dtype, strips=False, backward=False)
    streams, out = generate.make_streams(B, weights, packed, 2), np.full((1, B), V, np.uint32)
    second = Team(1, 2, np.zeros(16, np.int64), 0)
    generate.draw(second, weights, packed, Choice(dtype(1), V, 1.0), np.full((1, B), 0.5), streams, out)
    assert streams.edges.tolist() == [[0, 0, 0], [1, 2, 3]]
    assert out.tolist() == [[V, V, 1, 1]]
