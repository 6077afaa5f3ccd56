"""Sums and the maximum of a row, with vectors of the same shape on every machine.

LLVM only vectorizes a sum if it may choose the order. Then the bits depend on the processor, and even on the kernel
that inlines the loop. So vectors are written out: 64 bytes of partial results, joined by halves, then the remaining
elements (a row of 84: 6 ns; element by element 44: bench/kernels.py).
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

BYTES = 64  # of partial results: a register of AVX-512, two of AVX2, four of NEON
I32, I64 = ir.IntType(32), ir.IntType(64)


def _reduce(context: Any, builder: Any, sig: Any, args: Any, result: Any, start: float, term: Any, join: Any) -> Any:
    """Emit join over k < size of term(x[k]); ``result``: the type of terms, ``start``: the neutral element of join."""
    array, size = args[0], args[1]
    real, kind = context.get_data_type(sig.args[0].dtype), context.get_data_type(result)
    lanes = 8 * BYTES // max(sig.args[0].dtype.bitwidth, result.bitwidth)
    data = context.make_array(sig.args[0])(context, builder, array).data

    def loop(ty: Any, step: int, first: Any, stop: Any, initial: Any, load: Any) -> Any:
        entry = builder.block
        body, done = builder.append_basic_block('reduce'), builder.append_basic_block('reduce.done')
        builder.cbranch(builder.icmp_signed('<', first, stop), body, done)
        builder.position_at_end(body)
        k, so_far = builder.phi(I64), builder.phi(ty)
        joined, following = join(term(load(k)), so_far), builder.add(k, I64(step))
        builder.cbranch(builder.icmp_signed('<', following, stop), body, done)
        builder.position_at_end(done)
        end = builder.phi(ty)
        for phi, at_first, later in ((k, first, following), (so_far, initial, joined), (end, initial, joined)):
            phi.add_incoming(at_first, entry)
            phi.add_incoming(later, body)
        return end

    pointer = ir.VectorType(real, lanes).as_pointer()
    align, whole = sig.args[0].dtype.bitwidth // 8, builder.and_(size, I64(-lanes))
    vector = loop(
        ir.VectorType(kind, lanes),
        lanes,
        I64(0),
        whole,
        ir.Constant(ir.VectorType(kind, lanes), [start] * lanes),
        lambda k: builder.load(builder.bitcast(builder.gep(data, [k]), pointer), align=align),
    )
    rest = loop(kind, 1, whole, size, ir.Constant(kind, start), lambda k: builder.load(builder.gep(data, [k])))
    while lanes > 1:
        lanes //= 2
        low, high = (
            builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(I32, lanes), list(range(at, at + lanes))))
            for at in (0, lanes)
        )
        vector = join(high, low)
    return join(rest, builder.extract_element(vector, I32(0)))


@intrinsic
def row_max(typingctx, x, size):
    """The maximum of x[:size], size >= 1; skips NaN."""

    def codegen(context, builder, sig, args):
        def larger(a, b):
            return builder.select(builder.fcmp_ordered('>', a, b), a, b)

        return _reduce(context, builder, sig, args, sig.return_type, float('-inf'), lambda term: term, larger)

    return x.dtype(x, types.intp), codegen


@intrinsic
def row_sum(typingctx, x, size):
    """The sum of x[:size]."""

    def codegen(context, builder, sig, args):
        return _reduce(context, builder, sig, args, sig.return_type, 0.0, lambda term: term, builder.fadd)

    return x.dtype(x, types.intp), codegen


@intrinsic
def row_sum_from(typingctx, x, size, least):
    """The sum of the elements of x[:size] that are at least ``least``."""

    def codegen(context, builder, sig, args):
        real = context.get_data_type(sig.return_type)

        def kept(term):
            if term.type == real:
                return builder.select(builder.fcmp_ordered('>=', term, args[2]), term, ir.Constant(real, 0.0))
            undefined, zeros = ir.Constant(term.type, ir.Undefined), ir.VectorType(I32, term.type.count)
            bound = builder.insert_element(undefined, args[2], I32(0))
            bound = builder.shuffle_vector(bound, undefined, ir.Constant(zeros, None))
            nothing = ir.Constant(term.type, [0.0] * term.type.count)
            return builder.select(builder.fcmp_ordered('>=', term, bound), term, nothing)

        return _reduce(context, builder, sig, args, sig.return_type, 0.0, kept, builder.fadd)

    return x.dtype(x, types.intp, x.dtype), codegen


@intrinsic
def row_squares(typingctx, x, size):
    """The sum of the squares of x[:size], in float64."""

    def codegen(context, builder, sig, args):
        def square(term):
            double = ir.DoubleType()
            if isinstance(term.type, ir.VectorType):
                double = ir.VectorType(double, term.type.count)
            wide = term if sig.args[0].dtype == types.float64 else builder.fpext(term, double)
            return builder.fmul(wide, wide)

        return _reduce(context, builder, sig, args, types.float64, 0.0, square, builder.fadd)

    return types.float64(x, types.intp), codegen
