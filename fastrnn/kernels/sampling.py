"""Chooses the next character: temperature, top-k and top-p, and the draw.

The draw inverts the cumulative probabilities at a uniform number, like np.random.choice.
"""

from typing import Any, NamedTuple

import numpy as np

from .jit import jit
from .reductions import row_max, row_sum_from

NEVER = 1.2e-38  # smaller probabilities are never drawn: uniform numbers are multiples of 1e-16


class Choice(NamedTuple):
    """How to choose the next character."""

    temperature: Any  # above 0; divides the logits; in their dtype
    top_k: int  # how many characters are kept; V or more: all
    top_p: float  # probability that is kept; 1 or more: all


@jit
def temper(y, temperature):
    """y = (y - max(y)) / temperature, so that exp(y) can't overflow and its maximum is 1."""
    most = row_max(y, y.size)
    for k in range(y.size):
        y[k] = (y[k] - most) / temperature


@jit
def likely(p, V, least):
    """The number of p[:V] that are at least ``least``, and their sum."""
    count = 0
    for k in range(V):
        count += 1 if p[k] >= least else 0
    return count, row_sum_from(p, V, least)


@jit
def keep_largest(p, V, number, mass):
    """Keep the largest of p[:V], as few as reach ``number`` or sum to ``mass``; of ties the first; set others to 0.

    Bisects for the smallest one to keep, in about 12 passes that LLVM vectorizes (top_p = 0.9, V = 65: 0.7 us per
    character; with a heap 4.6).
    """
    kind = p.dtype.type
    low, high = kind(NEVER), row_max(p, V) * kind(2)
    above, reached = 0, kind(0)  # count and sum of those >= high: not enough
    count, total = likely(p, V, low)
    enough = count >= number or total >= mass  # else all that can be drawn are kept
    while enough and count - above > 1:
        middle = np.sqrt(low) * np.sqrt(high)
        if not low < middle < high:  # ties
            break
        number_there, sum_there = likely(p, V, middle)
        if number_there < number and sum_there < mass:
            high, above, reached = middle, number_there, sum_there
        else:
            low, count = middle, number_there
    if count - above == 1:
        for k in range(V):
            p[k] *= kind(p[k] >= low)
        return
    for k in range(V):
        if p[k] < high:
            if p[k] >= low and above < number and reached < mass:
                above += 1
                reached += p[k]
            else:
                p[k] = 0


@jit
def filter_likeliest(p, V, choice):
    """Apply top_k, then top_p to the rest; p[:V] need not be normalized, before or after.

    top_p is nucleus sampling (Holtzman et al., The Curious Case of Neural Text Degeneration, 2020).
    """
    if choice.top_k < V:
        keep_largest(p, V, choice.top_k, np.inf)
    if choice.top_p < 1.0:
        keep_largest(p, V, V, choice.top_p * likely(p, V, p.dtype.type(0))[1])


@jit
def choose(p, V, u, edges):
    """The first character whose cumulative share of p[:V] exceeds u; edges (V,) is scratch space."""
    total = 0.0
    for k in range(V):
        total += p[k]
        edges[k] = total
    low, high = 0, V - 1
    while low < high:  # searchsorted(side='right')
        middle = (low + high) // 2
        if edges[middle] / total <= u:
            low = middle + 1
        else:
            high = middle
    return low
