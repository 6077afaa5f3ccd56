"""Sums of outer products in the reference's order, by register tiles, and Adagrad on their rows.

The reference adds one rank-1 update after another, t = T-1 ... 0, each product rounded before it is added.
The order over t is fixed, but rows and columns are free, so a ROWS x COLUMNS tile of the sum stays in
registers for all T. Both factors are first packed into panels that a tile reads front to back (without:
strides of 4 KB fall into one set of the cache).

dWhh at H=100, T=25: 12 us by tiles, 35 us step by step (Zen 4: bench/kernels.py).
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..jit import jit

ROWS = 4
COLUMNS = 8  # two AVX2 registers, one AVX-512 register, four NEON registers
LIMIT = 5.0  # gradients are clipped to [-5, 5], elementwise
EPSILON = 1e-8

REAL, I64, I32 = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
VECTOR = ir.VectorType(REAL, COLUMNS)


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


class _Emitter:
    """Emits the vector IR of tiles. LLVM's own vectoriser keeps no sums in registers over an outer loop."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.builder = context, builder

    def data(self, ty: Any, value: Any) -> Any:
        return self.context.make_array(ty)(self.context, self.builder, value).data

    def splat(self, value: Any) -> Any:
        undefined, lanes = ir.Constant(VECTOR, ir.Undefined), ir.VectorType(I32, COLUMNS)
        first = self.builder.insert_element(undefined, value, I32(0))
        return self.builder.shuffle_vector(first, undefined, ir.Constant(lanes, None))

    def pointer(self, base: Any, offset: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(base, [offset]), VECTOR.as_pointer())

    def load(self, base: Any, offset: Any) -> Any:
        return self.builder.load(self.pointer(base, offset), align=8)

    def store(self, vector: Any, base: Any, offset: Any) -> None:
        self.builder.store(vector, self.pointer(base, offset), align=8)

    def sums(self, left: Any, right: Any, steps: Any) -> list[Any]:
        """sum over s of left[s, r] * right[s, :], for each r: two roundings a term, never one."""
        builder, entry = self.builder, self.builder.block
        loop, done = builder.append_basic_block('steps'), builder.append_basic_block('steps.done')
        builder.branch(loop)
        builder.position_at_end(loop)
        step = builder.phi(I64)
        totals = [builder.phi(VECTOR) for _ in range(ROWS)]
        row = self.load(right, builder.mul(step, I64(COLUMNS)))
        results = []
        for r, total in enumerate(totals):
            offset = builder.add(builder.mul(step, I64(ROWS)), I64(r))
            factor = self.splat(builder.load(builder.gep(left, [offset])))
            results.append(builder.fadd(total, builder.fmul(factor, row)))
        following = builder.add(step, I64(1))
        zero = ir.Constant(VECTOR, [0.0] * COLUMNS)
        for phi, first, later in zip([step, *totals], [I64(0)] + [zero] * ROWS, [following, *results], strict=True):
            phi.add_incoming(first, entry)
            phi.add_incoming(later, loop)
        builder.cbranch(builder.icmp_signed('<', following, steps), loop, done)
        builder.position_at_end(done)
        return results

    def clip(self, vector: Any) -> Any:
        """Ordered comparisons: NaN stays NaN, as in np.clip."""
        for comparison, limit in (('>', LIMIT), ('<', -LIMIT)):
            bound = ir.Constant(VECTOR, [limit] * COLUMNS)
            vector = self.builder.select(self.builder.fcmp_ordered(comparison, vector, bound), bound, vector)
        return vector


@intrinsic
def _tile(typingctx, left, right, steps, out, column):
    """out[r, column + c] = clip(sum over s of left[s, r] * right[s, c]) for a ROWS x COLUMNS tile.

    left is (steps, ROWS), right (steps, COLUMNS), out (ROWS, .), all contiguous.
    """
    signature = types.void(left, right, types.intp, out, types.intp)

    def codegen(context, builder, sig, args):
        emit = _Emitter(context, builder)
        left, right, out = (emit.data(sig.args[k], args[k]) for k in (0, 1, 3))
        array = context.make_array(sig.args[3])(context, builder, args[3])
        width = cgutils.unpack_tuple(builder, array.shape)[1]
        offset = args[4]
        for total in emit.sums(left, right, args[2]):
            emit.store(emit.clip(total), out, offset)
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
