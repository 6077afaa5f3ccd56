"""Gradients of the parameters from a window's dy, dz and hidden states; threads share their rows and columns."""

from typing import Any, NamedTuple

from ..jit import jit, variable
from ..team import by_units, span
from .gemm import TILE_ROWS, add_outer_products
from .packing import copy, pack_columns, pack_left, rows_of

LINE = 16  # columns that threads share: a cache line of float32


class Product(NamedTuple):
    """The gradient of a matrix as dW = sum over rows k of outer(left[k, column:], hidden[k + later])."""

    dW: Any  # (tiles, panels, TILE_ROWS, width)
    first: int  # this thread's tiles of rows: first ... last-1
    last: int
    left: Any  # (T*B, .): dz or dy of the layer that has the matrix
    column: int
    later: int


@jit
def matrix_gradients(team, cell, work, grads):
    """dWhh, dWih and dWhy: sums of outer products over all t and streams, in blocks; threads share rows of each.

    A packed block of hidden states serves two products: dWhh takes them as h before a step, what is above the layer
    takes them as h after it (with dropout, as it was handed up). Each thread packs blocks for itself: if threads share
    the packing, half of a block comes from another core's cache (1.77x with two threads, not 1.9x).
    """
    (L, _, steps, B, Hp), V, zero = work.hs.shape, grads.by.size, variable(0)
    split_gates, dropped = cell.blocks - cell.gates, work.handed.shape[0] > 0
    k0, k1 = span(team, work.dWhy.shape[0], 1)
    later = zero if dropped else B
    for layer in range(L):
        recurrent = Product(work.dWhh, k0, k1, rows_of(work.blocks[layer]), zero, zero)
        if layer + 1 < L:
            above = Product(work.dWih, k0, k1, rows_of(work.blocks[layer + 1]), split_gates * Hp, later)
        else:
            above = Product(work.dWhy, k0, k1, rows_of(work.ys), zero, later)
        hidden = rows_of(work.hs[layer, 0])
        for first in range(0, steps * B, work.right.shape[1]):
            last = pack_block(hidden, first, work.right)
            add_gates(team, cell.gates, grads.Whh.shape[2], Hp, recurrent, first, last, work)
            if not dropped:
                if layer + 1 < L:
                    add_gates(team, cell.gates, grads.Whh.shape[2], Hp, above, first, last, work)
                else:
                    add_terms(above, first, last, work)
        if dropped:
            hidden = rows_of(work.handed[layer])
            for first in range(0, (steps - 1) * B, work.right.shape[1]):
                last = pack_block(hidden, first, work.right)
                if layer + 1 < L:
                    add_gates(team, cell.gates, grads.Whh.shape[2], Hp, above, first, last, work)
                else:
                    add_terms(above, first, last, work)
        copy_all_gates(team, recurrent, cell.gates, cell.gates - split_gates, Hp, grads.Whh[layer])
        if layer + 1 < L:
            copy_all_gates(team, above, cell.gates, zero, Hp, grads.Wih[layer])
        else:
            copy_gates(above, variable(1), zero, V, grads.Why)


@jit
def tiles_of_gate(team, gate, H, Hp):
    """This thread's row tiles of a gate's block: those that begin within its units. Tiles in padding are nobody's."""
    u0, u1 = span(by_units(team), H, 1)
    return (gate * Hp + u0 + TILE_ROWS - 1) // TILE_ROWS, (gate * Hp + u1 + TILE_ROWS - 1) // TILE_ROWS


@jit
def add_gates(team, gates, H, Hp, product, first, last, work):
    for gate in range(gates):
        i0, i1 = tiles_of_gate(team, gate, H, Hp)
        some = Product(product.dW, i0, i1, product.left, product.column, product.later)
        add_terms(some, first, last, work)


@jit
def copy_all_gates(team, product, gates, turn, Hp, out):
    for gate in range(gates):
        i0, i1 = tiles_of_gate(team, gate, out.shape[1], Hp)
        copy_gates(Product(product.dW, i0, i1, product.left, product.column, product.later), gates, turn, Hp, out)


@jit
def pack_block(hidden, first, right):
    """Pack rows of hidden states from ``first`` on, as many as ``right`` holds or there are; returns where they end."""
    last = min(first + right.shape[1], hidden.shape[0])
    pack_columns(hidden[first:last], variable(0), right.shape[0], variable(0), right)
    return last


@jit
def add_terms(product, first, last, work):
    """Add those terms of a product whose hidden states, rows first ... last-1, are packed; the first ones start dW.

    Some row tiles after the other, so that their packed dz and a panel of hidden states stay in the caches.
    """
    k0, k1 = max(first - product.later, 0), min(last - product.later, product.left.shape[0])
    left, at, some = product.left[k0:k1], k0 + product.later - first, work.left.shape[0]
    if k0 < k1:
        for i0 in range(product.first, product.last, some):
            i1 = min(i0 + some, product.last)
            pack_left(left, product.column, i0, i1, work.left)
            add_outer_products(work.left, work.right, at, k1 - k0, product.dW, i0, i1, k0 > 0)


@jit
def copy_gates(product, gates, turn, stride, out):
    """This thread's rows of dW, in which blocks begin every ``stride`` rows, to their gates in out (., H).

    Block k holds gate (k + turn) % gates. Rows that pad a block are left out.
    """
    rows, H = out.shape[0] // gates, out.shape[1]
    for row in range(product.first * TILE_ROWS, product.last * TILE_ROWS):
        block, unit = row // stride, row % stride
        if block < gates and unit < rows:
            tile, target = product.dW[row // TILE_ROWS], out[(block + turn) % gates * rows + unit]
            for j in range(tile.shape[0]):
                copy(tile[j, row % TILE_ROWS], target[j * tile.shape[2] : min((j + 1) * tile.shape[2], H)])


@jit
def vector_gradients(team, cell, work, grads):
    """dWxh and the gradients of biases; threads share columns of H, and V."""
    (L, _, H), split_gates, Hp = grads.Whh.shape, cell.blocks - cell.gates, work.hs.shape[4]
    i0, i1 = span(by_units(team), H, LINE)
    for g in range(cell.gates):
        first, start, stop = (g + split_gates) * Hp + i0, g * H + i0, g * H + i1
        add_by_character(work.blocks[0], first, work.inputs, grads.WxhT, start, stop, grads.bh[0])
        for layer in range(1, L):
            add_rows(work.blocks[layer], first, grads.bh[layer], start, stop)
    for g in range(split_gates):
        for layer in range(L):
            add_rows(work.blocks[layer], g * Hp + i0, grads.bhn[layer], g * H + i0, g * H + i1)
    k0, k1 = span(team, grads.by.size, LINE)
    add_rows(work.ys, k0, grads.by, k0, k1)


@jit
def add_by_character(X, first, inputs, out, start, stop, total):
    """out[k, start:stop] = the sum of the rows of X (T, B, .) at which inputs is k, from column ``first`` on.

    total = the sum of all rows.
    """
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
