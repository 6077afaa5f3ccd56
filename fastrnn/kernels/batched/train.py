"""The batched engine: B streams at once, float32 or float64; threads share streams, units and rows of gradients.

The headings are those of ``exact/rnn.py``. A group of threads processes a whole window of its streams (forward, output
layer, backward) without waiting for other groups; each of its threads computes its own units for all of them. Then all
threads share rows of the gradients, then ranges of the flat parameters. The sum of an element never depends on who
computes it, so threads and processes (``shards.py``) change no bits.

Rows are padded (``buffers.py``). The loss is in nats, summed over T, averaged over streams.
"""

import numpy as np

from ..jit import inlined, jit, variable
from ..team import barrier, group_of, span, streams_of
from .buffers import Step
from .cell import activate, differentiate
from .dropout import drop
from .functions import log1
from .gemm import prefetch, product, recurrent_product
from .gradients import fill_zero, matrix_gradients, vector_gradients
from .ngrams import add_rows, fetch, point, update_rows
from .optimizers import update
from .packing import begin, copy, fold, pack_weights, rows_of
from .shards import PARAMETERS, exchange, keep_gradient, keep_states, sum_shards, take_states
from .softmax import add_bias, exponentials


@jit
def window_product(A, b0, b1, start, W, C, column):
    """C[:, b0:b1, column:] = A[:, b0:b1, start : start+K] @ W, for A and C (T, B, .) and W in panels."""
    if A.shape[1] == 1:  # all t at once: a single row would leave most of a tile empty
        if b0 < b1:
            product(rows_of(A), start, W, rows_of(C), column)
    else:
        for t in range(A.shape[0]):
            product(A[t, b0:b1], start, W, C[t, b0:b1], column)


@jit
def units_of(group, W, H):
    """This thread's panels or strips of W (., K, width), and their units: its part of the group's."""
    first, last = span(group, W.shape[0], 1)
    return first, last, first * W.shape[2], min(last * W.shape[2], H)


@inlined
def own_streams(team, B):
    """A thread's group, its streams b0 ... b1-1, and r0 ... r1-1 of these, whose characters this thread reads."""
    group, (b0, b1) = group_of(team), streams_of(team, B)
    r0, r1 = span(group, b1 - b0, 1)
    return group, b0, b1, b0 + r0, b0 + r1


@jit
def fetch_rows(group, rows):
    """Prefetch what the group's other threads wrote before the last barrier, at once and not line by line."""
    if group.size > 1:
        for b in range(rows.shape[0]):
            prefetch(rows[b])


# --- forward ------------------------------------------------------------------------------------------------


@jit
def advance(group, network, layer, b0, b1, step):
    """Compute a time step of a layer for streams b0 ... b1-1: h and c of ``step`` (a Step), for this thread's units."""
    cell, weights, packed = network
    G, (H, Hp), W = cell.gates, (weights.Whh.shape[2], step.h.shape[1]), packed.WhhT[layer]
    first, last, u0, u1 = units_of(group, W[0], H)
    fetch_rows(group, step.h_before[b0:b1])
    for g in range(G):
        base = (g + cell.blocks - G) % G * Hp
        recurrent_product(step.h_before[b0:b1], W[g, first:last], step.Wh[b0:b1], base + u0, base + u1)
    bias, bhn = fold(weights.bh[layer], G, u0), begin(weights.bhn[layer], u0)
    for b in range(b0, b1):
        Wh = fold(step.Wh[b], G, u0)
        Wx = fold(weights.WxhT[step.inputs[b]] if layer == 0 else step.Wx[b], G, u0)
        before, after = (begin(step.h_before[b], u0), begin(step.c_before[b], u0)), begin(step.h[b], u0)
        blocks, c = fold(step.blocks[b], cell.blocks, u0), begin(step.c[b], u0)
        activate(cell, u1 - u0, Wh, Wx, bias, bhn, blocks, before[0], before[1], after, c)


@inlined
def handed_up(layer, work):
    """The input of the layer above, (T, B, Hp): hidden states, after dropout."""
    return work.handed[layer] if work.handed.shape[0] > 0 else work.hs[layer, 0, 1:]


@inlined
def from_above(cell, layer, work):
    """The gradient of hidden states from above, (T, B, Hp); see :func:`cell.differentiate`."""
    return work.blocks[layer] if cell.blocks == 1 else work.dhs


@inlined
def forward(group, network, dropout, steps, first, b0, b1, work):
    """Compute hs[..., 1:, :, :] of streams b0 ... b1-1 from hs[..., 0, :, :] and the inputs, layer by layer.

    Dropout depends on ``steps``, the number of optimizer steps, and on ``first``, the number of the first stream.
    """
    T, (L, _, H), Hp = work.inputs.shape[0], network.weights.Whh.shape, work.hs.shape[4]
    for layer in range(L):
        h, c = work.hs[layer, 0], work.hs[layer, work.hs.shape[1] - 1]
        if layer > 0:
            below, W = handed_up(layer - 1, work), network.packed.WihT[layer - 1]
            start, stop, u0, u1 = units_of(group, W[0], H)
            for g in range(network.cell.gates):
                window_product(below, b0, b1, variable(0), W[g, start:stop], work.Wx, g * Hp + u0)
            barrier(group)
        start, stop, u0, u1 = units_of(group, network.packed.WhhT[layer, 0], H)
        for t in range(T):
            Wx = work.Wx[t if layer > 0 else 0]
            step = Step(work.inputs[t], Wx, h[t], c[t], h[t + 1], c[t + 1], work.Wh, work.blocks[layer, t])
            advance(group, network, layer, b0, b1, step)
            if dropout.limit > 0:
                handed = work.handed[layer, t]
                for b in range(b0, b1):
                    copy(h[t + 1, b, u0:u1], handed[b, u0:u1])
                drop(dropout, steps, layer, t, first + b0, u0, u1, handed[b0:b1])
            barrier(group)


@inlined
def output(group, network, b0, b1, share, work):
    """Softmax and loss of streams b0 ... b1-1, then ys = dy * share and the gradient from above, ys @ Why.

    share is 1/B: gradients are those of the mean over streams. Threads share time steps.
    """
    highest, by, zero = network.weights.Whh.shape[0] - 1, network.weights.by, variable(0)
    B, V = work.targets.shape[1], by.size
    t0, t1 = span(group, work.targets.shape[0], 1)
    top, dhs = handed_up(highest, work)[t0:t1], from_above(network.cell, highest, work)[t0:t1]
    ys, table, contexts = work.ys[t0:t1], network.weights.rows, work.contexts[t0:t1]
    if B == 1:
        window_product(top, b0, b1, zero, network.packed.WhyT, ys, zero)
    for t in range(t1 - t0):
        fetch(table, contexts[t, b0:b1])
        if B > 1:
            product(top[t, b0:b1], zero, network.packed.WhyT, ys[t, b0:b1], zero)
        for b in range(b0, b1):
            y, target = ys[t, b], work.targets[t0 + t, b]
            add_rows(table, contexts[t, b], y)
            most = add_bias(y, by)
            wanted = y[target] - most
            total = exponentials(y, V, most)
            work.nats[t0 + t, b] = log1(np.float64(total)) - np.float64(wanted)
            factor = share / total
            for k in range(V):
                y[k] *= factor
            y[target] -= share
        if B > 1:
            product(ys[t, b0:b1], zero, network.packed.Why, dhs[t, b0:b1], zero)
    if B == 1:
        window_product(ys, b0, b1, zero, network.packed.Why, dhs, zero)
    barrier(group)


# --- backward -----------------------------------------------------------------------------------------------


@inlined
def backward(group, network, dropout, steps, first, b0, b1, work):
    """Replace the blocks of streams b0 ... b1-1 by dz, from the highest layer down."""
    (L, _, H), T = network.weights.Whh.shape, work.inputs.shape[0]
    cell, dh_next, direct = network.cell, work.dh_next, work.direct
    for layer in range(L - 1, -1, -1):
        h, c, blocks = work.hs[layer, 0], work.hs[layer, work.hs.shape[1] - 1], work.blocks[layer]
        dhs, W = from_above(cell, layer, work), network.packed.Whh[layer]
        start, stop, u0, u1 = units_of(group, W, H)
        for b in range(b0, b1):
            fill_zero(dh_next[b, u0:u1])
            fill_zero(direct[b, u0:u1])
        for t in range(T - 1, -1, -1):
            if dropout.limit > 0:
                drop(dropout, steps, layer, t, first + b0, u0, u1, dhs[t, b0:b1])
            step_back(cell, b0, b1, u0, u1, blocks[t], dhs[t], dh_next, direct, h[t], c[t], h[t + 1], c[t + 1])
            if t > 0:
                barrier(group)
                fetch_rows(group, blocks[t, b0:b1])
                recurrent_product(blocks[t, b0:b1], W[start:stop], dh_next[b0:b1], u0, u1)
        barrier(group)
        if layer > 0:
            column, W = (cell.blocks - cell.gates) * work.hs.shape[4], network.packed.Wih[layer - 1]
            start, stop, u0, u1 = units_of(group, W, H)
            window_product(blocks, b0, b1, column, W[start:stop], from_above(cell, layer - 1, work), u0)
            barrier(group)


@inlined
def step_back(cell, b0, b1, u0, u1, blocks, dh, dh_next, direct, h_before, c_before, h, c):
    """Replace a step's blocks by dz, for streams b0 ... b1-1 and units u0 ... u1-1; all arrays are (B, .)."""
    for b in range(b0, b1):
        kept = fold(blocks[b], cell.blocks, u0)
        states = begin(h_before[b], u0), begin(c_before[b], u0), begin(h[b], u0), begin(c[b], u0)
        gradients = begin(dh[b], u0), begin(dh_next[b], u0), begin(direct[b], u0)
        differentiate(cell, u1 - u0, kept, *gradients, *states)


# --- the loop -----------------------------------------------------------------------------------------------


@inlined
def gradients(team, group, trainer, steps, first, b0, b1, work):
    """The loss of each step, and the gradient of the mean over all streams, not clipped, for the window in ``work``.

    steps: optimizer steps so far; first: the number of the window's first stream. The group has streams b0 ... b1-1.
    """
    network, dropout, kind = trainer.network, trainer.dropout, trainer.grads.flat.dtype.type
    forward(group, network, dropout, steps, first, b0, b1, work)
    output(group, network, b0, b1, kind(1) / kind(trainer.shards.streams), work)
    backward(group, network, dropout, steps, first, b0, b1, work)
    barrier(team)
    matrix_gradients(team, network.cell, work, trainer.grads)
    vector_gradients(team, network.cell, work, trainer.grads)
    barrier(team)


@inlined
def read_window(window, rows, b0, b1, work):
    """Set inputs, targets and contexts of streams b0 ... b1-1 from a window (B, K + T + 1)."""
    K = work.contexts.shape[2]
    for t in range(work.inputs.shape[0]):
        for b in range(b0, b1):
            work.inputs[t, b] = window[b, K + t]
            work.targets[t, b] = window[b, K + t + 1]
            point(window[b], K + t, rows, work.contexts[t, b])


@jit
def train(team, trainer, windows, afresh, steps, rates, work, losses):
    """Train an iteration for each of the learning rates. Every thread makes the same call.

    windows: (n, streams here, K + T + 1), the characters of each iteration after K characters of context; afresh: (n,
    streams here), True if the stream starts from h = 0; steps: optimizer steps so far; work: for a window of one shard.
    Updates the trainer's arrays and losses (n, streams here), in nats summed over T. Returns at once if an exchange
    with other processes has failed.
    """
    network, grads, shards = trainer.network, trainer.grads, trainer.shards
    (T, B), here = work.inputs.shape, shards.carried.shape[0]
    group, b0, b1, r0, r1 = own_streams(team, B)
    table, K = network.weights.rows, work.contexts.shape[2]
    rows = table.shape[0] // max(1, K)
    for n in range(rates.size):
        for s in range(here):
            take_states(shards.carried[s], afresh[n, s * B : (s + 1) * B], r0, r1, work.hs)
            read_window(windows[n, s * B : (s + 1) * B], rows, r0, r1, work)
            barrier(group)
            gradients(team, group, trainer, steps + n, shards.first + s * B, b0, b1, work)
            keep_states(work.hs, T, r0, r1, shards.carried[s])
            keep_gradient(team, grads.flat, s, shards)
            for b in range(r0, r1):
                losses[n, s * B + b] = 0.0
                for t in range(T):
                    losses[n, s * B + b] += work.nats[t, b]
        sum_shards(team, grads.flat, shards)
        if K > 0:  # one shard only; times B for the gradient of the sum over streams: all characters count equally
            update_rows(team, table, work.contexts, work.counts, work.ys, rates[n] * trainer.optimizer.rows_rate * B)
        update(team, trainer, rates[n], steps + n + 1, work.norms)
        exchange(team, variable(PARAMETERS), shards)
        if shards.failed[0] != 0:
            return
        barrier(team)
        pack_weights(team, network)
        barrier(team)
