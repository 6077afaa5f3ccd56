"""Sampling in many streams at once."""

import numpy as np

from fastrnn.engines.fast import make_cell, pack, sizes_of
from fastrnn.kernels.choice import Choice
from fastrnn.kernels.fast import generate
from fastrnn.kernels.team import Team
from fastrnn.model.architecture import Architecture
from fastrnn.model.params import Params


def test_each_thread_has_scratch_of_its_own():
    """A race for it would seldom show: the second of two threads leaves the first one's row and streams alone."""
    H, V, B, dtype = 2, 3, 4, np.float32
    params = Params(Architecture('rnn', 1, H, V), dtype)
    (weights, packed), cell = pack(params, strips=False), make_cell(params.architecture)
    streams, out = generate.make_streams(sizes_of(params.architecture), B, dtype, 2), np.full((1, B), V, np.uint32)
    second = Team(1, 2, np.zeros(16, np.int64), 0)
    generate.draw(second, cell, weights, packed, Choice(dtype(1), V, 1.0), np.full((1, B), 0.5), streams, out)
    assert streams.edges.tolist() == [[0, 0, 0], [1, 2, 3]]
    assert out.tolist() == [[V, V, 1, 1]]
