"""An iteration of the batched engine with a clock between phases, for bench/phases.py.

These are the loops of kernels/batched/train.py and gradients.py around the engine's own kernels, for one shard and
without dropout. The clock is read after each phase of a time step, so phases find the caches as they do in training.
"""

import ctypes
import time
from typing import Any, NamedTuple

import numba
import numpy as np

from fastrnn.kernels.batched.cell import activate
from fastrnn.kernels.batched.functions import log1
from fastrnn.kernels.batched.gemm import add_outer_products, product, recurrent_product
from fastrnn.kernels.batched.gradients import (
    Product,
    copy_gates,
    fill_zero,
    pack_block,
    tiles_of,
    vector_gradients,
)
from fastrnn.kernels.batched.optimizers import update
from fastrnn.kernels.batched.packing import begin, fold, pack_left, pack_weights, rows_of
from fastrnn.kernels.batched.shards import keep_states, take_states
from fastrnn.kernels.batched.softmax import add_bias, exponentials
from fastrnn.kernels.batched.train import (
    fetch_rows,
    from_above,
    handed_up,
    own_streams,
    read_window,
    step_back,
    units_of,
    window_product,
)
from fastrnn.kernels.jit import OPTIONS, variable
from fastrnn.kernels.team import barrier, span

PHASES = (
    'characters and states',
    'input products, forward',
    'recurrent products, forward',
    'activation',
    'output products',
    'softmax',
    'differentiation',
    'recurrent products, back',
    'input products, back',
    'gradients of vectors',
    'packing of hidden states',
    'packing of dz and dy',
    'outer products',
    'copies of gradients',
    'optimizer',
    'packing of weights',
    'fetching of rows that others wrote',
    'barriers',
)
# fmt: off
(STATES, INPUT, RECURRENT, ACTIVATION, OUTPUT, SOFTMAX, DIFFERENTIATION, RECURRENT_BACK, INPUT_BACK,
 VECTORS, PACKING_HIDDEN, PACKING_LEFT, OUTER, COPIES, OPTIMIZER, PACKING_WEIGHTS, FETCHING,
 BARRIERS) = range(len(PHASES))
# fmt: on
compiled = numba.njit(**OPTIONS)

# --- the clock ------------------------------------------------------------------------------------------------------


class Watch(NamedTuple):
    """The watch of a thread."""

    spent: Any  # (phases,) int64, nanoseconds
    time: Any  # (3,) int64: seconds and nanoseconds, as the system writes them; nanoseconds at the last lap


gettime = ctypes.CDLL(None).clock_gettime
gettime.argtypes = ctypes.c_int, ctypes.c_void_p
CLOCK = time.CLOCK_MONOTONIC


def make_watch() -> Watch:
    return Watch(np.zeros(len(PHASES), np.int64), np.zeros(3, np.int64))


@compiled
def start(watch):
    gettime(CLOCK, watch.time.ctypes.data)
    watch.time[2] = watch.time[0] * 1_000_000_000 + watch.time[1]


@compiled
def lap(watch, phase):
    """Add the time since the last lap to this phase. (Takes about 25 ns.)"""
    before = watch.time[2]
    start(watch)
    watch.spent[phase] += watch.time[2] - before


# --- an iteration, as in kernels/batched/train.py -------------------------------------------------------------------


@compiled
def forward(group, network, b0, b1, work, watch):
    (cell, weights, packed), T, (L, _, H) = network, work.inputs.shape[0], network.weights.Whh.shape
    G, Hp = cell.gates, work.hs.shape[4]
    for layer in range(L):
        h, c = work.hs[layer, 0], work.hs[layer, work.hs.shape[1] - 1]
        if layer > 0:
            below, W = handed_up(layer - 1, work), packed.WihT[layer - 1]
            start, stop, u0, u1 = units_of(group, W[0], H)
            for g in range(G):
                window_product(below, b0, b1, variable(0), W[g, start:stop], work.Wx, g * Hp + u0)
            lap(watch, INPUT)
            barrier(group)
            lap(watch, BARRIERS)
        W = packed.WhhT[layer]
        start, stop, u0, u1 = units_of(group, W[0], H)
        bias, bhn = fold(weights.bh[layer], G, u0), begin(weights.bhn[layer], u0)
        for t in range(T):
            fetch_rows(group, h[t, b0:b1])
            lap(watch, FETCHING)
            for g in range(G):
                base = (g + cell.blocks - G) % G * Hp
                recurrent_product(h[t, b0:b1], W[g, start:stop], work.Wh[b0:b1], base + u0, base + u1)
            lap(watch, RECURRENT)
            for b in range(b0, b1):
                Wh = fold(work.Wh[b], G, u0)
                Wx = fold(weights.WxhT[work.inputs[t, b]] if layer == 0 else work.Wx[t, b], G, u0)
                before, after = (begin(h[t, b], u0), begin(c[t, b], u0)), begin(h[t + 1, b], u0)
                blocks, c_after = fold(work.blocks[layer, t, b], cell.blocks, u0), begin(c[t + 1, b], u0)
                activate(cell, u1 - u0, Wh, Wx, bias, bhn, blocks, before[0], before[1], after, c_after)
            lap(watch, ACTIVATION)
            barrier(group)
            lap(watch, BARRIERS)


@compiled
def output(group, network, b0, b1, share, work, watch):
    highest, by, zero = network.weights.Whh.shape[0] - 1, network.weights.by, variable(0)
    t0, t1 = span(group, work.targets.shape[0], 1)
    top, dhs = handed_up(highest, work)[t0:t1], from_above(network.cell, highest, work)[t0:t1]
    ys = work.ys[t0:t1]
    for t in range(t1 - t0):
        product(top[t, b0:b1], zero, network.packed.WhyT, ys[t, b0:b1], zero)
        lap(watch, OUTPUT)
        for b in range(b0, b1):
            y, target = ys[t, b], work.targets[t0 + t, b]
            most = add_bias(y, by)
            wanted = y[target] - most
            total = exponentials(y, by.size, most)
            work.nats[t0 + t, b] = log1(np.float64(total)) - np.float64(wanted)
            factor = share / total
            for k in range(by.size):
                y[k] *= factor
            y[target] -= share
        lap(watch, SOFTMAX)
        product(ys[t, b0:b1], zero, network.packed.Why, dhs[t, b0:b1], zero)
        lap(watch, OUTPUT)
    barrier(group)
    lap(watch, BARRIERS)


@compiled
def backward(group, network, b0, b1, work, watch):
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
            step_back(cell, b0, b1, u0, u1, blocks[t], dhs[t], dh_next, direct, h[t], c[t], h[t + 1], c[t + 1])
            lap(watch, DIFFERENTIATION)
            if t > 0:
                barrier(group)
                lap(watch, BARRIERS)
                fetch_rows(group, blocks[t, b0:b1])
                lap(watch, FETCHING)
                recurrent_product(blocks[t, b0:b1], W[start:stop], dh_next[b0:b1], u0, u1)
                lap(watch, RECURRENT_BACK)
        barrier(group)
        lap(watch, BARRIERS)
        if layer > 0:
            column, W = (cell.blocks - cell.gates) * work.hs.shape[4], network.packed.Wih[layer - 1]
            start, stop, u0, u1 = units_of(group, W, H)
            window_product(blocks, b0, b1, column, W[start:stop], from_above(cell, layer - 1, work), u0)
            lap(watch, INPUT_BACK)
            barrier(group)
            lap(watch, BARRIERS)


@compiled
def add_terms(team, factors, first, last, work, watch):
    k0, k1 = max(first - factors.later, 0), min(last - factors.later, factors.left.shape[0])
    if k0 >= k1:
        return
    left, at, some = factors.left[k0:k1], k0 + factors.later - first, work.left.shape[0]
    for gate in range(factors.gates):
        start, stop = tiles_of(team, factors, gate)
        for i0 in range(start, stop, some):
            i1 = min(i0 + some, stop)
            pack_left(left, factors.column, i0, i1, work.left)
            lap(watch, PACKING_LEFT)
            add_outer_products(work.left, work.right, at, k1 - k0, factors.dW, i0, i1, k0 > 0)
            lap(watch, OUTER)


@compiled
def matrix_gradients(team, cell, work, grads, watch):
    (L, _, steps, B, Hp), G, (V, H), zero = work.hs.shape, cell.gates, grads.Why.shape, variable(0)
    split_gates = cell.blocks - G
    for layer in range(L):
        recurrent = Product(work.dWhh, G, H, Hp, rows_of(work.blocks[layer]), zero, zero)
        if layer + 1 < L:
            above = Product(work.dWih, G, H, Hp, rows_of(work.blocks[layer + 1]), split_gates * Hp, B)
        else:
            above = Product(work.dWhy, variable(1), V, V, rows_of(work.ys), zero, B)
        hidden = rows_of(work.hs[layer, 0])
        for first in range(0, steps * B, work.right.shape[1]):
            last = pack_block(hidden, first, work.right)
            lap(watch, PACKING_HIDDEN)
            add_terms(team, recurrent, first, last, work, watch)
            add_terms(team, above, first, last, work, watch)
        copy_gates(team, recurrent, G - split_gates, grads.Whh[layer])
        if layer + 1 < L:
            copy_gates(team, above, zero, grads.Wih[layer])
        else:
            copy_gates(team, above, zero, grads.Why)
        lap(watch, COPIES)


@compiled
def train(team, trainer, windows, afresh, steps, rates, work, losses, watch):
    network, grads, shards = trainer.network, trainer.grads, trainer.shards
    (T, B), kind = work.inputs.shape, grads.flat.dtype.type
    group, b0, b1, r0, r1 = own_streams(team, B)
    barrier(team)
    start(watch)
    for n in range(rates.size):
        take_states(shards.carried[0], afresh[n], r0, r1, work.hs)
        read_window(windows[n], variable(0), r0, r1, work)  # no case has n-grams
        lap(watch, STATES)
        barrier(group)
        lap(watch, BARRIERS)
        forward(group, network, b0, b1, work, watch)
        output(group, network, b0, b1, kind(1) / kind(B), work, watch)
        backward(group, network, b0, b1, work, watch)
        barrier(team)
        lap(watch, BARRIERS)
        matrix_gradients(team, network.cell, work, grads, watch)
        vector_gradients(team, network.cell, work, grads)
        lap(watch, VECTORS)
        barrier(team)
        lap(watch, BARRIERS)
        keep_states(work.hs, T, r0, r1, shards.carried[0])
        for b in range(r0, r1):
            losses[n, b] = 0.0
            for t in range(T):
                losses[n, b] += work.nats[t, b]
        lap(watch, STATES)
        update(team, trainer, rates[n], steps + n + 1, work.norms)
        lap(watch, OPTIMIZER)
        barrier(team)
        lap(watch, BARRIERS)
        pack_weights(team, network)
        lap(watch, PACKING_WEIGHTS)
        barrier(team)
        lap(watch, BARRIERS)


@compiled
def wait(team, n):
    """Pass n barriers."""
    for _ in range(n):
        barrier(team)
