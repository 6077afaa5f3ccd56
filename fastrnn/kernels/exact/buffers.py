"""What the exact engine's kernels work on: parameters, and the buffers of one window."""

import math
from typing import Any, NamedTuple

import numpy as np

from .outer_products import COLUMNS, ROWS, panels


class Weights(NamedTuple):
    """Parameters, or Adagrad's memory of them; float64, C-contiguous."""

    WxhT: Any  # (V, H)
    Whh: Any  # (H, H)
    Why: Any  # (V, H)
    bh: Any  # (H,)
    by: Any  # (V,)


class Work(NamedTuple):
    """Buffers of one window, made once."""

    xs: Any  # (T, H): Wxh @ x
    hs: Any  # (T+1, H): hs[t+1] is the reference's hs[t], hs[0] its hprev
    ys: Any  # (T, V): logits, then exp(logits)
    ps: Any  # (T, V): probabilities, then dy
    loss: Any  # (T,): probabilities of the targets, then their logarithms
    dhs: Any  # (T, H): Why.T @ dy, then dhraw
    dhnext: Any  # (H,); forward uses it for Whh @ h
    dWxhT: Any  # (V, H)
    dbh: Any  # (H,)
    dby: Any  # (V,)
    left_V: Any  # (., T, ROWS): dy, packed
    left_H: Any  # (., T, ROWS): dhraw, packed
    right_h: Any  # (., T, COLUMNS): the h of dWhy, packed
    right_prev: Any  # (., T, COLUMNS): the h_prev of dWhh, packed
    rows: Any  # (ROWS, .): rows of a gradient on their way to Adagrad; each thread has its own
    seen: Any  # (V,) uint8: the window holds this character; each thread has its own


def aligned_zeros(size: int) -> Any:
    """Zeros that start at a cache line: BLAS adds to its result many times, and a line that two threads
    write travels between them each time (backward at H=100 with two threads: 39 us before, 32 us after).
    """
    raw = np.zeros(size + 7)
    start = -(raw.ctypes.data // 8) % 8
    return raw[start : start + size]


def work_shapes(T: int, H: int, V: int) -> dict[str, tuple[int, ...]]:
    """Of :class:`Work`."""
    columns = panels(H, COLUMNS)
    return {
        'xs': (T, H),
        'hs': (T + 1, H),
        'ys': (T, V),
        'ps': (T, V),
        'loss': (T,),
        'dhs': (T, H),
        'dhnext': (H,),
        'dWxhT': (V, H),
        'dbh': (H,),
        'dby': (V,),
        'left_V': (panels(V, ROWS), T, ROWS),
        'left_H': (panels(H, ROWS), T, ROWS),
        'right_h': (columns, T, COLUMNS),
        'right_prev': (columns, T, COLUMNS),
        'rows': (ROWS, columns * COLUMNS),
        'seen': (V,),
    }


def make_work(T: int, H: int, V: int) -> Work:
    """Buffers for windows of T characters, for the first thread of a team; see :func:`for_thread`."""
    arrays = {name: np.zeros(shape) for name, shape in work_shapes(T, H, V).items()}
    return Work(**{**arrays, 'dhnext': aligned_zeros(H), 'seen': np.zeros(V, np.uint8)})


def memory(T: int, H: int, V: int) -> int:
    """Bytes of a window's buffers, for one thread."""
    return 8 * sum(math.prod(shape) for shape in work_shapes(T, H, V).values())


def for_thread(work: Work) -> Work:
    """The same buffers for another thread of the team, but for those that each has for itself."""
    return work._replace(rows=np.zeros_like(work.rows), seen=np.zeros_like(work.seen))
