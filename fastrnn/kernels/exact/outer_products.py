"""Sums of outer products in the reference's order, by register tiles, and Adagrad on their rows.

The reference adds one rank-1 update after another, t = T-1 ... 0, each product rounded before it is added.
The order over t is fixed, but rows and columns are free, so a ROWS x COLUMNS tile of the sum stays in
registers for all T. Both factors are first packed into panels that a tile reads front to back (without:
strides of 4 KB fall into one set of the cache).

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
    """How many panels of ``width`` hold ``size`` elements."""
    return -(-size // width)


@jit
def pack(X, first, start, stop, out):
    """Cut rows ``first ... first+T-1`` of X (., N) into panels, last t first; out is (panels, T, width).

    out[j, s, c] = X[first + T-1-s, j*width + c] for j = start ... stop-1; beyond N it keeps its zeros.
    """
    T, width = out.shape[1], out.shape[2]
    N = X.shape[1]
    for j in range(start, stop):
        columns = width if (j + 1) * width <= N else N - j * width
        for s in range(T):
            row = first + T - 1 - s
            for c in range(columns):
                out[j, s, c] = X[row, j * width + c]


@intrinsic
def _tile(typingctx, left, right, steps, out, column):
    """out[r, column + c] = clip(sum over s of left[s, r] * right[s, c]) for a ROWS x COLUMNS tile.

    left is (steps, ROWS), right (steps, COLUMNS), out (ROWS, .), all contiguous.
    """
    signature = types.void(left, right, types.intp, out, types.intp)

    def codegen(context, builder, sig, args):
        tile = Tile(context, builder, types.float64, COLUMNS)  # two roundings a term, never one
        left, right, out = (tile.array(sig.args[k], args[k]) for k in (0, 1, 3))
        width, offset = cgutils.unpack_tuple(builder, out.shape)[1], args[4]

        def factor(r, s):
            return tile.splat(builder.gep(left.data, [builder.add(builder.mul(s, I64(ROWS)), I64(r))]))

        def line(s, _):
            return tile.load(right.data, builder.mul(s, I64(COLUMNS)))

        for total in tile.sums(ROWS, 1, factor, line, args[2], tile.zeros(ROWS)):
            for comparison, limit in (('>', LIMIT), ('<', -LIMIT)):  # ordered: NaN stays NaN, as in np.clip
                bound = ir.Constant(tile.vector, [limit] * COLUMNS)
                total = builder.select(builder.fcmp_ordered(comparison, total, bound), bound, total)
            tile.store(total, out.data, offset)
            offset = builder.add(offset, width)
        return context.get_dummy_value()

    return signature, codegen


@jit
def clipped_rows(left, right, out):
    """out = clip(sum over t = T-1 ... 0 of left[t] right[t]^T): ROWS rows of a gradient.

    left is one panel (T, ROWS) and right all panels (n, T, COLUMNS) of :func:`pack`; out is
    (ROWS, n * COLUMNS) and overwritten.
    """
    for k in range(right.shape[0]):
        _tile(left, right[k], left.shape[0], out, k * COLUMNS)


@jit
def adagrad_row(param, grad, mem, learning_rate):
    """One Adagrad step on 1-D arrays; param and mem are changed in place (Duchi et al. 2011)."""
    for i in range(param.size):
        g = grad[i]
        m = mem[i] + g * g
        mem[i] = m
        param[i] += (-learning_rate * g) / np.sqrt(m + EPSILON)


@jit
def gradient(left, right, rows, out):
    """out (M, H) = the clipped gradient whose packed factors are left and right; rows is scratch."""
    M, H = out.shape
    for i in range(left.shape[0]):
        clipped_rows(left[i], right, rows)
        for r in range(min(ROWS, M - i * ROWS)):
            for k in range(H):
                out[i * ROWS + r, k] = rows[r, k]


@jit
def descend(left, right, first, last, rows, param, mem, learning_rate):
    """Gradient and Adagrad of panels first ... last-1 of a matrix (M, H), changed in place with its mem.

    The gradient exists ROWS rows at a time, while they are in the cache. Weaving Adagrad into the tiles
    instead lost (35 us for 26 at H=100): its divisions hold up the multiplications.
    """
    M, H = param.shape
    for i in range(first, last):
        clipped_rows(left[i], right, rows)
        for r in range(min(ROWS, M - i * ROWS)):
            adagrad_row(param[i * ROWS + r], rows[r, :H], mem[i * ROWS + r], learning_rate)
