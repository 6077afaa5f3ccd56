"""Gradients of the parameters from a window's dy, dhraw and hidden states; threads share rows and columns of them."""

from ..jit import inlined, jit
from ..team import span
from .gemm import TILE_ROWS, add_outer_products
from .packing import copy, pack_columns, pack_left

LINE = 16  # columns that threads share: a cache line of float32


@inlined
def matrix_gradients(team, work, grads):
    """dWhh and dWhy: sums of outer products over all t and streams, in blocks; threads share rows of both.

    A block of hidden states serves both: as h_prev for dWhh and, a step of time earlier, as h for dWhy. Each thread
    packs it for itself: packed together, half of it comes from another core's cache (1.77x with two threads, not 1.9x).
    """
    T, B = work.inputs.shape
    H, V = grads.bh.size, grads.by.size
    Hp, Vp = work.hs.shape[2], work.ys.shape[2]
    hs, dhs, dys = work.hs.reshape((T + 1) * B, Hp), work.dhs.reshape(T * B, Hp), work.ys.reshape(T * B, Vp)
    depth, none = work.right.shape[1], T - T  # for a literal 0 Numba would compile what takes it once more
    i0, i1 = span(team, work.dWhh.shape[0] // TILE_ROWS, 1)
    k0, k1 = span(team, work.dWhy.shape[0] // TILE_ROWS, 1)
    for first in range(0, (T + 1) * B, depth):
        last = min(first + depth, (T + 1) * B)
        pack_columns(hs[first:last], none, work.right.shape[0], work.right)
        stop, start = min(last, T * B), max(first, B)
        if stop > first:
            pack_left(dhs[first:stop], i0, i1, work.left)
            add_outer_products(work.left, work.right, none, stop - first, work.dWhh, i0, i1, first > 0)
        if last > start:
            pack_left(dys[start - B : last - B], k0, k1, work.left)
            add_outer_products(work.left, work.right, start - first, last - start, work.dWhy, k0, k1, start > B)
    for row in range(i0 * TILE_ROWS, min(i1 * TILE_ROWS, H)):
        copy(work.dWhh[row, :H], grads.Whh[row])
    for row in range(k0 * TILE_ROWS, min(k1 * TILE_ROWS, V)):
        copy(work.dWhy[row, :H], grads.Why[row])


@inlined
def vector_gradients(team, work, grads):
    """dWxh, dbh and dby; threads share columns of H, and V."""
    inputs, dhs, dys = work.inputs, work.dhs, work.ys
    T, B = inputs.shape
    V, H = grads.WxhT.shape
    i0, i1 = span(team, H, LINE)
    dbh, dby = grads.bh[i0:i1], grads.by
    for j in range(V):
        fill_zero(grads.WxhT[j, i0:i1])
    for t in range(T):
        for b in range(B):
            add(dhs[t, b, i0:i1], grads.WxhT[inputs[t, b], i0:i1])
    fill_zero(dbh)
    for j in range(V):  # every dhraw is in one row
        add(grads.WxhT[j, i0:i1], dbh)
    k0, k1 = span(team, V, LINE)
    fill_zero(dby[k0:k1])
    for t in range(T):
        for b in range(B):
            add(dys[t, b, k0:k1], dby[k0:k1])


@jit
def fill_zero(x):
    for i in range(x.size):
        x[i] = 0


@jit
def add(x, out):
    """out += x, for 1-D arrays that do not overlap."""
    for i in range(out.size):
        out[i] += x[i]
