"""Scoring and sampling with a trained model, in many streams at once."""

from typing import Any, NamedTuple

import numpy as np

from ..arrays import aligned_zeros
from ..jit import inlined, jit
from ..sampling import choose, filter_likeliest
from ..team import barrier
from .buffers import Sizes, Step, padded
from .functions import log1
from .gemm import recurrent_product
from .ngrams import NOTHING, add_rows, point
from .packing import copy
from .softmax import add_bias, exponentials
from .train import advance, own_streams, units_of


class Streams(NamedTuple):
    """B streams between two characters, and scratch space; threads share rows of all but the last."""

    ixs: Any  # (B,): the characters to read next; int32, as in training, so that `advance` is compiled once
    hs: Any  # (L, states, B, Hp): the states before them
    before: Any  # (states, B, Hp)
    Wx: Any  # (B, G*Hp)
    Wh: Any  # (B, G*Hp)
    blocks: Any  # (B, S*Hp)
    ys: Any  # (B, Vp): logits, then unnormalized probabilities
    recent: Any  # (B, K + 1) uint32: the last characters read
    contexts: Any  # (B, K) int64: their rows of n-grams
    failed: Any  # (B,) uint8: 1 if a probability was NaN
    edges: Any  # (threads, V) float64: a row for each thread


def make_streams(sizes: Sizes, B: int, dtype: Any, threads: int) -> Streams:
    """Buffers for B streams of a model."""
    itemsize = np.dtype(dtype).itemsize
    Hp, Vp = padded(sizes.H, itemsize), padded(sizes.V, itemsize)
    return Streams(
        ixs=np.zeros(B, np.int32),
        hs=aligned_zeros((sizes.L, sizes.states, B, Hp), dtype),
        before=aligned_zeros((sizes.states, B, Hp), dtype),
        Wx=aligned_zeros((B, sizes.G * Hp), dtype),
        Wh=aligned_zeros((B, sizes.G * Hp), dtype),
        blocks=aligned_zeros((B, sizes.S * Hp), dtype),
        ys=aligned_zeros((B, Vp), dtype),
        recent=np.full((B, sizes.K + 1), NOTHING, np.uint32),
        contexts=np.zeros((B, sizes.K), np.int64),
        failed=np.zeros(B, np.uint8),
        edges=np.zeros((threads, sizes.V)),
    )


@inlined
def read(group, network, b0, b1, streams):
    """Streams b0 ... b1-1 read the characters ixs, layer by layer: updates their states and sets ys to the logits.

    Threads of the group share units. They wait for each other also before the first one reads ixs, and at the end.
    """
    hs, before, packed = streams.hs, streams.before, network.packed
    (L, states, _, Hp), last, H = hs.shape, hs.shape[1] - 1, network.weights.Whh.shape[2]
    for layer in range(L):
        start, stop, u0, u1 = units_of(group, packed.WhhT[layer, 0], H)
        for s in range(states):
            for b in range(b0, b1):
                copy(hs[layer, s, b, u0:u1], before[s, b, u0:u1])
        if layer > 0:
            W = packed.WihT[layer - 1]
            for g in range(network.cell.gates):
                below, base = hs[layer - 1, 0, b0:b1], g * Hp
                recurrent_product(below, W[g, start:stop], streams.Wx[b0:b1], base + u0, base + u1)
        barrier(group)
        h, c = hs[layer, 0], hs[layer, last]
        step = Step(streams.ixs, streams.Wx, before[0], before[last], h, c, streams.Wh, streams.blocks)
        advance(group, network, layer, b0, b1, step)
        barrier(group)
    start, stop, k0, k1 = units_of(group, packed.WhyT, network.weights.by.size)
    recurrent_product(hs[L - 1, 0, b0:b1], packed.WhyT[start:stop], streams.ys[b0:b1], k0, k1)
    barrier(group)


@inlined
def add_bias_and_rows(weights, b, streams):
    """Complete a stream's logits after it has read its character; returns the largest."""
    recent, rows, y = streams.recent[b], streams.contexts[b], streams.ys[b]
    if rows.size > 0:
        for k in range(rows.size):
            recent[k] = recent[k + 1]
        recent[rows.size] = streams.ixs[b]
        point(recent, rows.size, weights.rows.shape[0] // rows.size, rows)
        add_rows(weights.rows, rows, y)
    return add_bias(y, weights.by)


@jit
def score(team, network, inputs, targets, streams, surprisals):
    """Set surprisals (n, B), in nats, of targets (n, B) after inputs (n, B); updates the streams' states.

    Groups of threads share the streams, and don't wait for each other.
    """
    (n, B), by, ys = inputs.shape, network.weights.by, streams.ys
    group, b0, b1, r0, r1 = own_streams(team, B)
    for t in range(n):
        for b in range(r0, r1):
            streams.ixs[b] = inputs[t, b]
        read(group, network, b0, b1, streams)
        for b in range(r0, r1):
            most = add_bias_and_rows(network.weights, b, streams)
            wanted = ys[b, targets[t, b]] - most
            surprisals[t, b] = log1(np.float64(exponentials(ys[b], by.size, most))) - np.float64(wanted)


@jit
def draw(team, network, choice, uniforms, streams, out):
    """Draw a character for each of uniforms (steps, B) into out (steps, B) uint32; updates the streams.

    Groups of threads share the streams, and don't wait for each other. If a probability is NaN, the stream has failed.
    """
    ys, ixs, edges = streams.ys, streams.ixs, streams.edges[team.rank]
    (steps, B), by, V = uniforms.shape, network.weights.by, network.weights.by.size
    group, b0, b1, r0, r1 = own_streams(team, B)
    for n in range(steps):
        read(group, network, b0, b1, streams)
        for b in range(r0, r1):
            y = ys[b]
            most = add_bias_and_rows(network.weights, b, streams)
            if choice.temperature != 1:
                for k in range(V):
                    y[k] = (y[k] - most) / choice.temperature
                most = by.dtype.type(0)
            if exponentials(y, V, most) < np.inf:
                filter_likeliest(y, V, choice)
                ixs[b] = choose(y, V, uniforms[n, b], edges)
                out[n, b] = ixs[b]
            else:
                streams.failed[b] = 1
