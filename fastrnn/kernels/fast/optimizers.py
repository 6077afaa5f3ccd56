"""Clipping and optimizers on flat buffers; a thread passes slices, its part of them.

(Slices rather than bounds: LLVM makes no vectors of a loop whose index might be negative. 43 us against 9 us for
Adagrad at H=100.)
"""

import numpy as np

from ..jit import inlined, jit
from ..reductions import row_squares
from ..team import barrier, span
from .functions import rsqrt1

ADAGRAD, ADAM = 0, 1
CLIP_ELEMENTWISE, CLIP_NORM = 0, 1
CHUNK = 4096  # elements of a partial sum: the order of sums must not depend on the number of threads


@jit
def clip(G, limit):
    """Clip G to [-limit, limit] in place; NaN stays."""
    for i in range(G.size):
        g = G[i]
        g = limit if g > limit else g
        G[i] = -limit if g < -limit else g


@jit
def scale(G, factor):
    """G *= factor, in place."""
    for i in range(G.size):
        G[i] *= factor


@jit
def adagrad(P, G, M, rate, epsilon):
    """M += G*G; P -= rate * G / sqrt(M + epsilon), in place (Duchi, Hazan and Singer 2011)."""
    for i in range(P.size):
        g = G[i]
        m = M[i] + g * g
        M[i] = m
        P[i] -= rate * g * rsqrt1(m + epsilon)


@jit
def adam(P, G, M, S, rate, beta1, beta2, epsilon, shrinkage):
    """A step of Adam in place (Kingma and Ba 2015); rate and epsilon already hold the corrections for the bias.

    M, S: running means of the gradient and of its square. P is first multiplied by ``shrinkage``, 1 - rate * decay
    for decoupled weight decay (Loshchilov and Hutter 2019).
    """
    one = P.dtype.type(1)
    for i in range(P.size):
        g = G[i]
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
def step(team, P, G, optimizer, rate, number, norms):
    """Clip the gradient G and take one step of the optimizer, its ``number`` counted from 1; threads share ranges.

    P, G and the optimizer's state are changed in place; norms (chunks,) is scratch.
    """
    kind = P.dtype.type
    c0, c1 = span(team, norms.size, 1)
    start, stop = c0 * CHUNK, min(c1 * CHUNK, P.size)
    if optimizer.clipping == CLIP_NORM:
        for chunk in range(c0, c1):
            norms[chunk] = row_squares(G[chunk * CHUNK :], min(CHUNK, G.size - chunk * CHUNK))
        barrier(team)
        total = 0.0
        for chunk in range(norms.size):
            total += norms[chunk]
        norm = np.sqrt(total)
        if not norm <= optimizer.limit:
            scale(G[start:stop], kind(optimizer.limit / norm))
    else:
        clip(G[start:stop], optimizer.limit)
    if optimizer.kind == ADAM:
        root = np.sqrt(1.0 - power(np.float64(optimizer.beta2), number))
        corrected = rate * root / (1.0 - power(np.float64(optimizer.beta1), number))
        epsilon = kind(optimizer.epsilon * root)
        M, S = optimizer.M[start:stop], optimizer.S[start:stop]
        shrinkage = kind(1.0 - rate * optimizer.decay)
        adam(P[start:stop], G[start:stop], M, S, kind(corrected), optimizer.beta1, optimizer.beta2, epsilon, shrinkage)
    else:
        adagrad(P[start:stop], G[start:stop], optimizer.M[start:stop], kind(rate), optimizer.epsilon)
