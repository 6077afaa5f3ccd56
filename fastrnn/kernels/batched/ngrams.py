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

OFTEN = 4.0  # characters of a window that point to a row, from which on they move it by less each
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
def point_all(characters, rows, out):
    """Set out (n, K) to the rows of the contexts that end with each of characters (K + n,) but the first K."""
    for n in range(out.shape[0]):
        point(characters, out.shape[1] + n, rows, out[n])


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
def update_rows(team, table, contexts, counts, dy, step):
    """Move the rows (T, B, K) of all characters against dy (T, B, .), in the order of the characters.

    A row that n of them point to moves by step / (1 + n / OFTEN) for each: their dy are all of the row as it was, and
    the sum of many would overshoot. So larger steps pay (LSTM 192, 2.5 million characters of C, training bits at the
    end: 1.817 at 0.3 without it, 1.810 at 0.3 and 1.715 at 1.0 with it).
    Each thread moves rows of its own, so that no bit depends on how many there are. counts (R,) is 0 before and after.
    """
    T, B, K = contexts.shape
    kind = table.dtype.type
    for t in range(T):
        for b in range(B):
            for k in range(K):
                at = contexts[t, b, k]
                if at % team.size == team.rank:
                    counts[at] += 1
    for t in range(T):
        for b in range(B):
            g = dy[t, b]
            for k in range(K):
                at = contexts[t, b, k]
                if at % team.size == team.rank:
                    row, own = table[at], kind(step / (1.0 + counts[at] / OFTEN))
                    for i in range(row.size):
                        row[i] -= own * g[i]
    for t in range(T):
        for b in range(B):
            for k in range(K):
                at = contexts[t, b, k]
                if at % team.size == team.rank:
                    counts[at] = 0
