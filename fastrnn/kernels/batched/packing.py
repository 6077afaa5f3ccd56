"""Copies matrices into the layouts that the tiles of ``gemm.py`` read from front to back.

Loops run over slices: LLVM does not vectorize a loop whose index might be negative. Whole lines and squares of 4 x 4
are moved as vectors (the four packings for B = 1, H = 100: 6 us; as scalar loops 19 us).
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from ..jit import jit, variable
from ..team import span
from ..tiles import I32, I64, Tile
from .gemm import TILE_ROWS

LINES = 16  # rows packed at a time


def _move(count: int) -> Any:
    @intrinsic
    def move(typingctx, source, i, target, j):
        """target[j : j+count] = source[i : i+count], 1-D contiguous arrays."""
        signature = types.void(source, types.intp, target, types.intp)

        def codegen(context, builder, sig, args):
            tile = Tile(context, builder, sig.args[0].dtype, count)
            a, c = (tile.array(sig.args[k], args[k]).data for k in (0, 2))
            tile.store(tile.load(a, args[1]), c, args[3])
            return context.get_dummy_value()

        return signature, codegen

    return move


_move4, _move8 = _move(4), _move(8)


@intrinsic
def _transpose4(typingctx, source, i, k, target, m, n):
    """target[m : m+4, n : n+4] = source[i : i+4, k : k+4].T, 2-D arrays with contiguous rows."""
    signature = types.void(source, types.intp, types.intp, target, types.intp, types.intp)

    def codegen(context, builder, sig, args):
        tile = Tile(context, builder, sig.args[0].dtype, 4)

        def corner(position, row, column):
            array = tile.array(sig.args[position], args[position])
            stride = builder.sdiv(cgutils.unpack_tuple(builder, array.strides)[0], I64(tile.bytes))
            return builder.gep(array.data, [builder.add(builder.mul(row, stride), column)]), stride

        def mix(x, y, lanes):
            return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(I32, 4), lanes))

        start, stride = corner(0, args[1], args[2])
        a, b, c, d = (tile.load(start, builder.mul(I64(r), stride)) for r in range(4))
        even, odd = [0, 4, 2, 6], [1, 5, 3, 7]
        low, high = [0, 1, 4, 5], [2, 3, 6, 7]
        p, q, r, s = mix(a, b, even), mix(a, b, odd), mix(c, d, even), mix(c, d, odd)
        start, stride = corner(3, args[4], args[5])
        for row, vector in enumerate((mix(p, r, low), mix(q, s, low), mix(p, r, high), mix(q, s, high))):
            tile.store(vector, start, builder.mul(I64(row), stride))
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def rows_of(typingctx, X):
    """X (T, B, N) as a matrix (T*B, N), contiguous for the compiler too. (Numba compiles reshape to far more code.)"""
    result = types.Array(X.dtype, 2, 'C', readonly=not X.mutable)

    def codegen(context, builder, sig, args):
        source = context.make_array(sig.args[0])(context, builder, args[0])
        T, B, N = cgutils.unpack_tuple(builder, source.shape)
        stride = cgutils.unpack_tuple(builder, source.strides)[1]
        rows = context.make_array(result)(context, builder)
        shape, strides = (builder.mul(T, B), N), (stride, source.itemsize)
        populate_array(rows, source.data, shape, strides, source.itemsize, None)
        return rows._getvalue()

    return result(X), codegen


@intrinsic
def fold(typingctx, row, count, first):
    """A row (count * N,) as a matrix (count, N), contiguous for the compiler too; its column 0 is ``first``."""
    result = types.Array(row.dtype, 2, 'C', readonly=not row.mutable)

    def codegen(context, builder, sig, args):
        source = context.make_array(sig.args[0])(context, builder, args[0])
        columns = builder.sdiv(cgutils.unpack_tuple(builder, source.shape)[0], args[1])
        rows = context.make_array(result)(context, builder)
        shape, strides = (args[1], columns), (builder.mul(columns, source.itemsize), source.itemsize)
        populate_array(rows, builder.gep(source.data, [args[2]]), shape, strides, source.itemsize, None)
        return rows._getvalue()

    return result(row, types.intp, types.intp), codegen


@intrinsic
def begin(typingctx, row, first):
    """row[first:], without the checks of a slice."""

    def codegen(context, builder, sig, args):
        source = context.make_array(sig.args[0])(context, builder, args[0])
        part = context.make_array(sig.return_type)(context, builder)
        shape = (builder.sub(cgutils.unpack_tuple(builder, source.shape)[0], args[1]),)
        populate_array(part, builder.gep(source.data, [args[1]]), shape, (source.itemsize,), source.itemsize, None)
        return part._getvalue()

    return row(row, types.intp), codegen


@jit
def copy(x, out):
    """out = x, for 1-D arrays."""
    for i in range(out.size):
        out[i] = x[i]


@jit
def transpose(A, out):
    """out[:N, :M] = A.T for A (M, N)."""
    M, N = A.shape
    M4, N4 = M // 4 * 4, N // 4 * 4
    for k in range(0, N4, 4):
        for i in range(0, M4, 4):
            _transpose4(A, i, k, out, k, i)
    for i in range(M):
        for k in range(N4 if i < M4 else 0, N):
            out[k, i] = A[i, k]


@jit
def pack_columns(W, start, stop, row, out):
    """out[j, row + k, c] = W[k, j*width + c] for panels j = start ... stop-1; zeros beyond W's columns stay."""
    columns = out.shape[2]
    for j in range(start, stop):
        first = j * columns
        if first + columns <= W.shape[1]:
            for k in range(W.shape[0]):
                for c in range(0, columns, 4):
                    _move4(W[k], first + c, out[j, row + k], c)
        else:
            for k in range(W.shape[0]):
                copy(W[k, first:], out[j, row + k, : W.shape[1] - first])


@jit
def pack_rows(W, start, stop, out):
    """Like :func:`pack_columns`, for W.T."""
    columns = out.shape[2]
    for j in range(start, stop):
        transpose(W[j * columns : (j + 1) * columns], out[j])


@jit
def pack_left(X, start, first, last, out):
    """out[i - first, k, r] = X[k, start + i*TILE_ROWS + r] for row tiles i = first ... last-1, up to X's columns.

    Zeros beyond them stay. Moves eight elements even if a tile has six rows; the next k overwrites the two extra ones.
    Processes LINES of X at a time, whose cache lines serve several tiles (LSTM, H=256, AVX2: 370 us per window, by
    whole columns 1,150).
    """
    steps, N = X.shape[0], X.shape[1] - start
    for begin in range(0, steps, LINES):
        end = min(begin + LINES, steps)
        for i in range(first, last):
            column = i * TILE_ROWS
            out_i = out[i - first].reshape(out.shape[1] * TILE_ROWS)
            whole = begin
            if column + 8 <= N:
                whole = min(end, steps - 1)
                for k in range(begin, whole):
                    _move8(X[k], start + column, out_i, k * TILE_ROWS)
            for k in range(whole, end):
                copy(X[k, start + column :], out[i - first, k, : N - column])


@jit
def pack_gates(team, gates, first, W, out):
    """W (G*H, H) as the right factor of dz @ W, out (., K, width): gate g in the (g + first) % G-th block of rows."""
    H = W.shape[1]
    stride = (out.shape[1] - H) // (gates - 1) if gates > 1 else 0
    start, stop = span(team, out.shape[0], 1)
    for g in range(gates):
        pack_columns(W[g * H : (g + 1) * H], start, stop, (g + first) % gates * stride, out)


@jit
def pack_gates_transposed(team, W, out):
    """W (G*H, H) as the right factors of h @ W.T, out (G, ., H, width)."""
    H = W.shape[1]
    start, stop = span(team, out.shape[1], 1)
    for g in range(out.shape[0]):
        pack_rows(W[g * H : (g + 1) * H], start, stop, out[g])


@jit
def pack_weights(team, network):
    """Copy the matrices into their layouts as right factors; threads share the panels."""
    (cell, weights, packed), zero = network, variable(0)
    split_gates = cell.blocks - cell.gates
    for layer in range(weights.Whh.shape[0]):
        pack_gates_transposed(team, weights.Whh[layer], packed.WhhT[layer])
        pack_gates(team, cell.gates, split_gates, weights.Whh[layer], packed.Whh[layer])
    for layer in range(weights.Wih.shape[0]):
        pack_gates_transposed(team, weights.Wih[layer], packed.WihT[layer])
        pack_gates(team, cell.gates, zero, weights.Wih[layer], packed.Wih[layer])
    start, stop = span(team, packed.WhyT.shape[0], 1)
    pack_rows(weights.Why, start, stop, packed.WhyT)
    start, stop = span(team, packed.Why.shape[0], 1)
    pack_columns(weights.Why, start, stop, zero, packed.Why)
