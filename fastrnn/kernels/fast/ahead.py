"""What scoring and sampling take, compiled in a process of its own while this one compiles the training.

A first run of --preset fast was compiling for 11.3 s, of which these took 2.9 (bench/startup.py). The other process
leaves its kernels in the cache folder, where this one finds them; where it can't, it compiles them itself.

``python -m fastrnn.kernels.fast.ahead float32``
"""

import subprocess
import sys
from typing import Any

import numpy as np

from .. import jit
from ..choice import Choice
from ..team import alone
from . import buffers, generate

LONGEST = 60.0  # seconds to be waited for; then it is not for want of time that nothing comes

_under_way: list[subprocess.Popen[bytes]] = []


def start(dtype: Any) -> None:
    """Have the kernels for weights of a dtype compiled, unless that was tried before; returns at once."""
    name = np.dtype(dtype).name
    if not jit.SHARED or jit.CACHE_FOLDER is None or not sys.executable or getattr(sys, 'frozen', False):
        return
    command = [sys.executable, '-P', '-m', __name__, name]  # -P: nothing is imported from the working folder
    try:
        (jit.CACHE_FOLDER / f'ahead-{name}').touch(exist_ok=False)  # also where it fails: not in every run
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


def compile_for(dtype: Any) -> None:
    """Call the kernels with arrays that are small, but of the types that models have."""
    H, V, kind = 2, 3, np.dtype(dtype).type
    shapes = ((V, H), (H, H), (V, H), (H,), (V,))
    flat = np.zeros(sum(int(np.prod(shape)) for shape in shapes), dtype)
    parts = np.split(flat, np.cumsum([np.prod(shape) for shape in shapes])[:-1])
    weights = buffers.Weights(flat, *(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))
    packed = buffers.make_packed(H, V, dtype, strips=True, backward=False)
    work = buffers.make_work(2, 1, H, V, flat.size, dtype)
    generate.score(np.zeros(2, np.uint32), weights, packed, work, np.zeros(1))
    streams, out = generate.make_streams(1, weights, packed, 1), np.zeros((1, 1), np.uint32)
    generate.draw(alone(), weights, packed, Choice(kind(1), V, 1.0), np.zeros((1, 1)), streams, out)


if __name__ == '__main__':
    compile_for(sys.argv[1])
