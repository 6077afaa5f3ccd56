"""Rows of n-grams: the logits get the sum of rows that the last 2, 3 ... N characters point to by their hash.

Maximum-entropy features beside a recurrent network, as Mikolov et al. (2011, "Strategies for training large scale
neural network language models") train them together. What the last few characters say by themselves is looked up, and
the network learns the rest.

A row of an order is shared by all contexts with its hash. Rows are moved by plain SGD, character by character: Adagrad
was no better (bench/presets.md), and there are no moments to keep.
"""

import numpy as np

from ..jit import inlined, jit
from .gemm import prefetch

NOTHING = 0xFFFFFFFF  # in place of characters before the text's first


@inlined
def mixed(h, c):
    """A hash of a context, from that of all but its first character, and this one."""
    h = (h + np.uint64(c) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return h ^ (h >> np.uint64(29))


@inlined
def row_of(h, order, rows):
    """The row of an order (0: two characters) for a hash, among ``rows`` of each."""
    h = (h * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(32)
    return np.int64(order * rows) + np.int64((h * np.uint64(rows)) >> np.uint64(32))


@jit
def point(characters, at, rows, out):
    """Set out (K,) to the rows of the contexts of 2 ... K+1 characters that end with characters[at], at >= K."""
    if out.size > 0:
        h = mixed(np.uint64(0), characters[at])
        for order in range(out.size):
            h = mixed(h, characters[at - order - 1])
            out[order] = row_of(h, order, rows)


@jit
def add_rows(table, rows, y):
    """y[:V] += the sum of rows (K,) of table (R, V), one after the other."""
    for k in range(rows.size):
        row = table[rows[k]]
        for i in range(row.size):
            y[i] += row[i]


@jit
def fetch(table, rows):
    """Have rows (n, K) of the table on their way to the cache."""
    for n in range(rows.shape[0]):
        for k in range(rows.shape[1]):
            prefetch(table[rows[n, k]])


@jit
def update_rows(team, table, contexts, dy, step):
    """table[row] -= step * dy for the rows (T, B, K) of all characters, in their order; dy is (T, B, .).

    Each thread moves rows of its own, so that no bit depends on how many there are.
    """
    T, B, K = contexts.shape
    step = table.dtype.type(step)
    for t in range(T):
        for b in range(B):
            g = dy[t, b]
            for k in range(K):
                at = contexts[t, b, k]
                if at % team.size == team.rank:
                    row = table[at]
                    for i in range(row.size):
                        row[i] -= step * g[i]
