"""The fast engine: B streams at once, float32 or float64, threads that share streams and then rows of gradients.

The same headings as in ``exact/rnn.py``. A thread takes its streams through a whole window (forward, output layer,
backward) without waiting for others; then threads share rows of the gradients, then ranges of the flat parameters.
No element's sum depends on who computes it, so the bits do not depend on the number of threads.

Rows are padded with zeros to whole panels: Hp, Vp for H, V. The loss is in nats, summed over T, averaged over streams.
"""

import numpy as np

from ..jit import inlined, jit
from ..team import barrier, span
from .functions import log1
from .gemm import product, row_product
from .gradients import fill_zero, matrix_gradients, vector_gradients
from .optimizers import step
from .packing import copy, pack_columns, pack_rows
from .rnn import activate, differentiate
from .softmax import add_bias, exponentials


@jit
def pack_weights(team, weights, packed):
    """Lay the matrices out as right factors; threads share the panels."""
    start, stop = span(team, packed.WhyT.shape[0], 1)
    pack_rows(weights.Why, start, stop, packed.WhyT)
    start, stop = span(team, packed.WhhT.shape[0], 1)
    pack_rows(weights.Whh, start, stop, packed.WhhT)
    start, stop = span(team, packed.Whh.shape[0], 1)
    pack_columns(weights.Whh, start, stop, packed.Whh)
    start, stop = span(team, packed.Why.shape[0], 1)
    pack_columns(weights.Why, start, stop, packed.Why)


@jit
def recurrent_product(A, W, lanes, C):
    """C = A @ W by panels for many rows, by strips for one."""
    if W.shape[2] == 2 * lanes:
        product(A, W, C)
    else:
        row_product(A[0], W, lanes, C[0])


@inlined
def rows_of(X):
    """X (T, 1, N) as a matrix, contiguous for the compiler too."""
    return X.reshape(X.shape[0], X.shape[2])


# --- forward ------------------------------------------------------------------------------------------------


@inlined
def advance(weights, packed, inputs, hs_prev, b0, b1, z, hs):
    """hs, the states (B, Hp) of streams b0 ... b1-1, from those before and the characters inputs (B,); z is scratch."""
    recurrent_product(hs_prev[b0:b1], packed.WhhT, packed.WhyT.shape[2] // 2, z[b0:b1])
    for b in range(b0, b1):
        activate(z[b], weights.WxhT[inputs[b]], weights.bh, hs[b])


@inlined
def forward(weights, packed, b0, b1, work):
    """Fill hs[1:] of streams b0 ... b1-1 from hs[0] and the inputs."""
    for t in range(work.inputs.shape[0]):
        advance(weights, packed, work.inputs[t], work.hs[t], b0, b1, work.z, work.hs[t + 1])


@inlined
def output(weights, packed, b0, b1, weight, work):
    """Softmax and loss of streams b0 ... b1-1; ys becomes dy * weight, dhs becomes dy @ Why * weight.

    weight is 1/B, so that gradients are those of the mean over streams.
    """
    hs, ys, dhs, targets, by = work.hs, work.ys, work.dhs, work.targets, weights.by
    (T, B), V = targets.shape, by.size
    for b in range(b0, b1):
        work.loss[b] = 0.0
    if B == 1:  # all t at once: one row would leave most of a tile empty
        product(rows_of(hs)[1:], packed.WhyT, rows_of(ys))
    for t in range(T):
        if B > 1:
            product(hs[t + 1, b0:b1], packed.WhyT, ys[t, b0:b1])
        for b in range(b0, b1):
            y, target = ys[t, b], targets[t, b]
            most = add_bias(y, by)
            wanted = y[target] - most
            total = exponentials(y, V, most)
            work.loss[b] += log1(np.float64(total)) - np.float64(wanted)
            factor = weight / total
            for k in range(V):
                y[k] *= factor
            y[target] -= weight
        if B > 1:
            product(ys[t, b0:b1], packed.Why, dhs[t, b0:b1])
    if B == 1:
        product(rows_of(ys), packed.Why, rows_of(dhs))


# --- backward -----------------------------------------------------------------------------------------------


@inlined
def backward(weights, packed, b0, b1, work):
    """Turn dhs of streams b0 ... b1-1 from dy @ Why into dhraw."""
    dhs, dhnext = work.dhs, work.z
    T, H = work.inputs.shape[0], weights.bh.size
    for b in range(b0, b1):
        fill_zero(dhnext[b])
    for t in range(T - 1, -1, -1):
        for b in range(b0, b1):
            differentiate(work.hs[t + 1, b, :H], dhnext[b], dhs[t, b])
        if t > 0:
            recurrent_product(dhs[t, b0:b1], packed.Whh, packed.WhyT.shape[2] // 2, dhnext[b0:b1])


# --- the loop -----------------------------------------------------------------------------------------------


@inlined
def gradients(team, weights, packed, grads, work):
    """Loss and gradient of one window; the loss is in work.loss, by stream. Not clipped."""
    B = work.inputs.shape[1]
    b0, b1 = span(team, B, 1)
    weight = weights.flat.dtype.type(1) / weights.flat.dtype.type(B)
    forward(weights, packed, b0, b1, work)
    output(weights, packed, b0, b1, weight, work)
    backward(weights, packed, b0, b1, work)
    barrier(team)
    vector_gradients(team, work, grads)
    matrix_gradients(team, work, grads)
    barrier(team)


@inlined
def read_window(ids, length, p, b0, b1, work):
    """Characters p ... p+T of streams b0 ... b1-1, each ``length`` long, as inputs and targets."""
    for t in range(work.inputs.shape[0]):
        for b in range(b0, b1):
            work.inputs[t, b] = ids[b * length + p + t]
            work.targets[t, b] = ids[b * length + p + t + 1]


@jit
def train(team, ids, weights, packed, grads, optimizer, rates, position, work, losses):
    """``losses.size`` iterations over the text ``ids``, cut into B streams; every thread makes the same call.

    position[0] is where the next window starts in each stream, position[1] the optimizer's steps so far; both are
    updated, as are weights, packed (their packed form), optimizer, work.hs[0] and losses (nats summed over T, mean over
    streams). rates holds each iteration's learning rate. Streams wrap as in the gist, and start again from h = 0.
    """
    T, B = work.inputs.shape
    length = ids.size // B
    b0, b1 = span(team, B, 1)
    p, steps = position[0], position[1]
    for n in range(losses.size):
        if p + T + 1 >= length:
            p = 0
            for b in range(b0, b1):
                fill_zero(work.hs[0, b])
        read_window(ids, length, p, b0, b1, work)
        gradients(team, weights, packed, grads, work)
        steps += 1
        step(team, weights.flat, grads.flat, optimizer, rates[n], steps, work.norms)
        barrier(team)
        pack_weights(team, weights, packed)
        p += T
        for b in range(b0, b1):
            copy(work.hs[T, b], work.hs[0, b])
        if team.rank == 0:
            total = 0.0
            for b in range(B):
                total += work.loss[b]
            losses[n] = total / B
            position[0], position[1] = p, steps
        barrier(team)
