"""Matrix products by register tiles, with factors that are packed once and used many times.

A window multiplies b x H by the same H x H matrix at each of its T steps. BLAS packs that matrix in each call, which is
too slow for small b (float32, b=16, H=128: OpenBLAS 103 GFLOP/s, these tiles 117 on Zen 4; 64 and 92 on Zen 3:
bench/kernels.py). Here a matrix is packed once per window, into panels that are two vectors wide. A tile of up to 6 or
8 rows stays in registers over all of K.

Each element is summed over k in the same order, whatever its tile, so results do not depend on how threads share rows.
"""

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..jit import FEATURES, jit, variable
from ..tiles import I64, Tile

# In bytes. 32 are two registers of NEON; a tile uses 29 of its 32 registers: 80 fused operations for 24 loads. Vectors
# of 16 bytes need 20 loads for 40, and 64 bytes don't fit (LLVM's code for a Neoverse N1).
_VECTOR = 64 if '+avx512f' in FEATURES else 32
# True if the processor has fused multiply-add. All 64-bit ARM ones do, but LLVM may not find their features.
FUSED = '+fma' in FEATURES.split(',') or platform.machine().lower() in ('aarch64', 'arm64')
# A tile of 6 rows has 12 sums, 2 vectors of the panel, 1 factor: 15 of AVX2's 16 registers. AVX-512 has 32 (LSTM,
# H=128: 208 GFLOP/s with 8 rows, 203 with 6; Zen 5: bench/cell_kernels.py)
TILE_ROWS = 8 if _VECTOR == 64 else 6
LINE = 64  # bytes of a cache line
WIDEST = 13  # vectors of a row tile, for b = 1: 13 sums and 1 factor


def lanes(itemsize: int) -> int:
    """Elements per vector."""
    return _VECTOR // itemsize


def width(itemsize: int) -> int:
    """Columns per panel."""
    return 2 * lanes(itemsize)


def _tile_of(context: Any, builder: Any, dtype: Any) -> Tile:
    return Tile(context, builder, dtype, lanes(dtype.bitwidth // 8), fused=FUSED)


@intrinsic
def _tile(typingctx, rows, A, first, start, panel, C, column):
    """C[first : first+rows, column : column+width] = A[first : first+rows, start : start+K] @ panel (K, width).

    Up to TILE_ROWS rows.
    """
    signature = types.void(types.intp, A, types.intp, types.intp, panel, C, types.intp)

    def codegen(context, builder, sig, args):
        tile = _tile_of(context, builder, sig.args[1].dtype)
        a, panel, c = (tile.array(sig.args[k], args[k]) for k in (1, 4, 5))
        lda, ldc = (cgutils.unpack_tuple(builder, array.shape)[1] for array in (a, c))
        steps = cgutils.unpack_tuple(builder, panel.shape)[0]
        source = builder.gep(a.data, [builder.add(builder.mul(args[2], lda), args[3])])
        target = builder.gep(c.data, [builder.add(builder.mul(args[2], ldc), args[6])])

        def emit(count):
            starts = [builder.gep(source, [builder.mul(I64(r), lda)]) for r in range(count)]

            def line(k, v):
                return tile.load(panel.data, builder.add(builder.mul(k, I64(2 * tile.lanes)), I64(v * tile.lanes)))

            totals = tile.sums(
                count, 2, lambda r, k: tile.splat(builder.gep(starts[r], [k])), line, steps, tile.zeros(2 * count)
            )
            for k, total in enumerate(totals):
                tile.store(total, target, builder.add(builder.mul(I64(k // 2), ldc), I64(k % 2 * tile.lanes)))

        tile.for_each_count(args[0], TILE_ROWS, emit)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def _prefetch(typingctx, x, place):
    """Prefetch the cache line of element ``place`` of x."""

    def codegen(context, builder, sig, args):
        array = context.make_array(sig.args[0])(context, builder, args[0])
        i8, i32 = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [i8, i32, i32, i32])
        fetch = cgutils.get_or_insert_function(builder.module, kind, 'llvm.prefetch.p0i8')
        address = builder.bitcast(builder.gep(array.data, [args[1]]), i8)
        builder.call(fetch, [address, i32(0), i32(3), i32(1)])
        return context.get_dummy_value()

    return types.void(x, types.intp), codegen


@jit
def prefetch(x):
    """Prefetch a contiguous array into the L1 cache."""
    for k in range(0, x.size, LINE // x.itemsize):
        _prefetch(x, k)


@intrinsic
def _add_tile(typingctx, left, panel, first, steps, C, add):
    """C (TILE_ROWS, width) (+)= left[:steps].T @ panel[first : first+steps], both packed."""
    signature = types.void(left, panel, types.intp, types.intp, C, types.boolean)

    def codegen(context, builder, sig, args):
        tile = _tile_of(context, builder, sig.args[0].dtype)
        left, panel, c = (tile.array(sig.args[k], args[k]) for k in (0, 1, 4))
        source, target = builder.gep(panel.data, [builder.mul(args[2], I64(2 * tile.lanes))]), c.data
        places = [I64(k * tile.lanes) for k in range(2 * TILE_ROWS)]

        def factor(r, k):
            return tile.splat(builder.gep(left.data, [builder.add(builder.mul(k, I64(TILE_ROWS)), I64(r))]))

        def line(k, v):
            return tile.load(source, builder.add(builder.mul(k, I64(2 * tile.lanes)), I64(v * tile.lanes)))

        entry = builder.block
        with builder.if_then(builder.trunc(args[5], ir.IntType(1))):
            loaded = [tile.load(target, place) for place in places]
            loading = builder.block
        starts = [builder.phi(tile.vector) for _ in places]
        for phi, zero, value in zip(starts, tile.zeros(len(places)), loaded, strict=True):
            phi.add_incoming(zero, entry)
            phi.add_incoming(value, loading)
        totals = tile.sums(TILE_ROWS, 2, factor, line, args[3], starts)
        for total, place in zip(totals, places, strict=True):
            tile.store(total, target, place)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def _row_tile(typingctx, vectors, x, strip, y, column):
    """y[column : ...] = x @ strip, for a strip (K, vectors * lanes) of 1 ... WIDEST vectors."""
    signature = types.void(types.intp, x, strip, y, types.intp)

    def codegen(context, builder, sig, args):
        tile = _tile_of(context, builder, sig.args[1].dtype)
        x, w, y = (tile.array(sig.args[k], args[k]) for k in (1, 2, 3))
        steps, ldw = cgutils.unpack_tuple(builder, w.shape)
        target = builder.gep(y.data, [args[4]])

        def emit(count):
            def line(k, v):
                return tile.load(w.data, builder.add(builder.mul(k, ldw), I64(v * tile.lanes)))

            def factor(r, k):
                return tile.splat(builder.gep(x.data, [k]))

            for v, total in enumerate(tile.sums(1, count, factor, line, steps, tile.zeros(count))):
                tile.store(total, target, I64(v * tile.lanes))

        tile.for_each_count(args[0], WIDEST, emit)
        return context.get_dummy_value()

    return signature, codegen


def strip_width(columns: int, itemsize: int) -> int:
    """Columns per strip for :func:`row_product`: few equal strips, an even number of them for two threads."""
    vectors = -(-columns // lanes(itemsize))
    strips = -(-vectors // WIDEST)
    strips += strips > 1 and strips % 2
    return -(-vectors // strips) * lanes(itemsize)


@jit
def product(A, start, packed, C, column):
    """C[:, column:] = A[:, start : start+K] @ W for packed W (panels, K, width); A (b, .), C (b, .) are C-contiguous.

    Writes whole panels of C.
    """
    b, columns = A.shape[0], packed.shape[2]
    tiles = (b + TILE_ROWS - 1) // TILE_ROWS
    for j in range(packed.shape[0]):
        first = 0
        for tile in range(tiles):
            last = b * (tile + 1) // tiles
            _tile(last - first, A, first, start, packed[j], C, column + j * columns)
            first = last


@jit
def row_product(x, strips, y):
    """y = x @ W for one row x (>= K,) and W in strips (n, K, columns) of up to WIDEST vectors.

    Writes whole vectors of y. The strips may have more of them.
    """
    columns, lanes = strips.shape[2], _VECTOR // x.itemsize
    for j in range(strips.shape[0]):
        count = min(columns, y.size - j * columns)
        _row_tile((count + lanes - 1) // lanes, x, strips[j], y, j * columns)


@jit
def recurrent_product(A, W, C, first, last):
    """C[:, first:last] = A[:, :K] @ W like :func:`product`, with W in panels; or for a single row, with W in strips."""
    if W.shape[2] * A.itemsize == 2 * _VECTOR:
        product(A, variable(0), W, C, first)
    elif A.shape[0] > 0:  # a thread without a stream has nothing to do
        row_product(A[0], W, C[0, first:last])


@jit
def add_outer_products(left, right, start, steps, C, first, last, add):
    """C += left[:steps].T @ right[start : start+steps], for row tiles first ... last-1; without ``add`` it replaces C.

    left is packed (tiles, K, TILE_ROWS) from tile ``first`` on, right (panels, K, width); C is (tiles, panels,
    TILE_ROWS, width).
    """
    for j in range(right.shape[0]):
        for i in range(first, last):
            if i + 1 < last:
                prefetch(C[i + 1, j])
            _add_tile(left[i - first], right[j], start, steps, C[i, j], add)
