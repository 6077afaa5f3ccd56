"""Gradients of the parameters from a window's dy, dz and hidden states; threads share rows and columns of them."""

from ..jit import jit
from ..team import span
from .gemm import TILE_ROWS, add_outer_products
from .packing import copy, pack_columns, pack_left, rows_of

LINE = 16  # columns that threads share: a cache line of float32


@jit
def matrix_gradients(team, cell, work, grads):
    """dWhh, dWih and dWhy: sums of outer products over all t and streams, in blocks; threads share rows of each.

    A block of hidden states serves two: as h before for the layer's dWhh and, a step of time earlier, as h for the
    matrix above. (Where dropout is between, the second takes what it left.) Each thread packs it for itself: packed
    together, half of it comes from another core's cache (1.77x with two threads, not 1.9x).
    """
    (L, _, steps, B, Hp), V = work.hs.shape, grads.by.size
    own, zero, rows = cell.blocks - cell.gates, B - B, steps * B  # for a literal 0 Numba would compile it once more
    dropped, depth = work.handed.shape[0] > 0, work.right.shape[1]
    i0, i1 = span(team, work.dWhh.shape[0] // TILE_ROWS, 1)
    k0, k1 = span(team, work.dWhy.shape[0] // TILE_ROWS, 1)
    for layer in range(L):
        hs, dzs = rows_of(work.hs[layer, 0]), rows_of(work.blocks[layer])
        above, column, dW, first_tile, last_tile = rows_of(work.ys), zero, work.dWhy, k0, k1
        if layer + 1 < L:
            above, column, dW = rows_of(work.blocks[layer + 1]), own * Hp, work.dWih
            first_tile, last_tile = i0, i1
        for first in range(0, rows, depth):
            last = min(first + depth, rows)
            pack_columns(hs[first:last], zero, work.right.shape[0], zero, work.right)
            stop, start = min(last, rows - B), max(first, B)
            if stop > first:
                add_products(dzs[first:stop], zero, zero, i0, i1, first > 0, work, work.dWhh)
            if last > start and not dropped:
                add_products(
                    above[start - B : last - B], column, start - first, first_tile, last_tile, start > B, work, dW
                )
        if dropped:
            handed = rows_of(work.handed[layer])
            for first in range(0, rows - B, depth):
                last = min(first + depth, rows - B)
                pack_columns(handed[first:last], zero, work.right.shape[0], zero, work.right)
                add_products(above[first:last], column, zero, first_tile, last_tile, first > 0, work, dW)
        copy_gates(work.dWhh, i0 * TILE_ROWS, i1 * TILE_ROWS, cell.gates, cell.gates - own, Hp, grads.Whh[layer])
        if layer + 1 < L:
            copy_gates(work.dWih, i0 * TILE_ROWS, i1 * TILE_ROWS, cell.gates, zero, Hp, grads.Wih[layer])
    copy_gates(work.dWhy, k0 * TILE_ROWS, k1 * TILE_ROWS, cell.gates // cell.gates, zero, V, grads.Why)


@jit
def add_products(left, column, start, first, last, add, work, dW):
    """dW (+)= left[:, column:].T @ the packed hidden states from row ``start`` on, for row tiles first ... last-1."""
    pack_left(left, column, first, last, work.left)
    add_outer_products(work.left, work.right, start, left.shape[0], dW, first, last, add)


@jit
def copy_gates(dW, first, last, gates, turn, stride, out):
    """Rows first ... last-1 of dW, those of a block each ``stride`` after those before, to their gates in out (., H).

    Block k holds gate (k + turn) % gates; rows beyond a gate's are left out.
    """
    rows, H = out.shape[0] // gates, out.shape[1]
    for row in range(first, last):
        block, unit = row // stride, row % stride
        if block < gates and unit < rows:
            copy(dW[row, :H], out[(block + turn) % gates * rows + unit])


@jit
def vector_gradients(team, cell, work, grads):
    """dWxh and those of biases; threads share columns of H, and V."""
    (L, _, H), own, Hp = grads.Whh.shape, cell.blocks - cell.gates, work.hs.shape[4]
    i0, i1 = span(team, H, LINE)
    for g in range(cell.gates):
        first, start, stop = (g + own) * Hp + i0, g * H + i0, g * H + i1
        add_by_character(work.blocks[0], first, work.inputs, grads.WxhT, start, stop, grads.bh[0])
        for layer in range(1, L):
            add_rows(work.blocks[layer], first, grads.bh[layer], start, stop)
    for g in range(own):
        for layer in range(L):
            add_rows(work.blocks[layer], g * Hp + i0, grads.bhn[layer], g * H + i0, g * H + i1)
    k0, k1 = span(team, grads.by.size, LINE)
    add_rows(work.ys, k0, grads.by, k0, k1)


@jit
def add_by_character(X, first, inputs, out, start, stop, total):
    """out[k, start:stop] = the sum of X (T, B, .), from column ``first`` on, where inputs is k; total = that of all."""
    for k in range(out.shape[0]):
        fill_zero(out[k, start:stop])
    for t in range(X.shape[0]):
        for b in range(X.shape[1]):
            add(X[t, b, first:], out[inputs[t, b], start:stop])
    fill_zero(total[start:stop])
    for k in range(out.shape[0]):  # every row of X is in one of these
        add(out[k, start:stop], total[start:stop])


@jit
def add_rows(X, first, total, start, stop):
    """total[start:stop] = the sum over t and b of X (T, B, .), from column ``first`` on."""
    out = total[start:stop]
    fill_zero(out)
    for t in range(X.shape[0]):
        for b in range(X.shape[1]):
            add(X[t, b, first:], out)


@jit
def fill_zero(x):
    for i in range(x.size):
        x[i] = 0


@jit
def add(x, out):
    """out += x, for 1-D arrays that do not overlap."""
    for i in range(out.size):
        out[i] += x[i]
