"""Gradients of the parameters from a window's dy, dz and hidden states; threads share rows and columns of them."""

from ..jit import inlined, jit
from ..team import span
from .gemm import TILE_ROWS, add_outer_products
from .packing import copy, pack_columns, pack_left

LINE = 16  # columns that threads share: a cache line of float32


@inlined
def matrix_gradients(team, cell, work, grads):
    """dWhh, dWih and dWhy: sums of outer products over all t and streams, in blocks; threads share rows of each.

    A block of hidden states serves two: as h before for the layer's dWhh and, a step of time earlier, as h for the
    matrix above. (Where dropout is between, the second takes what it left.) Each thread packs it for itself: packed
    together, half of it comes from another core's cache (1.77x with two threads, not 1.9x).
    """
    (L, _, steps, B, Hp), S_Hp, V = work.hs.shape, work.z.shape[1], grads.by.size
    own, none, rows = cell.blocks - cell.gates, B - B, steps * B  # for a literal 0 Numba would compile it once more
    dropped, depth = work.handed.shape[0] > 0, work.right.shape[1]
    i0, i1 = span(team, work.dWhh.shape[0] // TILE_ROWS, 1)
    k0, k1 = span(team, work.dWhy.shape[0] // TILE_ROWS, 1)
    for layer in range(L):
        hs, dzs = work.hs[layer, 0].reshape(rows, Hp), work.blocks[layer].reshape(rows - B, S_Hp)
        above, column, dW, first_tile, last_tile = work.ys.reshape(rows - B, work.ys.shape[2]), none, work.dWhy, k0, k1
        if layer + 1 < L:
            above, column, dW = work.blocks[layer + 1].reshape(rows - B, S_Hp), own * Hp, work.dWih
            first_tile, last_tile = i0, i1
        for first in range(0, rows, depth):
            last = min(first + depth, rows)
            pack_columns(hs[first:last], none, work.right.shape[0], none, work.right)
            stop, start = min(last, rows - B), max(first, B)
            if stop > first:
                add_products(dzs[first:stop], none, none, i0, i1, first > 0, work, work.dWhh)
            if last > start and not dropped:
                add_products(
                    above[start - B : last - B], column, start - first, first_tile, last_tile, start > B, work, dW
                )
        if dropped:
            handed = work.handed[layer].reshape(rows - B, Hp)
            for first in range(0, rows - B, depth):
                last = min(first + depth, rows - B)
                pack_columns(handed[first:last], none, work.right.shape[0], none, work.right)
                add_products(above[first:last], column, none, first_tile, last_tile, first > 0, work, dW)
        copy_gates(work.dWhh, i0 * TILE_ROWS, i1 * TILE_ROWS, cell.gates, cell.gates - own, Hp, grads.Whh[layer])
        if layer + 1 < L:
            copy_gates(work.dWih, i0 * TILE_ROWS, i1 * TILE_ROWS, cell.gates, none, Hp, grads.Wih[layer])
    copy_gates(work.dWhy, k0 * TILE_ROWS, k1 * TILE_ROWS, cell.gates // cell.gates, none, V, grads.Why)


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


@inlined
def vector_gradients(team, cell, work, grads):
    """dWxh and those of biases; threads share columns of H, and V."""
    (T, B), (L, _, H), V = work.inputs.shape, grads.Whh.shape, grads.by.size
    own, Hp = cell.blocks - cell.gates, work.dhs.shape[2]
    i0, i1 = span(team, H, LINE)
    for g in range(cell.gates):
        columns, from_block = grads.WxhT[:, g * H + i0 : g * H + i1], (g + own) * Hp + i0
        for j in range(V):
            fill_zero(columns[j])
        for t in range(T):
            for b in range(B):
                add(work.blocks[0, t, b, from_block : from_block + i1 - i0], columns[work.inputs[t, b]])
        fill_zero(grads.bh[0, g * H + i0 : g * H + i1])
        for j in range(V):  # every dz is in one row
            add(columns[j], grads.bh[0, g * H + i0 : g * H + i1])
        for layer in range(1, L):
            add_rows(work.blocks[layer], from_block, grads.bh[layer, g * H + i0 : g * H + i1])
    for g in range(own):
        for layer in range(L):
            add_rows(work.blocks[layer], g * Hp + i0, grads.bhn[layer, g * H + i0 : g * H + i1])
    k0, k1 = span(team, V, LINE)
    add_rows(work.ys, k0, grads.by[k0:k1])


@jit
def add_rows(X, first, out):
    """out = the sum over t and b of X (T, B, .) from column ``first`` on."""
    fill_zero(out)
    for t in range(X.shape[0]):
        for b in range(X.shape[1]):
            add(X[t, b, first : first + out.size], out)


@jit
def fill_zero(x):
    for i in range(x.size):
        x[i] = 0


@jit
def add(x, out):
    """out += x, for 1-D arrays that do not overlap."""
    for i in range(out.size):
        out[i] += x[i]
