"""A second process that compiles while this one does: what the training calls last, and scoring and sampling.

It leaves its kernels in the cache folder, where this one finds them when it gets there; what it does not find, it
compiles itself. A first run of --preset fast --cell lstm takes 8.7 s
(bench/startup.py), on one processor 15 (the same under taskset -c 0).

``python -m fastrnn.kernels.fast.ahead lstm 4 4 2 float32``
"""

import subprocess
import sys
from typing import Any

import numpy as np

from .. import jit
from ..choice import Choice
from ..team import alone
from . import buffers, generate
from .cells import CELLS
from .gradients import matrix_gradients, vector_gradients
from .packing import pack_weights

LONGEST = 60.0  # seconds to be waited for; then it is not for want of time that nothing comes

_under_way: list[subprocess.Popen[bytes]] = []


def start(cell: str, sizes: buffers.Sizes, dtype: Any) -> None:
    """Have the kernels for a cell and weights of a dtype compiled, unless that was tried before; returns at once."""
    name = np.dtype(dtype).name
    if not jit.SHARED or jit.CACHE_FOLDER is None or not sys.executable or getattr(sys, 'frozen', False):
        return
    kind = [cell, *map(str, (sizes.G, sizes.S, sizes.states)), name]
    command = [sys.executable, '-P', '-m', __name__, *kind]  # -P: nothing is imported from the working folder
    try:
        (jit.CACHE_FOLDER / f'ahead-{cell}-{name}').touch(exist_ok=False)  # also where it fails: not in every run
        _under_way.append(
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
    except OSError:  # it was; or there are no more processes, or no memory for one
        return


def wait() -> None:
    """Until what was started is done."""
    while _under_way:
        try:
            _under_way.pop().wait(LONGEST)
        except subprocess.TimeoutExpired:
            continue


def compile_for(cell: str, G: int, S: int, states: int, dtype: Any) -> None:
    """Call the kernels with arrays that are small, but of the types that models have."""
    H, V, L, kind = 2, 3, 1, np.dtype(dtype).type
    shapes = ((V, G * H), (L - 1, G * H, H), (L, G * H, H), (V, H), (L, G * H), (L, (S - G) * H), (V,))
    flat = np.zeros(sum(int(np.prod(shape)) for shape in shapes), dtype)
    parts = np.split(flat, np.cumsum([np.prod(shape) for shape in shapes])[:-1])
    weights = buffers.Weights(flat, *(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))
    sizes, one = buffers.Sizes(G, S, states, L, H, V, flat.size), CELLS[cell](G, S)
    packed, work = buffers.make_packed(sizes, dtype, strips=True), buffers.make_work(sizes, 1, 1, dtype)
    pack_weights(alone(), one, weights, packed)
    vector_gradients(alone(), one, work, weights)
    matrix_gradients(alone(), one, work, weights)
    streams, ids = generate.make_streams(sizes, 1, dtype, 1), np.zeros((1, 1), np.uint32)
    generate.score(alone(), one, weights, packed, ids, ids, streams, np.zeros((1, 1)))
    generate.draw(alone(), one, weights, packed, Choice(kind(1), V, 1.0), np.zeros((1, 1)), streams, ids)


if __name__ == '__main__':
    compile_for(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
