"""The fast engine: B streams at once, float32 or float64, threads that share streams and then rows of gradients.

The same headings as in ``exact.py``. A thread takes its streams through a whole window (forward, output layer,
backward) without waiting for others; then threads share rows of the gradients, then ranges of the flat parameters.
No element's sum depends on who computes it, so the bits do not depend on the number of threads.

Rows are padded with zeros to whole panels: Hp, Vp for H, V. The loss is in nats, summed over T, averaged over streams.
"""

from functools import partial

import numpy as np

from ..jit import fast_jit
from ..team import barrier, span
from .buffers import Optimizer as Optimizer
from .buffers import Packed as Packed
from .buffers import Params as Params
from .buffers import Work as Work
from .buffers import for_thread as for_thread
from .buffers import make_packed as make_packed
from .buffers import make_work as make_work
from .functions import exp1, row_max, tanh1
from .gemm import product, row_product
from .gradients import fill_zero, matrix_gradients, vector_gradients
from .optimizers import ADAM, CHUNK, CLIP_NORM, adagrad, adam, clip, scale, squares
from .packing import copy, pack_columns, pack_rows


@fast_jit
def pack_weights(team, params, packed):
    """Lay the matrices out as right factors; threads share the panels."""
    start, stop = span(team, packed.WhyT.shape[0], 1)
    pack_rows(params.Why, start, stop, packed.WhyT)
    start, stop = span(team, packed.Why.shape[0], 1)
    pack_columns(params.Why, start, stop, packed.Why)
    start, stop = span(team, packed.Whh.shape[0], 1)
    pack_rows(params.Whh, start, stop, packed.WhhT)
    pack_columns(params.Whh, start, stop, packed.Whh)


@fast_jit
def recurrent_product(A, W, lanes, C):
    """C = A @ W by panels for many rows, by strips for one."""
    if W.shape[2] == 2 * lanes:
        product(A, W, C)
    else:
        row_product(A[0], W, lanes, C[0])


# --- forward ------------------------------------------------------------------------------------------------


@fast_jit
def forward(params, packed, b0, b1, work):
    """Fill hs[1:] of streams b0 ... b1-1 from hs[0] and the inputs."""
    hs, z, inputs = work.hs, work.z, work.inputs
    T, H = inputs.shape[0], params.bh.size
    lanes = packed.WhyT.shape[2] // 2
    for t in range(T):
        recurrent_product(hs[t, b0:b1], packed.WhhT, lanes, z[b0:b1])
        for b in range(b0, b1):
            x, zb, h = params.WxhT[inputs[t, b]], z[b], hs[t + 1, b]
            for i in range(H):
                h[i] = tanh1(zb[i] + x[i] + params.bh[i])


@fast_jit
def output(params, packed, b0, b1, weight, work):
    """Softmax and loss of streams b0 ... b1-1; ys becomes dy * weight, dhs becomes dy @ Why * weight.

    weight is 1/B, so that gradients are those of the mean over streams.
    """
    hs, ys, dhs, targets, by = work.hs, work.ys, work.dhs, work.targets, params.by
    (T, B), V = targets.shape, by.size
    for b in range(b0, b1):
        work.loss[b] = 0.0
    if B == 1:  # all t at once: one row would leave most of a tile empty
        product(hs[1:, 0], packed.WhyT, ys[:, 0])
    for t in range(T):
        if B > 1:
            product(hs[t + 1, b0:b1], packed.WhyT, ys[t, b0:b1])
        for b in range(b0, b1):
            y, target = ys[t, b], targets[t, b]
            for k in range(V):
                y[k] += by[k]
            most = row_max(y, V)
            wanted = y[target] - most
            total = y[0] * 0
            for k in range(V):
                e = exp1(y[k] - most)
                y[k] = e
                total += e
            work.loss[b] += np.log(np.float64(total)) - np.float64(wanted)
            factor = weight / total
            for k in range(V):
                y[k] *= factor
            y[target] -= weight
        if B > 1:
            product(ys[t, b0:b1], packed.Why, dhs[t, b0:b1])
    if B == 1:
        product(ys[:, 0], packed.Why, dhs[:, 0])


# --- backward -----------------------------------------------------------------------------------------------


@fast_jit
def backward(params, packed, b0, b1, work):
    """Turn dhs of streams b0 ... b1-1 from dy @ Why into dhraw."""
    hs, dhs, dhnext = work.hs, work.dhs, work.z
    T, H = work.inputs.shape[0], params.bh.size
    lanes = packed.WhyT.shape[2] // 2
    one = params.flat.dtype.type(1)
    for b in range(b0, b1):
        fill_zero(dhnext[b])
    for t in range(T - 1, -1, -1):
        for b in range(b0, b1):
            h, d, dn = hs[t + 1, b], dhs[t, b], dhnext[b]
            for i in range(H):
                d[i] = (one - h[i] * h[i]) * (d[i] + dn[i])
        if t > 0:
            recurrent_product(dhs[t, b0:b1], packed.Whh, lanes, dhnext[b0:b1])


# --- the optimizer ------------------------------------------------------------------------------------------


@fast_jit
def update(team, params, grads, optimizer, rate, step, work):
    """Clip the gradient and take one step of the optimizer, number ``step`` counted from 1."""
    P, G = params.flat, grads.flat
    kind = P.dtype.type
    c0, c1 = span(team, work.norms.size, 1)
    start, stop = c0 * CHUNK, min(c1 * CHUNK, P.size)
    if optimizer.clipping == CLIP_NORM:
        for chunk in range(c0, c1):
            work.norms[chunk] = squares(G[chunk * CHUNK : (chunk + 1) * CHUNK])
        barrier(team)
        total = 0.0
        for chunk in range(work.norms.size):
            total += work.norms[chunk]
        norm = np.sqrt(total)
        if not norm <= optimizer.limit:
            scale(G[start:stop], kind(optimizer.limit / norm))
    else:
        clip(G[start:stop], optimizer.limit)
    if optimizer.kind == ADAM:
        root = np.sqrt(1.0 - np.float64(optimizer.beta2) ** step)
        corrected = rate * root / (1.0 - np.float64(optimizer.beta1) ** step)
        epsilon = kind(optimizer.epsilon * root)
        M, S = optimizer.M[start:stop], optimizer.S[start:stop]
        keep = kind(1.0 - rate * optimizer.decay)
        adam(P[start:stop], G[start:stop], M, S, kind(corrected), optimizer.beta1, optimizer.beta2, epsilon, keep)
    else:
        adagrad(P[start:stop], G[start:stop], optimizer.M[start:stop], kind(rate), optimizer.epsilon)


# --- the loop -----------------------------------------------------------------------------------------------


@partial(fast_jit, inline='always')  # compiled once, not also inside train
def gradients(team, params, packed, grads, work):
    """Loss and gradient of one window; the loss is in work.loss, by stream. Not clipped."""
    B = work.inputs.shape[1]
    b0, b1 = span(team, B, 1)
    weight = params.flat.dtype.type(1) / params.flat.dtype.type(B)
    forward(params, packed, b0, b1, work)
    output(params, packed, b0, b1, weight, work)
    backward(params, packed, b0, b1, work)
    barrier(team)
    vector_gradients(team, work, grads)
    matrix_gradients(team, work, grads)
    barrier(team)


@fast_jit
def read_window(ids, length, p, b0, b1, work):
    """Characters p ... p+T of streams b0 ... b1-1, each ``length`` long, as inputs and targets."""
    for t in range(work.inputs.shape[0]):
        for b in range(b0, b1):
            work.inputs[t, b] = ids[b * length + p + t]
            work.targets[t, b] = ids[b * length + p + t + 1]


@fast_jit
def train(team, ids, params, packed, grads, optimizer, rates, position, work, losses):
    """``losses.size`` iterations over the text ``ids``, cut into B streams; every thread makes the same call.

    position[0] is where the next window starts in each stream, position[1] the optimizer's steps so far; both are
    updated, as are params, packed (their packed form), optimizer, work.hs[0] and losses (nats summed over T, mean over
    streams). rates holds each iteration's learning rate. Streams wrap as in the gist, and start again from h = 0.
    """
    T, B = work.inputs.shape
    length = ids.size // B
    b0, b1 = span(team, B, 1)
    p, step = position[0], position[1]
    for n in range(losses.size):
        wraps = p + T + 1 >= length
        if wraps:
            p = 0
            for b in range(b0, b1):
                fill_zero(work.hs[0, b])
        read_window(ids, length, p, b0, b1, work)
        gradients(team, params, packed, grads, work)
        step += 1
        update(team, params, grads, optimizer, rates[n], step, work)
        barrier(team)
        pack_weights(team, params, packed)
        p += T
        for b in range(b0, b1):
            copy(work.hs[T, b], work.hs[0, b])
        if team.rank == 0:
            total = 0.0
            for b in range(B):
                total += work.loss[b]
            losses[n] = total / B
            position[0], position[1] = p, step
        barrier(team)


# --- scoring ------------------------------------------------------------------------------------------------


@fast_jit
def score(ids, params, packed, work, surprisals):
    """Surprisal in nats of ids[1:], from the state work.hs[0], which is left at the last character but one; B is 1.

    That holds for whole windows; surprisals (n-1,) is overwritten, the rest of work is scratch.
    """
    (T, _), V, n = work.inputs.shape, params.by.size, surprisals.size
    for first in range(0, n, T):
        count = min(T, n - first)
        for t in range(count):
            work.inputs[t, 0] = ids[first + t]
        forward(params, packed, 0, 1, work)
        product(work.hs[1:, 0], packed.WhyT, work.ys[:, 0])
        for t in range(count):
            y = work.ys[t, 0]
            for k in range(V):
                y[k] += params.by[k]
            most = row_max(y, V)
            total = y[0] * 0
            for k in range(V):
                total += exp1(y[k] - most)
            surprisals[first + t] = np.log(np.float64(total)) - np.float64(y[ids[first + t + 1]] - most)
        copy(work.hs[T, 0], work.hs[0, 0])
