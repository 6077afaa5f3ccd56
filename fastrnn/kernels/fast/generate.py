"""A trained model on text: the surprisal of what is there, and characters drawn in many streams at once."""

from typing import Any, NamedTuple

import numpy as np

from ..choice import choose, filter_likeliest
from ..jit import jit
from ..team import span
from .functions import log1
from .gemm import product
from .packing import copy
from .softmax import add_bias, exponentials
from .train import advance, forward, rows_of


@jit
def score(ids, weights, packed, work, surprisals):
    """Surprisal in nats of ids[1:], from the state work.hs[0], which is left at the last character but one; B is 1.

    That holds for whole windows; surprisals (n-1,) is overwritten, the rest of work is scratch.
    """
    (T, _), V, n = work.inputs.shape, weights.by.size, surprisals.size
    for first in range(0, n, T):
        count = min(T, n - first)
        for t in range(count):
            work.inputs[t, 0] = ids[first + t]
        forward(weights, packed, 0, 1, work)
        product(rows_of(work.hs)[1:], packed.WhyT, rows_of(work.ys))
        for t in range(count):
            y = work.ys[t, 0]
            most = add_bias(y, weights.by)
            wanted = y[ids[first + t + 1]] - most
            surprisals[first + t] = log1(np.float64(exponentials(y, V, most))) - np.float64(wanted)
        copy(work.hs[T, 0], work.hs[0, 0])


class Streams(NamedTuple):
    """B streams between two characters, and scratch; threads share the rows of all but the last."""

    ixs: Any  # (B,) intp: the last character, next to be read
    hs: Any  # (B, Hp): the state before it
    z: Any  # (B, Hp)
    ys: Any  # (B, Vp): logits, then what is proportional to probabilities
    failed: Any  # (B,) uint8: not 0 once probabilities were NaN
    edges: Any  # (threads, V) float64; each thread has its row


def make_streams(B: int, weights: Any, packed: Any, threads: int) -> Streams:
    """Buffers for B streams of a model."""
    dtype = weights.flat.dtype
    Hp, Vp = (panels.shape[0] * panels.shape[2] for panels in (packed.WhhT, packed.WhyT))
    return Streams(
        ixs=np.zeros(B, np.intp),
        hs=np.zeros((B, Hp), dtype),
        z=np.zeros((B, Hp), dtype),
        ys=np.zeros((B, Vp), dtype),
        failed=np.zeros(B, np.uint8),
        edges=np.zeros((threads, weights.by.size)),
    )


@jit
def draw(team, weights, packed, choice, uniforms, streams, out):
    """Draw uniforms.shape[0] characters in each stream, one of uniforms (steps, B) each, into out (steps, B) uint32.

    streams is changed in place. Threads share the streams, and need not wait for one another. Where a
    probability is NaN, the stream counts as failed.
    """
    hs, ys, ixs, edges = streams.hs, streams.ys, streams.ixs, streams.edges[team.rank]
    (steps, B), V = uniforms.shape, weights.by.size
    b0, b1 = span(team, B, 1)
    for n in range(steps):
        advance(weights, packed, ixs, hs, b0, b1, streams.z, hs)
        product(hs[b0:b1], packed.WhyT, ys[b0:b1])
        for b in range(b0, b1):
            y = ys[b]
            most = add_bias(y, weights.by)
            if choice.temperature != 1:
                for k in range(V):
                    y[k] = (y[k] - most) / choice.temperature
                most = weights.flat.dtype.type(0)
            if exponentials(y, V, most) < np.inf:
                filter_likeliest(y, V, choice)
                ixs[b] = choose(y, V, uniforms[n, b], edges)
                out[n, b] = ixs[b]
            else:
                streams.failed[b] = 1
