"""Characters drawn from a model: of one stream with the reference's bits, of many streams by the batched tiles.

Both choose in the same way: softmax of logits / temperature, filters, and the inverse of the cumulated
probabilities at one uniform number, as np.random.choice has it.

All buffers come from outside; nothing is allocated in here. Shapes: H hidden units, V characters, B streams; rows of
many streams are padded with zeros to whole panels, Hp and Vp.
"""

from typing import Any, NamedTuple

import numpy as np

from .exact.numpy_functions import exp, gemv
from .exact.reductions import pairwise_sum
from .exact.rnn import advance
from .fast.functions import exp1, row_max, tanh1
from .fast.gemm import product, width
from .fast.packing import pack_rows
from .jit import exact_jit, fast_jit
from .team import span

NEVER = 1.2e-38  # a smaller probability is never drawn: uniform numbers are multiples of 1e-16


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
    """B streams between two characters, and scratch; threads share the rows of all but the last."""

    ixs: Any  # (B,) intp: the last character, next to be read
    hs: Any  # (B, Hp): the state before it
    z: Any  # (B, Hp)
    ys: Any  # (B, Vp)
    failed: Any  # (B,) uint8: not 0 once probabilities were NaN
    edges: Any  # (threads, V) float64; each thread has its row


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
    )


# --- top-k and top-p ----------------------------------------------------------------------------------------


@fast_jit
def likely(p, V, least):
    """How many of p[:V] are ``least`` or more, and their sum."""
    kind = p.dtype.type
    count = total = kind(0)
    for k in range(V):
        counts = kind(p[k] >= least)  # a branch here, and LLVM makes no vectors: 54 ns for 10 at V = 65, float32
        count += counts
        total += counts * p[k]
    return count, total


@fast_jit
def keep_largest(p, V, number, mass):
    """Set to 0 all of p[:V] but the fewest largest that are ``number`` or sum to ``mass``; of ties the first.

    Bisects for the smallest that is kept, in some 12 passes that LLVM makes vectors of (top_p = 0.9, V = 65: 0.7 us
    a character, where taking one after another from a heap took 4.6).
    """
    kind = p.dtype.type
    low, high = kind(NEVER), row_max(p, V) * kind(2)
    above = reached = kind(0)  # count and sum from high on: not enough
    count, total = likely(p, V, low)
    enough = count >= number or total >= mass  # else all are kept that are ever drawn
    while enough and count - above > 1:
        middle = np.sqrt(low) * np.sqrt(high)
        if not low < middle < high:  # ties
            break
        number_there, sum_there = likely(p, V, middle)
        if number_there < number and sum_there < mass:
            high, above, reached = middle, number_there, sum_there
        else:
            low, count = middle, number_there
    if count - above == 1:
        for k in range(V):
            p[k] *= kind(p[k] >= low)
        return
    for k in range(V):
        if p[k] < high:
            if p[k] >= low and above < number and reached < mass:
                above += kind(1)
                reached += p[k]
            else:
                p[k] = 0


@fast_jit
def keep_likeliest(p, V, rules):
    """Apply top_k and then, to what it leaves, top_p; p[:V] need not be normalised, nor is it after.

    The second is nucleus sampling (Holtzman et al., The Curious Case of Neural Text Degeneration, 2020).
    """
    if rules.top_k < V:
        keep_largest(p, V, rules.top_k, np.inf)
    if rules.top_p < 1.0:
        keep_largest(p, V, V, rules.top_p * likely(p, V, p.dtype.type(0))[1])


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
    """y = (y - max(y)) / temperature, so that exp(y) can't overflow and is 1 somewhere.

    By row_max: a loop with max() took 1.8 us.
    """
    most = row_max(y, y.size)
    for k in range(y.size):
        y[k] = (y[k] - most) / temperature


@exact_jit
def draw(native, h, ix, uniforms, weights, literal, rules, work, out):
    """Draw out.size characters after character ix, one uniform each; returns how many were drawn.

    h (H,) is changed in place. Fewer than asked for are drawn where probabilities are NaN. At temperature 1 and
    without filters it is ``exact.sample``. work is scratch.
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
        keep_likeliest(y, V, rules)
        ix = choose(y, V, uniforms[n], edges)
        out[n] = ix
    return out.size


# --- many streams -------------------------------------------------------------------------------------------


@fast_jit
def draw_many(team, weights, rules, uniforms, streams, out):
    """Draw uniforms.shape[0] characters in each stream, one of uniforms (steps, B) each, into out (steps, B) uint32.

    streams is changed in place. Threads share the streams, and need not wait for one another. Where a
    probability is NaN, the stream counts as failed.
    """
    WxhT, WhhT, WhyT, bh, by = weights
    hs, z, ys, ixs = streams.hs, streams.z, streams.ys, streams.ixs
    edges = streams.edges[team.rank]
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
            if total < np.inf:
                keep_likeliest(y, V, rules)
                ixs[b] = choose(y, V, uniforms[n, b], edges)
                out[n, b] = ixs[b]
            else:
                streams.failed[b] = 1
