"""Rows of n-grams: a hash of the last 2, 3 ... N characters selects rows of a table, which are added to the logits.

These are maximum-entropy features, trained together with the recurrent network as in Mikolov et al. (2011, "Strategies
for training large scale neural network language models"). The table learns what the last few characters predict, and
the network the rest.

Contexts with the same hash share a row. Rows are updated by plain SGD, one character after the other. Adagrad was not
better (bench/presets.md), and SGD needs no moments.
"""

import numpy as np

from ..jit import inlined, jit
from .gemm import prefetch

OFTEN = 4.0  # uses of a row in a window above which each moves the row less
NOTHING = 0xFFFFFFFF  # in place of characters before the start of the text


@inlined
def mixed(h, c):
    """Extend a hash of a context by a character."""
    h = (h + np.uint64(c) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return h ^ (h >> np.uint64(29))


@inlined
def row_of(h, order, rows):
    """The row for a hash, among the ``rows`` rows of an order (0: contexts of two characters)."""
    h = (h * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(32)
    return np.int64(order * rows) + np.int64((h * np.uint64(rows)) >> np.uint64(32))


@jit
def point(characters, at, rows, out):
    """Set out (K,) to the rows for the contexts of 2 ... K+1 characters that end with characters[at], at >= K."""
    if out.size > 0:
        h = mixed(np.uint64(0), characters[at])
        for order in range(out.size):
            h = mixed(h, characters[at - order - 1])
            out[order] = row_of(h, order, rows)


@jit
def point_all(characters, rows, out):
    """Set out (n, K) to the rows for the contexts that end with each of characters (K + n,), except the first K."""
    for n in range(out.shape[0]):
        point(characters, out.shape[1] + n, rows, out[n])


@jit
def add_rows(table, rows, y):
    """y[:V] += the rows (K,) of table (R, V), one after the other."""
    for k in range(rows.size):
        row = table[rows[k]]
        for i in range(row.size):
            y[i] += row[i]


@jit
def fetch(table, rows):
    """Prefetch rows (n, K) of the table."""
    for n in range(rows.shape[0]):
        for k in range(rows.shape[1]):
            prefetch(table[rows[n, k]])


@jit
def update_rows(team, table, contexts, counts, dy, step):
    """Update the rows (T, B, K) of all characters by dy (T, B, .), in the order of the characters.

    If n characters share a row, each moves it by step / (1 + n / OFTEN): all their dy belong to the row before the
    update, and their sum would overshoot. This allows a larger step (LSTM 192, 2.5 million characters of C, training
    bits at the end: 1.817 at 0.3 without it, 1.810 at 0.3 and 1.715 at 1.0 with it).
    Each thread updates its own rows, so the number of threads changes no bits. counts (R,) is 0 before and after.
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
