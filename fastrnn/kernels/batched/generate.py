"""A trained model on text: the surprisal of what is there, and characters drawn, in many streams at once."""

from typing import Any, NamedTuple

import numpy as np

from ..jit import inlined, jit
from ..sampling import choose, filter_likeliest
from ..team import span
from .buffers import Sizes, padded
from .functions import log1
from .gemm import recurrent_product
from .packing import copy
from .softmax import add_bias, exponentials
from .train import advance


class Streams(NamedTuple):
    """B streams between two characters, and scratch; threads share the rows of all but the last."""

    ixs: Any  # (B,) int32, as in training, so that `advance` is compiled once: the last character, next to be read
    hs: Any  # (L, states, B, Hp): the states before it
    before: Any  # (states, B, Hp)
    xs: Any  # (B, G*Hp)
    z: Any  # (B, G*Hp)
    blocks: Any  # (B, S*Hp)
    ys: Any  # (B, Vp): logits, then what is proportional to probabilities
    failed: Any  # (B,) uint8: not 0 once probabilities were NaN
    edges: Any  # (threads, V) float64; each thread has its row


def make_streams(sizes: Sizes, B: int, dtype: Any, threads: int) -> Streams:
    """Buffers for B streams of a model."""
    itemsize = np.dtype(dtype).itemsize
    Hp, Vp = padded(sizes.H, itemsize), padded(sizes.V, itemsize)
    return Streams(
        ixs=np.zeros(B, np.int32),
        hs=np.zeros((sizes.L, sizes.states, B, Hp), dtype),
        before=np.zeros((sizes.states, B, Hp), dtype),
        xs=np.zeros((B, sizes.G * Hp), dtype),
        z=np.zeros((B, sizes.G * Hp), dtype),
        blocks=np.zeros((B, sizes.S * Hp), dtype),
        ys=np.zeros((B, Vp), dtype),
        failed=np.zeros(B, np.uint8),
        edges=np.zeros((threads, sizes.V)),
    )


@inlined
def read(cell, weights, packed, b0, b1, streams):
    """The states of streams b0 ... b1-1 take a step by the characters ixs, layer by layer; ys become the logits."""
    hs, before, z, blocks = streams.hs, streams.before, streams.z, streams.blocks
    lanes, last, zero = packed.Why.shape[2] // 2, hs.shape[1] - 1, b0 - b0
    for layer in range(hs.shape[0]):
        if layer > 0:
            for g in range(cell.gates):
                W, column = packed.WihT[layer - 1, g], g * hs.shape[3]
                recurrent_product(hs[layer - 1, 0, b0:b1], zero, W, lanes, streams.xs[b0:b1], column)
        for s in range(hs.shape[1]):
            for b in range(b0, b1):
                copy(hs[layer, s, b], before[s, b])
        h, c = hs[layer, 0], hs[layer, last]
        advance(cell, weights, packed, layer, streams.ixs, streams.xs, b0, b1, before[0], before[last], z, blocks, h, c)
    recurrent_product(hs[hs.shape[0] - 1, 0, b0:b1], zero, packed.WhyT, lanes, streams.ys[b0:b1], zero)


@jit
def score(team, cell, weights, packed, inputs, targets, streams, surprisals):
    """Surprisal in nats of targets (n, B) after inputs (n, B), from the states of streams on, which go on.

    surprisals (n, B) is overwritten; threads share the streams, and need not wait for one another.
    """
    (n, B), V, ys = inputs.shape, weights.by.size, streams.ys
    b0, b1 = span(team, B, 1)
    for t in range(n):
        for b in range(b0, b1):
            streams.ixs[b] = inputs[t, b]
        read(cell, weights, packed, b0, b1, streams)
        for b in range(b0, b1):
            most = add_bias(ys[b], weights.by)
            wanted = ys[b, targets[t, b]] - most
            surprisals[t, b] = log1(np.float64(exponentials(ys[b], V, most))) - np.float64(wanted)


@jit
def draw(team, cell, weights, packed, choice, uniforms, streams, out):
    """Draw uniforms.shape[0] characters in each stream, one of uniforms (steps, B) each, into out (steps, B) uint32.

    streams is changed in place. Threads share the streams, and need not wait for one another. Where a
    probability is NaN, the stream counts as failed.
    """
    ys, ixs, edges = streams.ys, streams.ixs, streams.edges[team.rank]
    (steps, B), V = uniforms.shape, weights.by.size
    b0, b1 = span(team, B, 1)
    for n in range(steps):
        read(cell, weights, packed, b0, b1, streams)
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
