"""The arrays of the exact engine's kernels: parameters, and the buffers of a window."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arrays import aligned_zeros
from .outer_products import COLUMNS, ROWS, panels


class Weights(NamedTuple):
    """Parameters, or Adagrad's sums of squares for them; float64, C-contiguous."""

    WxhT: Any  # (V, H)
    Whh: Any  # (H, H)
    Why: Any  # (V, H)
    bh: Any  # (H,)
    by: Any  # (V,)


class Work(NamedTuple):
    """Buffers of a window, allocated once. Rows of h and p are whole cache lines; elements beyond H and V stay 0."""

    xs: Any  # (T, H): Wxh @ x
    hs: Any  # (T+1, H up to a line): hs[t+1] is the reference's hs[t], hs[0] its hprev
    ys: Any  # (T, V): logits, then exp(logits)
    ps: Any  # (T, V up to a line): probabilities, then dy
    loss: Any  # (T,): probabilities of the targets, then their logarithms
    dhs: Any  # (T, H up to a line): Why.T @ dy, then dhraw
    dhnext: Any  # (H,); forward uses it for Whh @ h
    dWxhT: Any  # (V, H)
    dbh: Any  # (H,)
    dby: Any  # (V,)
    left_V: Any  # (., T, COLUMNS): dy, packed
    left_H: Any  # (., T, COLUMNS): dhraw, packed
    right: Any  # (., T+1, COLUMNS): hs, packed; dWhy has lines 0 ... T-1, dWhh lines 1 ... T
    rows: Any  # (ROWS, .): rows of a gradient, for Adagrad; each thread has its own
    seen: Any  # (V,) uint8: 1 if the window has this character; each thread has its own


def work_shapes(T: int, H: int, V: int) -> dict[str, tuple[int, ...]]:
    """Shapes of :class:`Work`."""
    lines_H, lines_V = panels(H, COLUMNS), panels(V, COLUMNS)
    return {
        'xs': (T, H),
        'hs': (T + 1, lines_H * COLUMNS),
        'ys': (T, V),
        'ps': (T, lines_V * COLUMNS),
        'loss': (T,),
        'dhs': (T, lines_H * COLUMNS),
        'dhnext': (H,),
        'dWxhT': (V, H),
        'dbh': (H,),
        'dby': (V,),
        'left_V': (lines_V, T, COLUMNS),
        'left_H': (lines_H, T, COLUMNS),
        'right': (lines_H, T + 1, COLUMNS),
        'rows': (ROWS, lines_H * COLUMNS),
        'seen': (V,),
    }


def make_work(T: int, H: int, V: int) -> Work:
    """Buffers for windows of T characters, for the first thread of a team; see :func:`for_thread`."""
    arrays = {name: aligned_zeros(shape) for name, shape in work_shapes(T, H, V).items()}
    return Work(**{**arrays, 'seen': np.zeros(V, np.uint8)})


def memory(T: int, H: int, V: int) -> int:
    """Bytes of a window's buffers, for one thread."""
    return 8 * sum(math.prod(shape) for shape in work_shapes(T, H, V).values())


def for_thread(work: Work) -> Work:
    """The same buffers for another thread of the team, with its own ``rows`` and ``seen``."""
    return work._replace(rows=aligned_zeros(work.rows.shape), seen=np.zeros_like(work.seen))
