"""Sums of outer products in the reference's order, by register tiles, and Adagrad on their rows.

The reference adds rank-1 updates one after the other, t = T-1 ... 0, and rounds each product before adding it. The
order over t is fixed, but rows and columns are free, so a ROWS x COLUMNS tile of the sum stays in registers for all T.
Both factors are first packed into panels, which a tile reads from front to back. (Without packing, strides of 4 KB fall
into the same set of the cache.)

dWhh at H=100, T=25: 12 us by tiles, 35 us step by step (Zen 4: bench/kernels.py).
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..jit import jit
from ..tiles import I64, Tile

ROWS = 4
COLUMNS = 8  # two AVX2 registers, one AVX-512 register, four NEON registers
LIMIT = 5.0  # gradients are clipped to [-5, 5], elementwise
EPSILON = 1e-8


def panels(size: int, width: int) -> int:
    """Number of panels of ``width`` for ``size`` elements."""
    return -(-size // width)


@intrinsic
def _copy_line(typingctx, source, first, out, start):
    """out[start : start + COLUMNS] = source[first : first + COLUMNS], of contiguous arrays seen as flat."""

    def codegen(context, builder, sig, args):
        tile = Tile(context, builder, types.float64, COLUMNS)
        source, out = tile.array(sig.args[0], args[0]), tile.array(sig.args[2], args[2])
        tile.store(tile.load(source.data, args[1]), out.data, args[3])
        return context.get_dummy_value()

    return types.void(source, types.intp, out, types.intp), codegen


@jit
def pack(X, start, stop, out):
    """Pack X (T, n * COLUMNS) into panels, last t first; out is (n, T, COLUMNS).

    out[j, s, c] = X[T-1-s, j*COLUMNS + c] for j = start ... stop-1. Moves whole lines (single numbers: 5 us at H=100).
    """
    T, width = X.shape
    for j in range(start, stop):
        for s in range(T):
            _copy_line(X, (T - 1 - s) * width + j * COLUMNS, out, (j * T + s) * COLUMNS)


@intrinsic
def _tile(typingctx, left, row, right, steps, out, column):
    """out[r, column + c] = clip(sum over s of left[s, row + r] * right[s, c]) for a ROWS x COLUMNS tile.

    left and right are (steps, COLUMNS), out (ROWS, .), all contiguous.
    """
    signature = types.void(left, types.intp, right, types.intp, out, types.intp)

    def codegen(context, builder, sig, args):
        tile = Tile(context, builder, types.float64, COLUMNS)  # two roundings per term, never one
        left, right, out = (tile.array(sig.args[k], args[k]) for k in (0, 2, 4))
        width, offset = cgutils.unpack_tuple(builder, out.shape)[1], args[5]

        def factor(r, s):
            at = builder.add(builder.mul(s, I64(COLUMNS)), builder.add(args[1], I64(r)))
            return tile.splat(builder.gep(left.data, [at]))

        def line(s, _):
            return tile.load(right.data, builder.mul(s, I64(COLUMNS)))

        for total in tile.sums(ROWS, 1, factor, line, args[3], tile.zeros(ROWS)):
            for comparison, limit in (('>', LIMIT), ('<', -LIMIT)):  # ordered: NaN stays NaN, as in np.clip
                bound = ir.Constant(tile.vector, [limit] * COLUMNS)
                total = builder.select(builder.fcmp_ordered(comparison, total, bound), bound, total)
            tile.store(total, out.data, offset)
            offset = builder.add(offset, width)
        return context.get_dummy_value()

    return signature, codegen


@jit
def clipped_rows(i, left, right, first, out):
    """out = clip(sum over t = T-1 ... 0 of left[t] right[t]^T): rows i*ROWS ... of a gradient.

    left (m, T, COLUMNS) and right (n, ., COLUMNS) are all panels of :func:`pack`, the right ones used from line
    ``first`` on; out is (ROWS, n * COLUMNS) and overwritten.
    """
    T, row = left.shape[1], i * ROWS
    for k in range(right.shape[0]):
        _tile(left[row // COLUMNS], row % COLUMNS, right[k, first:], T, out, k * COLUMNS)


@jit
def adagrad_row(param, grad, mem, learning_rate):
    """An Adagrad step on 1-D arrays; changes param and mem in place (Duchi et al. 2011)."""
    for i in range(param.size):
        g = grad[i]
        m = mem[i] + g * g
        mem[i] = m
        param[i] += (-learning_rate * g) / np.sqrt(m + EPSILON)


@jit
def gradient(left, right, first, rows, out):
    """out (M, H) = the clipped gradient with the packed factors left and right; rows is scratch space."""
    M, H = out.shape
    for i in range((M + ROWS - 1) // ROWS):
        clipped_rows(i, left, right, first, rows)
        for r in range(min(ROWS, M - i * ROWS)):
            for k in range(H):
                out[i * ROWS + r, k] = rows[r, k]


@jit
def descend(start, stop, left, right, first, rows, param, mem, learning_rate):
    """Gradient and Adagrad step for rows start ... stop-1 of a matrix (M, H); changes it and its mem in place.

    ``start`` is a multiple of ROWS. Only ROWS rows of the gradient exist at a time, in the cache. Adagrad inside the
    tiles was slower (35 us instead of 26 at H=100): its divisions delay the multiplications.
    """
    H = param.shape[1]
    for i in range(start, stop, ROWS):
        clipped_rows(i // ROWS, left, right, first, rows)
        for r in range(min(ROWS, stop - i)):
            adagrad_row(param[i + r], rows[r, :H], mem[i + r], learning_rate)
