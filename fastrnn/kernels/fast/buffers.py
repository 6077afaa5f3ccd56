"""What the fast engine's kernels work on: parameters, their packed forms, the optimizer, the buffers of a window."""

from typing import Any, NamedTuple

import numpy as np

from .gemm import ROWS, strip_width, width
from .optimizers import CHUNK

DEPTH = 256  # rows of hidden states that are packed at a time: a panel of them fits the L1 cache


class Params(NamedTuple):
    """Views of one flat buffer."""

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
    ys: Any  # (T, B, Vp): logits, then dy
    dhs: Any  # (T, B, Hp): dy @ Why, then dhraw
    z: Any  # (B, Hp): one step's product
    loss: Any  # (B,) float64, nats summed over T
    right: Any  # (., depth, width): hidden states, packed; each thread has its own
    left: Any  # (., depth, ROWS): dhraw or dy, packed; each thread has its own
    dWhh: Any  # (., Hp), whole tiles
    dWhy: Any  # (., Hp), whole tiles
    norms: Any  # (chunks,) float64


class Optimizer(NamedTuple):
    """State and settings; numbers are in the parameters' dtype."""

    kind: int
    clipping: int
    limit: Any
    beta1: Any
    beta2: Any
    epsilon: Any
    decay: Any  # of the weights, decoupled; for Adam
    M: Any  # (N,): Adagrad's memory, or Adam's mean of gradients
    S: Any  # (N,): Adam's mean of squares; (0,) for Adagrad


def _padded(size: int, columns: int) -> int:
    return -(-size // columns) * columns


def make_packed(B: int, H: int, V: int, dtype: Any) -> Packed:
    """Room for the packed matrices."""
    itemsize = np.dtype(dtype).itemsize
    w = width(itemsize)
    Hn, Vn = _padded(H, w) // w, _padded(V, w) // w
    strip = strip_width(H, itemsize)
    recurrent = (_padded(H, strip) // strip, H, strip) if B == 1 else (Hn, H, w)
    return Packed(*(np.zeros(shape, dtype) for shape in (recurrent, recurrent, (Vn, H, w), (Hn, V, w))))


def make_work(T: int, B: int, H: int, V: int, N: int, dtype: Any) -> Work:
    """Buffers of a model of N parameters, for the first thread of a team; see :func:`for_thread`."""
    itemsize = np.dtype(dtype).itemsize
    w = width(itemsize)
    Hp, Vp = max(_padded(H, w), _padded(_padded(H, strip_width(H, itemsize)), w)), _padded(V, w)
    depth = max(B, DEPTH // B * B)  # whole steps of time
    return Work(
        inputs=np.zeros((T, B), np.int32),
        targets=np.zeros((T, B), np.int32),
        hs=np.zeros((T + 1, B, Hp), dtype),
        ys=np.zeros((T, B, Vp), dtype),
        dhs=np.zeros((T, B, Hp), dtype),
        z=np.zeros((B, Hp), dtype),
        loss=np.zeros(B),
        right=np.zeros((Hp // w, min(depth, (T + 1) * B), w), dtype),
        left=np.zeros((_padded(max(H, V), ROWS) // ROWS, min(depth, (T + 1) * B), ROWS), dtype),
        dWhh=np.zeros((_padded(H, ROWS), Hp), dtype),
        dWhy=np.zeros((_padded(V, ROWS), Hp), dtype),
        norms=np.zeros(-(-N // CHUNK)),
    )


def for_thread(work: Work) -> Work:
    """The same buffers for another thread, but for those that each has for itself."""
    return work._replace(left=np.zeros_like(work.left), right=np.zeros_like(work.right))
