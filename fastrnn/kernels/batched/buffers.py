"""What the batched engine's kernels work on: parameters, their packed forms, the optimizer, the buffers of a window.

G gates and S blocks as in ``cell.py``. Rows are padded with zeros: H and V to whole panels, Hp and Vp. K, of the
gates of one side in a row, is (G-1) * Hp + H.
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

DEPTH = 256  # rows of hidden states that are packed at a time: a panel of them fits the L1 cache
TILES = 16  # of rows of dz that are packed at a time: with a panel they fit the L2 cache, AVX2's 96 kB
ROW = 128  # bytes of which rows are whole multiples on every machine: the widest panel

Shapes = dict[str, tuple[int, ...]]


class Sizes(NamedTuple):
    """Of a model."""

    G: int  # gates
    S: int  # blocks
    states: int  # vectors that a layer carries
    L: int
    H: int
    V: int
    N: int  # parameters, but for rows of n-grams
    K: int  # orders of n-grams
    R: int  # their rows


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
    rows: Any  # (R, V), of n-grams; (0, V) where there are none, and of gradients


class Packed(NamedTuple):
    """The matrices as right factors: in panels, or in strips if one row at a time is multiplied with them."""

    WhhT: Any  # (L, G, ., H, width): hs @ Whh.T, gate by gate
    Whh: Any  # (L, ., K, width): the hidden side of dz @ Whh
    WihT: Any  # (L-1, G, ., H, width)
    Wih: Any  # (L-1, ., K, width): the input side of dz @ Wih
    WhyT: Any  # (., H, width): hs @ Why.T
    Why: Any  # (., V, width): dy @ Why


class Network(NamedTuple):
    """A model as kernels take it."""

    cell: Cell
    weights: Weights
    packed: Packed


class Step(NamedTuple):
    """What a layer reads and writes when it takes a step of time; rows are streams."""

    inputs: Any  # (B,) int32: the characters, which the lowest layer reads
    Wx: Any  # (B, G*Hp): the input side, for the others
    h_before: Any  # (B, Hp)
    c_before: Any
    h: Any  # (B, Hp), elsewhere
    c: Any
    Wh: Any  # (B, G*Hp), scratch: the hidden side
    blocks: Any  # (B, S*Hp): what the backward pass needs


class Work(NamedTuple):
    """Buffers of one window; threads share all of them but those of PER_THREAD."""

    inputs: Any  # (T, B) int32
    targets: Any  # (T, B) int32
    contexts: Any  # (T, B, K) int64: rows of n-grams that the inputs so far point to
    counts: Any  # (R,) int32: how often they point to each; 0 between windows
    hs: Any  # (L, states, T+1, B, Hp): hs[l, 0, t+1] is h after character t, hs[..., 0, :, :] what is carried
    blocks: Any  # (L, T, B, S*Hp): what a step keeps for the backward pass, then dz, the gradient of the gates' sums
    handed: Any  # (L, T, B, Hp): hs after dropout; (0, ...) without
    ys: Any  # (T, B, Vp): logits, then exp(logits - most), then dy
    dhs: Any  # (T, B, Hp): dy @ Why, then what a layer hands down; (0, ...) for S = 1, as blocks have it
    Wx: Any  # (T, B, G*Hp): the input side of a layer above the first; (0, ...) for one layer
    Wh: Any  # (B, G*Hp): the hidden side of a step
    dh_next: Any  # (B, Hp): from the step after, by the product with Whh
    direct: Any  # (B, Hp): from the step after, without a product
    nats: Any  # (T, B) float64, the losses of steps
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
}  # others: that of the weights


class Optimizer(NamedTuple):
    """State and settings; numbers have the parameters' dtype."""

    kind: int
    clipping: int
    limit: Any
    beta1: Any
    beta2: Any
    epsilon: Any
    decay: Any  # of the weights, decoupled; for Adam
    inputs: int  # Wxh is parameters 0 ... inputs-1
    input_rate: float  # its learning rate, as a multiple of the others'
    hidden: int  # the matrices between hidden units are parameters inputs ... hidden-1
    hidden_decay: float  # their weight decay, as a multiple of the others'
    m: Any  # (n,), of the slice that is updated here: Adagrad's sum of squares, or Adam's mean of gradients
    v: Any  # (n,): Adam's mean of squares; (0,) for Adagrad
    rows_rate: float  # of the rows of n-grams, as a multiple of the others'


class Trainer(NamedTuple):
    """All that training changes or goes by, from one window to the next."""

    network: Network
    grads: Weights
    optimizer: Optimizer
    dropout: Dropout
    shards: Shards


def _whole(size: int, columns: int) -> int:
    return -(-size // columns) * columns


def padded(N: int, itemsize: int) -> int:
    """Hp, Vp: N to whole rows of memory."""
    return _whole(N, ROW // itemsize)


def packed_shapes(sizes: Sizes, itemsize: int, *, strips: bool, backward: bool = True) -> Shapes:
    """Of :class:`Packed`; three of them are empty without ``backward``, the pass that only training makes."""
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
    """Room for the packed matrices; ``strips``: for one stream."""
    shapes = packed_shapes(sizes, np.dtype(dtype).itemsize, strips=strips, backward=backward)
    return Packed(**{name: aligned_zeros(shape, dtype) for name, shape in shapes.items()})


def work_shapes(sizes: Sizes, T: int, B: int, itemsize: int, *, dropout: bool) -> Shapes:
    """Of :class:`Work`."""
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
