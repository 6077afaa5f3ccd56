"""The arrays of the batched engine's kernels: parameters, packed matrices, the optimizer, the buffers of a window.

G gates and S blocks as in ``cell.py``. Rows are padded with zeros: Hp and Vp are H and V rounded up to whole panels.
K = (G-1) * Hp + H is the length of a row of all gates of one side.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arrays import aligned_zeros
from .cell import Cell
from .dropout import Dropout
from .gemm import TILE_ROWS, strip_width, width
from .optimizers import CHUNK
from .shards import Shards

DEPTH = 256  # rows of hidden states packed at a time: a panel of them fits the L1 cache
TILES = 16  # row tiles of dz packed at a time: with a panel they fit the L2 cache, AVX2's 96 kB
ROW = 128  # row lengths are multiples of this on every machine: bytes of the widest panel

Shapes = dict[str, tuple[int, ...]]


class Sizes(NamedTuple):
    """The sizes of a model."""

    G: int  # gates
    S: int  # blocks
    states: int  # state vectors of a layer
    L: int
    H: int
    V: int
    N: int  # parameters without rows of n-grams
    K: int  # orders of n-grams
    R: int  # rows of n-grams


class Weights(NamedTuple):
    """Views of one flat buffer of parameters, or of gradients."""

    flat: Any  # (N,)
    WxhT: Any  # (V, G*H)
    Wih: Any  # (L-1, G*H, H)
    Whh: Any  # (L, G*H, H)
    Why: Any  # (V, H)
    bh: Any  # (L, G*H)
    bhn: Any  # (L, (S-G)*H)
    by: Any  # (V,)
    rows: Any  # (R, V), of n-grams; (0, V) without n-grams, and for gradients


class Packed(NamedTuple):
    """The matrices as right factors: in panels, or in strips for products with a single row."""

    WhhT: Any  # (L, G, ., H, width): hs @ Whh.T, gate by gate
    Whh: Any  # (L, ., K, width): the hidden side of dz @ Whh
    WihT: Any  # (L-1, G, ., H, width)
    Wih: Any  # (L-1, ., K, width): the input side of dz @ Wih
    WhyT: Any  # (., H, width): hs @ Why.T
    Why: Any  # (., V, width): dy @ Why


class Network(NamedTuple):
    """A model in the form that kernels take."""

    cell: Cell
    weights: Weights
    packed: Packed


class Step(NamedTuple):
    """What a layer reads and writes in a time step; rows are streams."""

    inputs: Any  # (B,) int32: the characters, for the lowest layer
    Wx: Any  # (B, G*Hp): the input side, for other layers
    h_before: Any  # (B, Hp)
    c_before: Any
    h: Any  # (B, Hp), in other memory than h_before
    c: Any
    Wh: Any  # (B, G*Hp), scratch: the hidden side
    blocks: Any  # (B, S*Hp): what the backward pass needs


class Work(NamedTuple):
    """Buffers of one window; threads share all of them except PER_THREAD."""

    inputs: Any  # (T, B) int32
    targets: Any  # (T, B) int32
    contexts: Any  # (T, B, K) int64: rows of n-grams for the inputs so far
    counts: Any  # (R,) int32: how often each row is used; 0 between windows
    hs: Any  # (L, states, T+1, B, Hp): hs[l, 0, t+1] is h after character t, hs[..., 0, :, :] the carried state
    blocks: Any  # (L, T, B, S*Hp): saved for the backward pass, then dz, the gradient of the gates' sums
    handed: Any  # (L, T, B, Hp): hs after dropout; (0, ...) without
    ys: Any  # (T, B, Vp): logits, then exp(logits - most), then dy
    dhs: Any  # (T, B, Hp): dy @ Why, then a layer's input gradient; (0, ...) for S = 1: it is in blocks
    Wx: Any  # (T, B, G*Hp): the input side of a layer above the first; (0, ...) for one layer
    Wh: Any  # (B, G*Hp): the hidden side of a step
    dh_next: Any  # (B, Hp): from the next step, by the product with Whh
    direct: Any  # (B, Hp): from the next step, without a product
    nats: Any  # (T, B) float64, the losses of the steps
    right: Any  # (., depth, width): hidden states, packed
    left: Any  # (TILES, depth, TILE_ROWS): dz or dy, packed
    dWhh: Any  # (tiles, panels, TILE_ROWS, width): one layer's gradient, tile by tile
    dWih: Any  # the same; (0, ...) for one layer
    dWhy: Any  # the same
    norms: Any  # (chunks,) float64


PER_THREAD = ('right', 'left')
TYPES = {
    'inputs': np.int32,
    'targets': np.int32,
    'contexts': np.int64,
    'counts': np.int32,
    'nats': np.float64,
    'norms': np.float64,
}  # other arrays have the weights' dtype


class Optimizer(NamedTuple):
    """State and settings; numbers have the parameters' dtype."""

    kind: int
    clipping: int
    limit: Any
    beta1: Any
    beta2: Any
    epsilon: Any
    decay: Any  # decoupled weight decay, for Adam
    inputs: int  # Wxh is parameters 0 ... inputs-1
    input_rate: float  # its learning rate, as a multiple of the others'
    hidden: int  # the matrices between hidden units are parameters inputs ... hidden-1
    hidden_decay: float  # their weight decay, as a multiple of the others'
    m: Any  # (n,), for the slice that this process updates: Adagrad's sum of squares, or Adam's mean of gradients
    v: Any  # (n,): Adam's mean of squares; (0,) for Adagrad
    rows_rate: float  # of the rows of n-grams, as a multiple of the others'


class Trainer(NamedTuple):
    """The state and settings of training."""

    network: Network
    grads: Weights
    optimizer: Optimizer
    dropout: Dropout
    shards: Shards


def _whole(size: int, columns: int) -> int:
    return -(-size // columns) * columns


def padded(N: int, itemsize: int) -> int:
    """Hp, Vp: N rounded up to whole rows of memory."""
    return _whole(N, ROW // itemsize)


def packed_shapes(sizes: Sizes, itemsize: int, *, strips: bool, backward: bool = True) -> Shapes:
    """Shapes of :class:`Packed`; three arrays are empty without ``backward``, as for scoring and sampling."""
    G, L, H, V = sizes.G, sizes.L, sizes.H, sizes.V
    K, w = (G - 1) * padded(H, itemsize) + H, width(itemsize)

    def columns(N: int, by_strips: bool) -> tuple[int, int]:
        each = strip_width(N, itemsize) if by_strips else w
        return -(-N // each), each

    (n, by_step), (m, by_window) = columns(H, strips), columns(H, strips and not backward)
    (k, of_output), Hn = columns(V, strips and not backward), columns(H, False)[0]
    return {
        'WhhT': (L, G, n, H, by_step),
        'Whh': (L, n * backward, K, by_step),
        'WihT': (L - 1, G, m, H, by_window),
        'Wih': (L - 1, Hn * backward, K, w),
        'WhyT': (k, H, of_output),
        'Why': (Hn * backward, V, w),
    }


def make_packed(sizes: Sizes, dtype: Any, *, strips: bool, backward: bool = True) -> Packed:
    """Memory for the packed matrices; ``strips``: for one stream."""
    shapes = packed_shapes(sizes, np.dtype(dtype).itemsize, strips=strips, backward=backward)
    return Packed(**{name: aligned_zeros(shape, dtype) for name, shape in shapes.items()})


def work_shapes(sizes: Sizes, T: int, B: int, itemsize: int, *, dropout: bool) -> Shapes:
    """Shapes of :class:`Work`."""
    G, S, states, L, H, V, N, orders, R = sizes
    w, Hp = width(itemsize), padded(H, itemsize)
    Vp, K = padded(V, itemsize), (G - 1) * Hp + H
    tiles = -(-H // w), TILE_ROWS, w  # of a row of tiles
    depth = min(max(B, DEPTH // B * B), (T + 1) * B)  # whole steps of time
    return {
        'inputs': (T, B),
        'targets': (T, B),
        'contexts': (T, B, orders),
        'counts': (R,),
        'hs': (L, states, T + 1, B, Hp),
        'blocks': (L, T, B, S * Hp),
        'handed': (L * dropout, T, B, Hp),
        'ys': (T, B, Vp),
        'dhs': (T * (S > 1), B, Hp),
        'Wx': (T * (L > 1), B, G * Hp),
        'Wh': (B, G * Hp),
        'dh_next': (B, Hp),
        'direct': (B, Hp),
        'nats': (T, B),
        'right': (-(-H // w), depth, w),
        'left': (TILES, depth, TILE_ROWS),
        'dWhh': (-(-K // TILE_ROWS), *tiles),
        'dWih': (-(-K // TILE_ROWS) * (L > 1), *tiles),
        'dWhy': (-(-V // TILE_ROWS), *tiles),
        'norms': (-(-N // CHUNK),),
    }


def make_work(sizes: Sizes, T: int, B: int, dtype: Any, *, dropout: bool = False) -> Work:
    """Buffers for the first thread of a team; see :func:`for_thread`."""
    shapes = work_shapes(sizes, T, B, np.dtype(dtype).itemsize, dropout=dropout)
    return Work(**{name: aligned_zeros(shape, TYPES.get(name, dtype)) for name, shape in shapes.items()})


def for_thread(work: Work) -> Work:
    """The same buffers for another thread, with its own PER_THREAD."""
    own = {name: getattr(work, name) for name in PER_THREAD}
    return work._replace(**{name: aligned_zeros(array.shape, array.dtype) for name, array in own.items()})


def memory(sizes: Sizes, T: int, B: int, itemsize: int, *, dropout: bool, threads: int) -> int:
    """Bytes of the packed matrices and of a window's buffers."""
    packed = packed_shapes(sizes, itemsize, strips=B == 1)
    work = work_shapes(sizes, T, B, itemsize, dropout=dropout)
    bytes_of = {name: np.dtype(kind).itemsize for name, kind in TYPES.items()}
    shared = sum(math.prod(shape) * bytes_of.get(name, itemsize) for name, shape in [*packed.items(), *work.items()])
    return shared + (threads - 1) * itemsize * sum(math.prod(work[name]) for name in PER_THREAD)
