"""Clipping and optimizers on flat buffers; a thread passes slices, its part of what its process updates of them.

(Slices rather than bounds: LLVM makes no vectors of a loop whose index might be negative. 43 us against 9 us for
Adagrad at H=100.)
"""

import numpy as np

from ..jit import inlined, jit
from ..reductions import row_squares
from ..team import barrier, span
from .functions import rsqrt1
from .shards import NORMS, gather

ADAGRAD, ADAM = 0, 1
CLIP_ELEMENTWISE, CLIP_NORM = 0, 1
CHUNK = 4096  # elements of a partial sum: the order of sums must not depend on the number of threads


@inlined
def clipped(g, factor, limit):
    """g * factor in [-limit, limit]; NaN stays."""
    g = g * factor
    g = limit if g > limit else g
    return -limit if g < -limit else g


@jit
def adagrad(P, G, M, factor, limit, rate, epsilon):
    """M += g*g; P -= rate * g / sqrt(M + epsilon), in place, for g = clipped G (Duchi, Hazan and Singer 2011)."""
    for i in range(P.size):
        g = clipped(G[i], factor, limit)
        m = M[i] + g * g
        M[i] = m
        P[i] -= rate * g * rsqrt1(m + epsilon)


@jit
def adam(P, G, M, S, factor, limit, rate, beta1, beta2, epsilon, shrinkage):
    """A step of Adam in place (Kingma and Ba 2015); rate and epsilon already hold the corrections for the bias.

    M, S: running means of the clipped gradient and of its square. P is first multiplied by ``shrinkage``, 1 - rate *
    decay for decoupled weight decay (Loshchilov and Hutter 2019).
    """
    one = P.dtype.type(1)
    for i in range(P.size):
        g = clipped(G[i], factor, limit)
        m = beta1 * M[i] + (one - beta1) * g
        s = beta2 * S[i] + (one - beta2) * g * g
        M[i] = m
        S[i] = s
        P[i] = shrinkage * P[i] - rate * m / (np.sqrt(s) + epsilon)


@jit
def power(x, n):
    """x ** n for n >= 0: the C library's has other last bits from one machine to another."""
    result = 1.0
    while n > 0:
        if n & 1:
            result *= x
        x *= x
        n >>= 1
    return result


@inlined
def factor_of(team, G, optimizer, c0, c1, shards, norms):
    """By what G is to be multiplied, that its norm be within the limit; this thread adds up chunks c0 ... c1-1."""
    for chunk in range(c0, c1):
        norms[chunk] = row_squares(G[chunk * CHUNK :], min(CHUNK, G.size - chunk * CHUNK))
    gather(team, NORMS, shards)
    barrier(team)
    total = 0.0
    for chunk in range(norms.size):
        total += norms[chunk]
    norm = np.sqrt(total)
    return 1.0 if norm <= optimizer.limit else optimizer.limit / norm


@inlined
def step(team, P, G, optimizer, rate, number, shards, norms):
    """Clip the gradient G and take one step of the optimizer, its ``number`` counted from 1; threads share ranges.

    Of the slice that this process updates, P and the optimizer's state are changed in place; G stays; norms (chunks,)
    is scratch. Clipping is done on the way: a pass of its own over G took a fifth of the step.
    """
    kind = P.dtype.type
    begin, end = shards.bounds[shards.rank], shards.bounds[shards.rank + 1]
    chunk = begin // CHUNK
    c0, c1 = span(team, (end - begin + CHUNK - 1) // CHUNK, 1)
    start, stop = (chunk + c0) * CHUNK, min((chunk + c1) * CHUNK, end)
    factor, limit = kind(1), optimizer.limit
    if optimizer.clipping == CLIP_NORM:
        factor = kind(factor_of(team, G, optimizer, chunk + c0, chunk + c1, shards, norms))
        limit = kind(np.inf)
    inputs, hidden = min(max(start, optimizer.inputs), stop), min(max(start, optimizer.hidden), stop)
    decay, root, one = rate * optimizer.decay, 1.0, 1.0
    if optimizer.kind == ADAM:  # its corrections for the bias
        root = np.sqrt(1.0 - power(np.float64(optimizer.beta2), number))
        one = 1.0 - power(np.float64(optimizer.beta1), number)
    for a, b, own_rate, own_decay in (
        (start, inputs, rate * optimizer.input_rate, decay),
        (inputs, hidden, rate, decay * optimizer.hidden_decay),
        (hidden, stop, rate, decay),
    ):
        if a < b:
            update(P[a:b], G[a:b], optimizer, a - begin, b - begin, own_rate, own_decay, root, one, factor, limit)


@jit
def update(P, G, optimizer, first, last, rate, decay, root, one, factor, limit):
    """Change P, and first ... last-1 of the optimizer's state, in place.

    decay: what a step takes of P; root, one: Adam's corrections, of the root of its mean of squares and of its mean.
    """
    kind, M = P.dtype.type, optimizer.M[first:last]
    if optimizer.kind == ADAM:
        corrected = kind(rate * root / one)
        epsilon, shrinkage = kind(optimizer.epsilon * root), kind(1.0 - decay)
        S, beta1, beta2 = optimizer.S[first:last], optimizer.beta1, optimizer.beta2
        adam(P, G, M, S, factor, limit, corrected, beta1, beta2, epsilon, shrinkage)
    else:
        adagrad(P, G, M, factor, limit, kind(rate), optimizer.epsilon)
