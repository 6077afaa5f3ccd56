"""The batched engine: B streams at once, float32 or float64, threads that share streams and then rows of gradients.

The same headings as in ``exact/rnn.py``. A thread takes its streams through a whole window (forward, output layer,
backward) without waiting for others; then threads share rows of the gradients, then ranges of the flat parameters.
No element's sum depends on who computes it, so the bits do not depend on the number of threads. Nor do they depend on
the number of processes that share the streams, shard by shard, as ``shards.py`` says.

Rows are padded as ``buffers.py`` says. The loss is in nats, summed over T, averaged over streams.
"""

import numpy as np

from ..jit import inlined, jit
from ..team import barrier, span
from .cell import activate, differentiate
from .dropout import drop
from .functions import log1
from .gemm import product, recurrent_product
from .gradients import fill_zero, matrix_gradients, vector_gradients
from .optimizers import step
from .packing import copy, pack_weights, rows_of, split
from .shards import PARAMETERS, add_shards, carry, gather, hand_over, take_up
from .softmax import add_bias, exponentials


@jit
def window_product(A, b0, b1, start, W, C, column):
    """C[:, b0:b1, column:] = A[:, b0:b1, start : start+K] @ W, for A and C (T, B, .) and W in panels."""
    if A.shape[1] == 1:  # all t at once: one row would leave most of a tile empty
        product(rows_of(A), start, W, rows_of(C), column)
    else:
        for t in range(A.shape[0]):
            product(A[t, b0:b1], start, W, C[t, b0:b1], column)


# --- forward ------------------------------------------------------------------------------------------------


@jit
def advance(cell, weights, packed, layer, inputs, xs, b0, b1, h_before, c_before, z, blocks, h, c):
    """A layer of streams b0 ... b1-1 takes a step of time: h, c (B, Hp) from those before, which lie elsewhere.

    The lowest layer reads the characters inputs (B,), the others their input side, xs (B, G*Hp). What the way back
    needs is left in blocks (B, S*Hp); z (B, G*Hp) is scratch.
    """
    H, Hp, zero = weights.Whh.shape[2], h.shape[1], b0 - b0
    own, lanes, bias, bias_own = (
        cell.blocks - cell.gates,
        packed.Why.shape[2] // 2,
        split(weights.bh[layer], cell.gates),
        weights.bhn[layer],
    )
    for g in range(cell.gates):
        column = (g + own) % cell.gates * Hp
        recurrent_product(h_before[b0:b1], zero, packed.WhhT[layer, g], lanes, z[b0:b1], column)
    for b in range(b0, b1):
        Wx = split(weights.WxhT[inputs[b]] if layer == 0 else xs[b], cell.gates)
        kept = split(blocks[b], cell.blocks)
        activate(cell, H, split(z[b], cell.gates), Wx, bias, bias_own, kept, h_before[b], c_before[b], h[b], c[b])


@inlined
def handed_up(layer, work):
    """What a layer hands up, (T, B, Hp): its states, or what dropout left of them."""
    return work.handed[layer] if work.handed.shape[0] > 0 else work.hs[layer, 0, 1:]


@inlined
def from_above(cell, layer, work):
    """The gradient of what a layer hands up, (T, B, Hp); see :func:`cell.differentiate`."""
    return work.blocks[layer] if cell.blocks == 1 else work.dhs


@inlined
def forward(cell, weights, packed, dropout, steps, first, b0, b1, work):
    """Fill hs[..., 1:, :, :] of streams b0 ... b1-1 from hs[..., 0, :, :] and the inputs, layer by layer.

    ``first`` is the number among all streams of the first here, by which dropout tells them apart.
    """
    T, H, Hp, zero = work.inputs.shape[0], weights.Whh.shape[2], work.hs.shape[4], b0 - b0
    last = work.hs.shape[1] - 1
    for layer in range(weights.Whh.shape[0]):
        h, c, blocks = work.hs[layer, 0], work.hs[layer, last], work.blocks[layer]
        if layer > 0:
            below = handed_up(layer - 1, work)
            for g in range(cell.gates):
                window_product(below, b0, b1, zero, packed.WihT[layer - 1, g], work.xs, g * Hp)
        for t in range(T):
            inputs, xs = work.inputs[t], work.xs[t if layer > 0 else zero]
            advance(cell, weights, packed, layer, inputs, xs, b0, b1, h[t], c[t], work.z, blocks[t], h[t + 1], c[t + 1])
            if dropout.limit > 0:
                handed = work.handed[layer, t]
                for b in range(b0, b1):
                    copy(h[t + 1, b], handed[b])
                drop(dropout, steps, layer, t, first, b0, b1, H, handed)


@inlined
def output(cell, weights, packed, b0, b1, weight, work):
    """Softmax and loss of streams b0 ... b1-1; ys becomes dy * weight, the gradient from above dy @ Why * weight.

    weight is 1/B, so that gradients are those of the mean over streams.
    """
    highest, ys, by = weights.Whh.shape[0] - 1, work.ys, weights.by
    top, dhs = handed_up(highest, work), from_above(cell, highest, work)
    (T, B), V, zero = work.targets.shape, by.size, b0 - b0
    for b in range(b0, b1):
        work.loss[b] = 0.0
    if B == 1:
        window_product(top, b0, b1, zero, packed.WhyT, ys, zero)
    for t in range(T):
        if B > 1:
            product(top[t, b0:b1], zero, packed.WhyT, ys[t, b0:b1], zero)
        for b in range(b0, b1):
            y, target = ys[t, b], work.targets[t, b]
            most = add_bias(y, by)
            wanted = y[target] - most
            total = exponentials(y, V, most)
            work.loss[b] += log1(np.float64(total)) - np.float64(wanted)
            factor = weight / total
            for k in range(V):
                y[k] *= factor
            y[target] -= weight
        if B > 1:
            product(ys[t, b0:b1], zero, packed.Why, dhs[t, b0:b1], zero)
    if B == 1:
        window_product(ys, b0, b1, zero, packed.Why, dhs, zero)


# --- backward -----------------------------------------------------------------------------------------------


@inlined
def backward(cell, weights, packed, dropout, steps, first, b0, b1, work):
    """Turn blocks of streams b0 ... b1-1 into dz, from the highest layer down."""
    (L, _, H), T, Hp = weights.Whh.shape, work.inputs.shape[0], work.hs.shape[4]
    dh_next, carry = work.dh_next, work.carry
    zero, last, lanes = b0 - b0, work.hs.shape[1] - 1, packed.Why.shape[2] // 2
    for layer in range(L - 1, -1, -1):
        h, c, blocks = work.hs[layer, 0], work.hs[layer, last], work.blocks[layer]
        from_top = from_above(cell, layer, work)
        for b in range(b0, b1):
            fill_zero(dh_next[b])
            fill_zero(carry[b])
        for t in range(T - 1, -1, -1):
            dhs, h_before, c_before, h_here, c_here = from_top[t], h[t], c[t], h[t + 1], c[t + 1]
            if dropout.limit > 0:
                drop(dropout, steps, layer, t, first, b0, b1, H, dhs)
            for b in range(b0, b1):
                differentiate(
                    cell,
                    H,
                    split(blocks[t, b], cell.blocks),
                    dhs[b],
                    dh_next[b],
                    carry[b],
                    h_before[b],
                    c_before[b],
                    h_here[b],
                    c_here[b],
                )
            if t > 0:
                recurrent_product(blocks[t, b0:b1], zero, packed.Whh[layer], lanes, dh_next[b0:b1], zero)
        if layer > 0:
            below = from_above(cell, layer - 1, work)
            window_product(blocks, b0, b1, (cell.blocks - cell.gates) * Hp, packed.Wih[layer - 1], below, zero)


# --- the loop -----------------------------------------------------------------------------------------------


@inlined
def gradients(team, cell, weights, packed, grads, dropout, steps, first, streams, work):
    """Loss and gradient of one window, before which the optimizer took so many steps; loss by stream. Not clipped.

    Its streams are those from number ``first`` on, of so many, over which the gradient is averaged.
    """
    b0, b1 = span(team, work.inputs.shape[1], 1)
    weight = weights.flat.dtype.type(1) / weights.flat.dtype.type(streams)
    forward(cell, weights, packed, dropout, steps, first, b0, b1, work)
    output(cell, weights, packed, b0, b1, weight, work)
    backward(cell, weights, packed, dropout, steps, first, b0, b1, work)
    barrier(team)
    vector_gradients(team, cell, work, grads)
    matrix_gradients(team, cell, work, grads)
    barrier(team)


@inlined
def read_window(ids, first, length, p, b0, b1, work):
    """Characters p ... p+T of streams b0 ... b1-1, each ``length`` long, as inputs and targets.

    ``first`` is the number in ids of the first of the window's streams.
    """
    for t in range(work.inputs.shape[0]):
        for b in range(b0, b1):
            at = (first + b) * length + p + t
            work.inputs[t, b] = ids[at]
            work.targets[t, b] = ids[at + 1]


@jit
def train(team, cell, ids, weights, packed, grads, optimizer, dropout, rates, position, shards, work, losses):
    """``losses.shape[0]`` iterations over the text ``ids``, cut into streams; every thread makes the same call.

    ids are those of this process's shards of streams, work is for one of them. position[0] is where the next window
    starts in each stream, position[1] the optimizer's steps so far; both are updated, as are weights, packed (their
    packed form), optimizer, shards.carried, and losses (n, own * B): nats summed over T, of each stream here. rates
    holds each iteration's learning rate. Streams wrap as in the gist, and start again from h = 0. Ends at once where an
    exchange with other processes has failed.
    """
    T, B = work.inputs.shape
    own = shards.carried.shape[0]
    length = ids.size // (own * B)
    b0, b1 = span(team, B, 1)
    p, steps = position[0], position[1]
    for n in range(losses.shape[0]):
        wraps = p + T + 1 >= length
        if wraps:
            p = T - T
        for s in range(own):
            take_up(shards.carried[s], wraps, b0, b1, work.hs)
            read_window(ids, s * B, length, p, b0, b1, work)
            first = shards.first + s * B
            gradients(team, cell, weights, packed, grads, dropout, steps, first, shards.streams, work)
            carry(work.hs, T, b0, b1, shards.carried[s])
            hand_over(team, grads.flat, s, shards)
            for b in range(b0, b1):
                losses[n, s * B + b] = work.loss[b]
        add_shards(team, grads.flat, shards)
        steps += 1
        step(team, weights.flat, grads.flat, optimizer, rates[n], steps, shards, work.norms)
        gather(team, PARAMETERS, shards)
        if shards.failed[0] != 0:
            return
        barrier(team)
        pack_weights(team, cell, weights, packed)
        p += T
        if team.rank == 0:
            position[0], position[1] = p, steps
        barrier(team)
