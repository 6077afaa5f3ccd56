"""Clipping and optimizers on flat buffers; a thread passes slices: its part of what its process updates.

(Slices and not bounds: LLVM does not vectorize a loop whose index might be negative. 43 us instead of 9 us for Adagrad
at H=100.)
"""

import numpy as np

from ..jit import inlined, jit, variable
from ..reductions import row_squares
from ..team import barrier, span
from .functions import rsqrt1
from .shards import NORMS, exchange

ADAGRAD, ADAM = 0, 1
CLIP_ELEMENTWISE, CLIP_NORM = 0, 1
CHUNK = 4096  # elements of a partial sum: threads share chunks, so their number does not change the order


@inlined
def clipped(g, factor, limit):
    """g * factor in [-limit, limit]; NaN stays NaN."""
    g = g * factor
    g = limit if g > limit else g
    return -limit if g < -limit else g


@jit
def power(x, n):
    """x ** n for n >= 0. The C library's pow has different last bits on different machines."""
    result = 1.0
    while n > 0:
        if n & 1:
            result *= x
        x *= x
        n >>= 1
    return result


@jit
def adagrad(P, G, M, optimizer, factor, limit, rate):
    """An Adagrad step in place (Duchi, Hazan and Singer 2011). M: sums of squares of clipped gradients."""
    rate, epsilon = P.dtype.type(rate), optimizer.epsilon
    for i in range(P.size):
        g = clipped(G[i], factor, limit)
        M[i] += g * g
        P[i] -= rate * g * rsqrt1(M[i] + epsilon)


@jit
def adam(P, G, M, V, optimizer, factor, limit, rate, decay, number):
    """An Adam step in place (Kingma and Ba 2015), the ``number``-th, from 1.

    M, V: running means of the clipped gradient and of its square; rate and epsilon correct their bias. Weight decay is
    decoupled (Loshchilov and Hutter 2019): it shrinks P by the share ``decay``.
    """
    kind, beta1, beta2 = P.dtype.type, optimizer.beta1, optimizer.beta2
    root = np.sqrt(1.0 - power(np.float64(beta2), number))
    rate, epsilon = kind(rate * root / (1.0 - power(np.float64(beta1), number))), kind(optimizer.epsilon * root)
    one, kept = kind(1), kind(1.0 - decay)
    for i in range(P.size):
        g = clipped(G[i], factor, limit)
        M[i] = beta1 * M[i] + (one - beta1) * g
        V[i] = beta2 * V[i] + (one - beta2) * g * g
        P[i] = kept * P[i] - rate * M[i] / (np.sqrt(V[i]) + epsilon)


@inlined
def norm_factor(team, trainer, first, last, norms):
    """The factor that limits the norm of the gradient; norms (chunks,) is scratch space.

    This thread computes the norms of chunks first ... last-1.
    """
    G, limit = trainer.grads.flat, trainer.optimizer.limit
    for chunk in range(first, last):
        norms[chunk] = row_squares(G[chunk * CHUNK :], min(CHUNK, G.size - chunk * CHUNK))
    exchange(team, variable(NORMS), trainer.shards)
    barrier(team)
    total = 0.0
    for chunk in range(norms.size):
        total += norms[chunk]
    norm = np.sqrt(total)
    return 1.0 if norm <= limit else limit / norm


@inlined
def update(team, trainer, rate, number, norms):
    """Clip the gradient and take the ``number``-th step of the optimizer, from 1; threads share ranges.

    Changes the slice of parameters that this process updates, and the optimizer's state. norms (chunks,) is scratch
    space. Clipping is part of the loop: a separate pass over the gradient took a fifth of the step.
    """
    P, G, optimizer, bounds = trainer.network.weights.flat, trainer.grads.flat, trainer.optimizer, trainer.shards.bounds
    begin, end = bounds[trainer.shards.rank], bounds[trainer.shards.rank + 1]
    first, last = span(team, (end - begin + CHUNK - 1) // CHUNK, 1)
    first, last = first + begin // CHUNK, last + begin // CHUNK
    factor, limit = P.dtype.type(1), optimizer.limit
    if optimizer.clipping == CLIP_NORM:
        factor, limit = P.dtype.type(norm_factor(team, trainer, first, last, norms)), P.dtype.type(np.inf)
    start, stop = first * CHUNK, min(last * CHUNK, end)
    inputs, hidden = min(max(start, optimizer.inputs), stop), min(max(start, optimizer.hidden), stop)
    decay = rate * optimizer.decay
    for a, b, rate_here, decay_here in (
        (start, inputs, rate * optimizer.input_rate, decay),
        (inputs, hidden, rate, decay * optimizer.hidden_decay),
        (hidden, stop, rate, decay),
    ):
        if a < b:
            p, g, m = P[a:b], G[a:b], optimizer.m[a - begin : b - begin]
            if optimizer.kind == ADAM:
                v = optimizer.v[a - begin : b - begin]
                adam(p, g, m, v, optimizer, factor, limit, rate_here, decay_here, number)
            else:
                adagrad(p, g, m, optimizer, factor, limit, rate_here)
