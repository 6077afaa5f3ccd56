"""Gradients of the parameters from a window's dy, dz and hidden states; threads share rows and columns."""

from typing import Any, NamedTuple

from ..jit import jit, variable
from ..team import by_units, span
from .gemm import TILE_ROWS, add_outer_products
from .packing import copy, pack_columns, pack_left, rows_of

LINE = 16  # threads share columns in multiples of it: a cache line of float32


class Product(NamedTuple):
    """The gradient of a matrix as dW = sum over rows k of outer(left[k, column:], hidden[k + later])."""

    dW: Any  # (tiles, panels, TILE_ROWS, width)
    gates: int  # blocks of rows
    units: int  # rows of a block
    stride: int  # rows from one block to the next
    left: Any  # (T*B, .): dz or dy of the matrix's layer
    column: int
    later: int


@jit
def matrix_gradients(team, cell, work, grads):
    """dWhh, dWih and dWhy: sums of outer products over all t and streams, in blocks; threads share rows of each.

    A packed block of hidden states serves two products: dWhh uses it as h before a step, the layer above uses it as h
    after it (with dropout, from ``handed``). Each thread packs all blocks itself. If threads shared the packing, half
    of each block would come from another core's cache (two threads: 1.77 times as fast as one, not 1.9).
    """
    (L, _, steps, B, Hp), G, (V, H), zero = work.hs.shape, cell.gates, grads.Why.shape, variable(0)
    split_gates, dropped = cell.blocks - G, work.handed.shape[0] > 0
    later = zero if dropped else B
    for layer in range(L):
        recurrent = Product(work.dWhh, G, H, Hp, rows_of(work.blocks[layer]), zero, zero)
        if layer + 1 < L:
            above = Product(work.dWih, G, H, Hp, rows_of(work.blocks[layer + 1]), split_gates * Hp, later)
        else:
            above = Product(work.dWhy, variable(1), V, V, rows_of(work.ys), zero, later)
        hidden = rows_of(work.hs[layer, 0])
        for first in range(0, steps * B, work.right.shape[1]):
            last = pack_block(hidden, first, work.right)
            add_terms(team, recurrent, first, last, work)
            if not dropped:
                add_terms(team, above, first, last, work)
        if dropped:
            hidden = rows_of(work.handed[layer])
            for first in range(0, (steps - 1) * B, work.right.shape[1]):
                last = pack_block(hidden, first, work.right)
                add_terms(team, above, first, last, work)
        copy_gates(team, recurrent, G - split_gates, grads.Whh[layer])
        if layer + 1 < L:
            copy_gates(team, above, zero, grads.Wih[layer])
        else:
            copy_gates(team, above, zero, grads.Why)


@jit
def pack_block(hidden, first, right):
    """Pack rows of hidden states from ``first`` on, as many as fit into ``right``; returns the end."""
    last = min(first + right.shape[1], hidden.shape[0])
    pack_columns(hidden[first:last], variable(0), right.shape[0], variable(0), right)
    return last


@jit
def tiles_of(team, product, gate):
    """This thread's row tiles of a gate: those whose first row that is not padding is one of its units.

    A tile of six rows may start in one gate's padding and end in the next gate. If the threads of a group share units,
    dz of a thread's own units is already in its cache.
    """
    u0, u1 = span(by_units(team), product.units, 1)
    start = gate * product.stride
    first, last = (start + u0 + TILE_ROWS - 1) // TILE_ROWS, (start + u1 + TILE_ROWS - 1) // TILE_ROWS
    across = start // TILE_ROWS
    if u0 == 0 and u1 > 0 and across * TILE_ROWS >= start - product.stride + product.units:
        first = across
    return first, last


@jit
def add_terms(team, product, first, last, work):
    """Add the terms of a product for packed hidden states, rows first ... last-1; the first call sets dW.

    Processes a few row tiles at a time, so that their packed dz and a panel of hidden states stay in the caches.
    """
    k0, k1 = max(first - product.later, 0), min(last - product.later, product.left.shape[0])
    if k0 >= k1:
        return
    left, at, some = product.left[k0:k1], k0 + product.later - first, work.left.shape[0]
    for gate in range(product.gates):
        start, stop = tiles_of(team, product, gate)
        for i0 in range(start, stop, some):
            i1 = min(i0 + some, stop)
            pack_left(left, product.column, i0, i1, work.left)
            add_outer_products(work.left, work.right, at, k1 - k0, product.dW, i0, i1, k0 > 0)


@jit
def copy_gates(team, product, turn, out):
    """Copy this thread's rows of dW to ``out`` (gates * units, H): block k holds gate (k + turn) % gates.

    A tile may start in one block and end in the next. Padding rows are skipped.
    """
    gates, units, H = product.gates, product.units, out.shape[1]
    for gate in range(gates):
        start, stop = tiles_of(team, product, gate)
        for row in range(start * TILE_ROWS, stop * TILE_ROWS):
            block, unit = row // product.stride, row % product.stride
            if block < gates and unit < units:
                tile, target = product.dW[row // TILE_ROWS], out[(block + turn) % gates * units + unit]
                for j in range(tile.shape[0]):
                    copy(tile[j, row % TILE_ROWS], target[j * tile.shape[2] : min((j + 1) * tile.shape[2], H)])


@jit
def vector_gradients(team, cell, work, grads):
    """dWxh and the gradients of biases; threads share columns of H and of V."""
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
    """out[k, start:stop] = the sum of those rows of X (T, B, .) at which inputs is k, from column ``first`` on.

    total = the sum of all rows.
    """
    for k in range(out.shape[0]):
        fill_zero(out[k, start:stop])
    for t in range(X.shape[0]):
        for b in range(X.shape[1]):
            add(X[t, b, first:], out[inputs[t, b], start:stop])
    fill_zero(total[start:stop])
    for k in range(out.shape[0]):  # each row of X is in one of these sums
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
