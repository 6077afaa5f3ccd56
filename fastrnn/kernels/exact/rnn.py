"""min-char-rnn, bit-identical to the reference: the same operations in the same order, compiled.

Read it next to ``fastrnn/reference.py``: it has the same names, order and headings. It differs in where the numbers are
stored and which thread computes them:

- ``WxhT`` is Wxh transposed, (V, H), so that the one-hot product ``Wxh @ x`` reads the row ``WxhT[ix]``.
- The output layers of different t are independent, so they are computed after the loop over t.
- Gradients of Whh and Why exist only four rows at a time, between their sum and Adagrad.
- The threads of a team share each phase: rows of Whh, or t's of the output layer, or rows of gradients. Each computes
  its part as the reference does, so bits do not depend on their number.

All buffers are in a ``Work``; nothing is allocated here. Shapes: T steps, H hidden units, V characters.
"""

import numpy as np

from ..jit import inlined, jit, variable
from ..sampling import choose, filter_likeliest, temper
from ..team import barrier, span
from .numpy_functions import exp, gemv, gemv_t, log, tanh
from .one_hot import one_hot_gradient, one_hot_product
from .outer_products import ROWS, adagrad_row, descend, gradient, pack
from .vectors import all_finite, clip, fill, pairwise_sum

GRAIN = 8  # threads share H in multiples of 8: that keeps BLAS's grouping of rows and columns


# --- forward ------------------------------------------------------------------------------------------------


@jit
def forward(native, team, inputs, weights, literal, work):
    """Compute the hidden states hs[1:] from hs[0]; threads share the rows of Whh."""
    xs, hs, z = work.xs, work.hs, work.dhnext
    T, H = xs.shape
    i0, i1 = span(team, H, GRAIN)
    Whh, bh = weights.Whh[i0:i1], weights.bh
    for t in range(T):
        one_hot_product(weights.WxhT[:, i0:i1], inputs[t], literal, xs[t, i0:i1])
    for t in range(T):
        gemv(native, Whh, hs[t], z[i0:i1])
        for i in range(i0, i1):
            z[i] = (xs[t, i] + z[i]) + bh[i]
        tanh(native, z[i0:i1], hs[t + 1, i0:i1])
        barrier(team)


@jit
def output(native, team, targets, weights, work):
    """The output layer, forward and backward: ps, the losses, dy (in ps) and Why.T @ dy (in dhs).

    Threads share the t's.
    """
    hs, ys, ps = work.hs, work.ys, work.ps
    T, V = ys.shape
    Why, by = weights.Why, weights.by
    t0, t1 = span(team, T, 1)
    for t in range(t0, t1):
        gemv(native, Why, hs[t + 1], ys[t])
        for k in range(V):
            ys[t, k] += by[k]
    exp(native, ys[t0:t1], ys[t0:t1])
    for t in range(t0, t1):
        total = pairwise_sum(ys[t])
        for k in range(V):
            ps[t, k] = ys[t, k] / total
        work.loss[t] = ps[t, targets[t]]
        ps[t, targets[t]] -= 1.0
        gemv_t(native, Why, ps[t], work.dhs[t])
    log(native, work.loss[t0:t1], work.loss[t0:t1])
    barrier(team)


# --- backward -----------------------------------------------------------------------------------------------


@jit
def backward(native, team, weights, work):
    """Replace Why.T @ dy in dhs by dhraw, and compute dbh and dby, not clipped; threads share columns of Whh."""
    hs, dys, dhs, dhnext, dbh, dby = work.hs, work.ps, work.dhs, work.dhnext, work.dbh, work.dby
    T, H = dhs.shape[0], dbh.size
    i0, i1 = span(team, H, GRAIN)
    Whh = weights.Whh[:, i0:i1]
    fill(dbh[i0:i1], 0.0)
    fill(dhnext[i0:i1], 0.0)
    for t in range(T - 1, -1, -1):
        for i in range(i0, i1):
            h = hs[t + 1, i]
            dhs[t, i] = (1.0 - h * h) * (dhs[t, i] + dhnext[i])
            dbh[i] += dhs[t, i]
        barrier(team)
        if t > 0:
            gemv_t(native, Whh, dhs[t], dhnext[i0:i1])
    k0, k1 = span(team, dby.size, 1)
    fill(dby[k0:k1], 0.0)
    for t in range(T - 1, -1, -1):
        for k in range(k0, k1):
            dby[k] += dys[t, k]


@jit
def pack_gradients(team, work):
    """Pack the factors of dWhy and dWhh for tiles; threads share the panels."""
    for X, out in ((work.ps, work.left_V), (work.dhs, work.left_H), (work.hs, work.right)):
        start, stop = span(team, out.shape[0], 1)
        pack(X, start, stop, out)


# --- loss and gradients ----------------------------------------------------------------------------------------


@inlined
def lossFun(native, team, inputs, targets, weights, literal, work):
    """Forward and backward pass of a window, from work.hs[0]; returns the loss in nats, summed over T.

    dWxhT is complete and clipped, dbh and dby are complete; dWhy and dWhh are packed for ``gradient`` or ``descend``.
    Also returns whether one-hot products must be literal from now on.
    """
    forward(native, team, inputs, weights, literal, work)
    output(native, team, targets, weights, work)
    backward(native, team, weights, work)
    literal = literal or not all_finite(work.dbh)
    i0, i1 = span(team, work.dbh.size, GRAIN)
    one_hot_gradient(inputs, literal, i0, i1, work)
    pack_gradients(team, work)
    barrier(team)
    loss = 0.0
    for t in range(work.loss.size):
        loss += -work.loss[t]
    return loss, literal


@jit
def gradients(native, team, inputs, targets, weights, literal, work, dWhh, dWhy):
    """The gist's lossFun for a team of one: all gradients, clipped, in work, dWhh (H, H) and dWhy (V, H).

    work.dWxhT must be zero: only rows of occurring characters are written. Returns the loss in nats.
    """
    loss, literal = lossFun(native, team, inputs, targets, weights, literal, work)
    gradient(work.left_V, work.right, variable(0), work.rows, dWhy)
    gradient(work.left_H, work.right, variable(1), work.rows, dWhh)
    clip(work.dbh)
    clip(work.dby)
    return loss


# --- sample ----------------------------------------------------------------------------------------------------


@jit
def advance(native, h, ix, weights, literal, work):
    """Update the state h (H,) in place by character ix. Uses rows of ``work`` as scratch space."""
    x, z, bh = work.xs[0], work.dhnext, weights.bh
    one_hot_product(weights.WxhT, ix, literal, x)
    gemv(native, weights.Whh, h, z)
    for i in range(h.size):
        z[i] = (x[i] + z[i]) + bh[i]
    tanh(native, z, h)


@jit
def absorb(native, h, ids, weights, literal, work):
    """Update the state h (H,) in place by the characters ids (n,)."""
    for t in range(ids.size):
        advance(native, h, ids[t], weights, literal, work)


@jit
def sample(native, h, seed_ix, uniforms, weights, literal, choice, work, out):
    """Draw out.size characters after seed_ix, with one uniform number each; returns the number drawn.

    Changes h (H,) in place. Stops early if probabilities are NaN. At temperature 1 and without filters it draws like
    np.random.choice. Uses rows of ``work`` as scratch space, except hidden states and gradients.
    """
    y, edges, Why, by = work.ys[0], work.ps[0], weights.Why, weights.by
    V, ix = y.size, seed_ix
    for n in range(out.size):
        advance(native, h, ix, weights, literal, work)
        gemv(native, Why, h, y)
        for k in range(V):
            y[k] += by[k]
        if choice.temperature != 1.0:
            temper(y, choice.temperature)
        exp(native, y, y)
        total = pairwise_sum(y)
        if not 0.0 < total < np.inf:
            return n
        for k in range(V):
            y[k] /= total
        filter_likeliest(y, V, choice)
        ix = choose(y, V, uniforms[n], edges)
        out[n] = ix
    return out.size


# --- adagrad ---------------------------------------------------------------------------------------------------


@jit
def adagrad(team, weights, mems, learning_rate, work):
    """Adagrad on all parameters; changes them and mems in place. Threads share rows and, of Wxh, columns."""
    k0, k1 = span(team, work.dby.size, ROWS)
    descend(k0, k1, work.left_V, work.right, variable(0), work.rows, weights.Why, mems.Why, learning_rate)
    i0, i1 = span(team, work.dbh.size, ROWS)
    descend(i0, i1, work.left_H, work.right, variable(1), work.rows, weights.Whh, mems.Whh, learning_rate)
    i0, i1 = span(team, work.dbh.size, GRAIN)
    for j in range(work.seen.size):
        if work.seen[j]:  # with gradient 0, Adagrad changes nothing
            adagrad_row(weights.WxhT[j, i0:i1], work.dWxhT[j, i0:i1], mems.WxhT[j, i0:i1], learning_rate)
    clip(work.dbh[i0:i1])
    adagrad_row(weights.bh[i0:i1], work.dbh[i0:i1], mems.bh[i0:i1], learning_rate)
    k0, k1 = span(team, work.dby.size, 1)
    clip(work.dby[k0:k1])
    adagrad_row(weights.by[k0:k1], work.dby[k0:k1], mems.by[k0:k1], learning_rate)


# --- the loop --------------------------------------------------------------------------------------------------


@jit
def train(native, team, ids, weights, mems, learning_rate, smooth_loss, position, work, losses):
    """``losses.size`` iterations of the gist's loop on the text ``ids``.

    position[0] is the character at which the next window starts, position[1] whether one-hot products are literal.
    Updates both, weights, mems, work (hs[0] is the state for the next call) and losses (in nats). Returns the smooth
    loss. Every thread of the team makes the same call.
    """
    T, H = work.xs.shape
    i0, i1 = span(team, H, GRAIN)
    p = position[0]
    literal = position[1] != 0
    for n in range(losses.size):
        if p + T + 1 >= ids.size:
            fill(work.hs[0, i0:i1], 0.0)
            p = 0
            barrier(team)
        inputs, targets = ids[p : p + T], ids[p + 1 : p + T + 1]
        loss, literal = lossFun(native, team, inputs, targets, weights, literal, work)
        adagrad(team, weights, mems, learning_rate, work)
        for i in range(i0, i1):
            work.hs[0, i] = work.hs[T, i]
        smooth_loss = smooth_loss * 0.999 + loss * 0.001
        p += T
        if team.rank == 0:
            losses[n] = loss
            position[0] = p
            position[1] = 1 if literal else 0
        barrier(team)
    return smooth_loss
