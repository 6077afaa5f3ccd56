"""The softmax of one row of logits, for training, scoring and sampling."""

from ..jit import inlined
from ..reductions import row_max, row_sum
from .functions import exp1


@inlined
def add_bias(y, by):
    """y[:V] += by, the output layer's bias; returns the largest logit for :func:`exponentials`."""
    for k in range(by.size):
        y[k] += by[k]
    return row_max(y, by.size)


@inlined
def exponentials(y, V, most):
    """y[:V] = exp(y - most), at most 1; returns their sum."""
    for k in range(V):
        y[k] = exp1(y[k] - most)
    return row_sum(y, V)
