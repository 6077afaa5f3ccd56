"""Characters drawn from a model: of one stream with the reference's bits, of many streams by the batched tiles.

Both choose in the same way: softmax of logits / temperature, filters, and the inverse of the cumulated
probabilities at one uniform number, as np.random.choice has it.

All buffers come from outside; nothing is allocated in here. Shapes: H hidden units, V characters, B streams; rows of
many streams are padded with zeros to whole panels, Hp and Vp.
"""

from typing import Any, NamedTuple

import numpy as np

from .elementwise import exp1, row_max, tanh1
from .exact import advance
from .jit import exact_jit, fast_jit
from .native import exp, gemv
from .packing import pack_rows
from .panels import product, width
from .team import span
from .vectors import pairwise_sum


class Rules(NamedTuple):
    """How the next character is chosen."""

    temperature: Any  # above 0; in the dtype of the logits that are divided by it
    top_k: int  # characters that are kept; V or more: all
    top_p: float  # probability that is kept; 1 or more: all


class ManyWeights(NamedTuple):
    """Parameters of one dtype, the matrices as right factors in panels."""

    WxhT: Any  # (V, H)
    WhhT: Any  # (., H, width)
    WhyT: Any  # (., H, width)
    bh: Any  # (H,)
    by: Any  # (V,)


class Streams(NamedTuple):
    """B streams between two characters, and scratch; threads share the rows of all but the last two."""

    ixs: Any  # (B,) intp: the last character, next to be read
    hs: Any  # (B, Hp): the state before it
    z: Any  # (B, Hp)
    ys: Any  # (B, Vp)
    failed: Any  # (B,) uint8: not 0 once probabilities were NaN
    edges: Any  # (threads, V) float64; each thread has its row
    order: Any  # (threads, V) int32; each thread has its row


def pack(WxhT: Any, Whh: Any, Why: Any, bh: Any, by: Any) -> ManyWeights:
    """Lay the matrices out for :func:`draw_many`."""
    return ManyWeights(WxhT, _panels(Whh), _panels(Why), bh, by)


def _panels(W: Any) -> Any:
    """W.T as a right factor."""
    w = width(W.itemsize)
    panels = np.zeros((-(-W.shape[0] // w), W.shape[1], w), W.dtype)
    pack_rows(W, 0, panels.shape[0], panels)
    return panels


def make_streams(B: int, weights: ManyWeights, threads: int) -> Streams:
    """Buffers for B streams."""
    dtype, V = weights.bh.dtype, weights.by.size
    Hp, Vp = (panels.shape[0] * panels.shape[2] for panels in (weights.WhhT, weights.WhyT))
    return Streams(
        ixs=np.zeros(B, np.intp),
        hs=np.zeros((B, Hp), dtype),
        z=np.zeros((B, Hp), dtype),
        ys=np.zeros((B, Vp), dtype),
        failed=np.zeros(B, np.uint8),
        edges=np.zeros((threads, V)),
        order=np.zeros((threads, V), np.int32),
    )


# --- top-k and top-p ----------------------------------------------------------------------------------------


@exact_jit
def likelier(p, i, j):
    """Whether character i goes before j: of equal ones the lower."""
    return p[i] > p[j] or (p[i] == p[j] and i < j)


@exact_jit
def sift(p, order, root, size):
    """Make order[:size] a heap below ``root``: every character goes before the two at 2 * root + 1 and + 2."""
    moving = order[root]
    child = 2 * root + 1
    while child < size:
        if child + 1 < size and likelier(p, order[child + 1], order[child]):
            child += 1
        if likelier(p, moving, order[child]):
            break
        order[root] = order[child]
        root, child = child, 2 * child + 1
    order[root] = moving


@exact_jit
def move_likeliest(p, order, size):
    """The likeliest of the heap order[:size] goes to order[size-1]; the heap that is left is one smaller."""
    order[0], order[size - 1] = order[size - 1], order[0]
    sift(p, order, 0, size - 1)


@exact_jit
def keep_likeliest(p, V, rules, order):
    """Set all of p[:V] to 0 but the top_k largest, and of these all but the fewest whose sum is top_p of theirs.

    The second is nucleus sampling (Holtzman et al., The Curious Case of Neural Text Degeneration, 2020). At least
    one is kept. p need not be normalised. order (V,) is scratch: a heap, behind it what was taken from it, sorted.
    """
    if rules.top_k >= V and rules.top_p >= 1.0:
        return
    for k in range(V):
        order[k] = k
    for root in range(V // 2 - 1, -1, -1):
        sift(p, order, root, V)
    first = max(0, V - rules.top_k)  # of the kept in order
    heap, total = V, 0.0
    if first > 0:
        while heap > first:
            move_likeliest(p, order, heap)
            heap -= 1
            total += p[order[heap]]
    else:
        for k in range(V):
            total += p[k]
    if rules.top_p < 1.0:
        rank, reached = V, 0.0
        while rank > first:
            if rank == heap:
                move_likeliest(p, order, heap)
                heap -= 1
            rank -= 1
            reached += p[order[rank]]
            if reached >= rules.top_p * total:
                break
        first = rank
    for k in range(first):
        p[order[k]] = 0


@exact_jit
def choose(p, V, u, edges):
    """The character at which the cumulated p[:V], as a share of their sum, exceed u; edges (V,) is scratch."""
    total = 0.0
    for k in range(V):
        total += p[k]
        edges[k] = total
    low, high = 0, V - 1
    while low < high:  # searchsorted(side='right')
        middle = (low + high) // 2
        if edges[middle] / total <= u:
            low = middle + 1
        else:
            high = middle
    return low


# --- one stream ---------------------------------------------------------------------------------------------


@exact_jit
def absorb(native, h, ids, weights, literal, work):
    """h (H,), the state, after the characters ids (n,); changed in place."""
    for t in range(ids.size):
        advance(native, h, ids[t], weights, literal, work)


@exact_jit
def temper(y, temperature):
    """y = (y - max(y)) / temperature, so that exp(y) can't overflow and is 1 somewhere."""
    most = y[0]
    for k in range(y.size):
        most = max(most, y[k])
    for k in range(y.size):
        y[k] = (y[k] - most) / temperature


@exact_jit
def draw(native, h, ix, uniforms, weights, literal, rules, work, order, out):
    """Draw out.size characters after character ix, one uniform each; returns how many were drawn.

    h (H,) is changed in place. Fewer than asked for are drawn where probabilities are NaN. At temperature 1 and
    without filters it is ``exact.sample``. work and order (V,) int32 are scratch.
    """
    y, edges, Why, by = work.ys[0], work.ps[0], weights.Why, weights.by
    V = y.size
    for n in range(out.size):
        advance(native, h, ix, weights, literal, work)
        gemv(native, Why, h, y)
        for k in range(V):
            y[k] += by[k]
        if rules.temperature != 1.0:
            temper(y, rules.temperature)
        exp(native, y, y)
        total = pairwise_sum(y)
        if not 0.0 < total < np.inf:
            return n
        for k in range(V):
            y[k] /= total
        keep_likeliest(y, V, rules, order)
        ix = choose(y, V, uniforms[n], edges)
        out[n] = ix
    return out.size


# --- many streams -------------------------------------------------------------------------------------------


@fast_jit
def draw_many(team, weights, rules, uniforms, streams, out):
    """Draw uniforms.shape[0] characters in each stream, one of uniforms (steps, B) each, into out (steps, B) uint16.

    streams is changed in place. Threads share the streams, and need not wait for one another. Where a
    probability is NaN, the stream counts as failed.
    """
    WxhT, WhhT, WhyT, bh, by = weights
    hs, z, ys, ixs = streams.hs, streams.z, streams.ys, streams.ixs
    edges, order = streams.edges[team.rank], streams.order[team.rank]
    (steps, B), H, V = uniforms.shape, bh.size, by.size
    b0, b1 = span(team, B, 1)
    for n in range(steps):
        product(hs[b0:b1], WhhT, z[b0:b1])
        for b in range(b0, b1):
            x, zb, h = WxhT[ixs[b]], z[b], hs[b]
            for i in range(H):
                h[i] = tanh1(zb[i] + x[i] + bh[i])
        product(hs[b0:b1], WhyT, ys[b0:b1])
        for b in range(b0, b1):
            y = ys[b]
            for k in range(V):
                y[k] += by[k]
            most = row_max(y, V)
            total = y[0] * 0
            for k in range(V):
                e = exp1((y[k] - most) / rules.temperature)
                y[k] = e
                total += e
            if not total < np.inf:
                streams.failed[b] = 1
            keep_likeliest(y, V, rules, order)
            ixs[b] = choose(y, V, uniforms[n, b], edges)
            out[n, b] = ixs[b]
