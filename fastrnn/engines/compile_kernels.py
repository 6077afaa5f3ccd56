"""Compiles the kernels of a cell and a dtype into the cache folder.

compile_ahead.py runs ``python -m fastrnn.engines.compile_kernels MARKER lstm float32``.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from ..kernels.batched import buffers
from ..kernels.batched.gradients import matrix_gradients, vector_gradients
from ..kernels.batched.packing import pack_weights
from ..kernels.team import alone
from ..model.architecture import Architecture
from ..model.params import Params
from ..system.children import end_after
from .batched_streams import BatchedStreams, as_weights, make_cell, sizes_of

MAX_TIME = 120  # seconds; then an alarm ends the process


def compile_for(cell: str, dtype: Any) -> None:
    """Call the kernels with small arrays of the types that models have."""
    params = Params(Architecture(cell, 1, 2, 3), dtype)
    sizes, kind, weights = sizes_of(params.architecture), make_cell(params.architecture), as_weights(params)
    network = buffers.Network(kind, weights, buffers.make_packed(sizes, dtype, strips=True))
    work = buffers.make_work(sizes, 1, 1, dtype)
    pack_weights(alone(), network)
    vector_gradients(alone(), kind, work, weights)
    matrix_gradients(alone(), kind, work, weights)
    streams, ids = BatchedStreams(params), np.zeros((1, 1), np.uint32)
    streams.score(ids, ids)
    streams.draw(np.random.RandomState(0), 1)


if __name__ == '__main__':
    end_after(MAX_TIME)
    compile_for(sys.argv[2], sys.argv[3])
    Path(sys.argv[1]).touch()  # last, so that a killed process leaves no marker
