"""What the fast engine's kernels work on: parameters, their packed forms, the optimizer, the buffers of a window."""

import math
from typing import Any, NamedTuple

import numpy as np

from .gemm import TILE_ROWS, strip_width, width
from .optimizers import CHUNK

DEPTH = 256  # rows of hidden states that are packed at a time: a panel of them fits the L1 cache

Shapes = dict[str, tuple[int, ...]]


class Weights(NamedTuple):
    """Views of one flat buffer: of parameters, or of gradients."""

    flat: Any  # (N,)
    WxhT: Any  # (V, H)
    Whh: Any  # (H, H)
    Why: Any  # (V, H)
    bh: Any  # (H,)
    by: Any  # (V,)


class Packed(NamedTuple):
    """The matrices as right factors, in panels; for B = 1 the first two are in strips."""

    WhhT: Any  # (., H, width): hs @ Whh.T
    Whh: Any  # (., H, width): dhraw @ Whh
    WhyT: Any  # (., H, width): hs @ Why.T
    Why: Any  # (., V, width): dy @ Why


class Work(NamedTuple):
    """Buffers of one window; all threads see the same ones, but for right and left."""

    inputs: Any  # (T, B) int32
    targets: Any  # (T, B) int32
    hs: Any  # (T+1, B, Hp): hs[t+1] is the state after character t, hs[0] the carried one
    ys: Any  # (T, B, Vp): logits, then exp(logits - most), then dy
    dhs: Any  # (T, B, Hp): dy @ Why, then dhraw
    z: Any  # (B, Hp): one step's product; going back, dhnext
    loss: Any  # (B,) float64, nats summed over T
    right: Any  # (., depth, width): hidden states, packed; each thread has its own
    left: Any  # (., depth, TILE_ROWS): dhraw or dy, packed; each thread has its own
    dWhh: Any  # (., Hp), whole tiles
    dWhy: Any  # (., Hp), whole tiles
    norms: Any  # (chunks,) float64


TYPES = {'inputs': np.int32, 'targets': np.int32, 'loss': np.float64, 'norms': np.float64}  # others: the weights'


class Optimizer(NamedTuple):
    """State and settings; numbers are in the parameters' dtype."""

    kind: int
    clipping: int
    limit: Any
    beta1: Any
    beta2: Any
    epsilon: Any
    decay: Any  # of the weights, decoupled; for Adam
    M: Any  # (N,): Adagrad's sum of squares, or Adam's mean of gradients
    S: Any  # (N,): Adam's mean of squares; (0,) for Adagrad


def _padded(size: int, columns: int) -> int:
    return -(-size // columns) * columns


def packed_shapes(H: int, V: int, itemsize: int, *, strips: bool, backward: bool = True) -> Shapes:
    """Of :class:`Packed`; without ``backward``, which only training goes, there is nothing of two of them."""
    w, strip = width(itemsize), strip_width(H, itemsize)
    Hn, Vn = _padded(H, w) // w, _padded(V, w) // w
    count, columns = (_padded(H, strip) // strip, strip) if strips else (Hn, w)
    return {
        'WhhT': (count, H, columns),
        'Whh': (count * backward, H, columns),
        'WhyT': (Vn, H, w),
        'Why': (Hn * backward, V, w),
    }


def make_packed(H: int, V: int, dtype: Any, *, strips: bool, backward: bool = True) -> Packed:
    """Room for the packed matrices; ``strips``, for products with one row."""
    shapes = packed_shapes(H, V, np.dtype(dtype).itemsize, strips=strips, backward=backward)
    return Packed(**{name: np.zeros(shape, dtype) for name, shape in shapes.items()})


def work_shapes(T: int, B: int, H: int, V: int, N: int, itemsize: int) -> Shapes:
    """Of :class:`Work`, for N parameters."""
    w = width(itemsize)
    Hp, Vp = max(_padded(H, w), _padded(_padded(H, strip_width(H, itemsize)), w)), _padded(V, w)
    depth = min(max(B, DEPTH // B * B), (T + 1) * B)  # whole steps of time
    return {
        'inputs': (T, B),
        'targets': (T, B),
        'hs': (T + 1, B, Hp),
        'ys': (T, B, Vp),
        'dhs': (T, B, Hp),
        'z': (B, Hp),
        'loss': (B,),
        'right': (Hp // w, depth, w),
        'left': (_padded(max(H, V), TILE_ROWS) // TILE_ROWS, depth, TILE_ROWS),
        'dWhh': (_padded(H, TILE_ROWS), Hp),
        'dWhy': (_padded(V, TILE_ROWS), Hp),
        'norms': (-(-N // CHUNK),),
    }


def make_work(T: int, B: int, H: int, V: int, N: int, dtype: Any) -> Work:
    """Buffers for the first thread of a team; see :func:`for_thread`."""
    shapes = work_shapes(T, B, H, V, N, np.dtype(dtype).itemsize)
    return Work(**{name: np.zeros(shape, TYPES.get(name, dtype)) for name, shape in shapes.items()})


def for_thread(work: Work) -> Work:
    """The same buffers for another thread, but for those that each has for itself."""
    return work._replace(left=np.zeros_like(work.left), right=np.zeros_like(work.right))


def memory(T: int, B: int, H: int, V: int, N: int, itemsize: int) -> int:
    """Bytes of the packed matrices and of a window's buffers, for one thread."""
    packed, work = packed_shapes(H, V, itemsize, strips=B == 1), work_shapes(T, B, H, V, N, itemsize)
    sizes = {name: np.dtype(kind).itemsize for name, kind in TYPES.items()}
    return sum(math.prod(shape) * sizes.get(name, itemsize) for name, shape in [*packed.items(), *work.items()])
