"""tanh and exp of scalars that LLVM can vectorise, for the fast engine: a few ulp, and true to NaN and infinities.

There is no vector math library below Numba, and on AVX2 NumPy's tanh takes 14 ns an element; a loop over this one
takes 1.8 ns, in float32 0.8 ns. Both come from expm1(r) = r + r^2/2! + ... for |r| <= ln(2)/2 and
exp(x) = 2^n (1 + expm1(r)), where x = n ln(2) + r.
"""

from math import factorial, log
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

# no reassociation: x - n * high - n * low must stay in that order
_OPTIONS = {'fastmath': {'contract', 'nsz', 'arcp'}, 'error_model': 'numpy', 'boundscheck': False}
# ln(2) in two parts, the first with few enough bits that n * high is exact (W. J. Cody and W. Waite, 1980)
_LN2 = {np.float32: (0.693359375, -2.12194440e-4), np.float64: (0.693147180369123816490, 1.90821492927058770002e-10)}
_LOWEST = {np.float32: -87.0, np.float64: -708.0}  # exp of less is not a normal number
_SATURATED = {np.float32: 9.1, np.float64: 20.0}  # tanh of more rounds to 1


@intrinsic
def _two_to(typingctx, n):
    """2^n for a float n that is whole, in the range of normal numbers: n goes into the exponent's bits."""

    def codegen(context, builder, sig, args):
        real = context.get_data_type(sig.args[0])
        bits, mantissa, bias = (32, 23, 127) if sig.args[0] == types.float32 else (64, 52, 1023)
        integer = ir.IntType(bits)
        # n + 1.5 * 2^mantissa holds n in its lowest bits; emitted here, where no fast-math can undo it
        shifted = builder.fadd(args[0], ir.Constant(real, 1.5 * 2**mantissa))
        low = builder.shl(builder.bitcast(shifted, integer), integer(mantissa))
        return builder.bitcast(builder.add(low, integer(bias << mantissa)), real)

    return n(n), codegen


def _expm1_small(r):
    """expm1(r) for |r| <= ln(2)/2."""


@overload(_expm1_small, jit_options=_OPTIONS)
def _overload_expm1_small(r):
    kind: Any = np.float32 if r == types.float32 else np.float64
    c = [kind(1 / factorial(k)) for k in range(2, 14)]
    c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13 = c

    def single(r):
        return r + r * r * (c2 + r * (c3 + r * (c4 + r * (c5 + r * (c6 + r * c7)))))

    def double(r):
        s = r * r
        low = c2 + r * c3 + s * (c4 + r * c5) + s * s * (c6 + r * c7)
        high = c8 + r * c9 + s * (c10 + r * c11) + s * s * (c12 + r * c13)
        return r + s * (low + s * s * s * high)

    return single if r == types.float32 else double


def tanh1(x):
    """tanh of a float32 or float64, as expm1(2x) / (expm1(2x) + 2)."""


@overload(tanh1, jit_options=_OPTIONS)
def _overload_tanh1(x):
    kind: Any = np.float32 if x == types.float32 else np.float64
    limit, log2e = kind(_SATURATED[kind]), kind(1 / log(2))
    high, low = (kind(part) for part in _LN2[kind])
    one, two = kind(1), kind(2)

    def tanh1(x):
        x = limit if x > limit else x
        x = -limit if x < -limit else x
        y = x + x
        n = np.rint(y * log2e)
        scale = _two_to(n)
        e = scale * _expm1_small(y - n * high - n * low) + (scale - one)
        return e / (e + two)

    return tanh1


def exp1(x):
    """exp of a float32 or float64 up to 0; what is too small to be a normal number becomes the smallest ones."""


@overload(exp1, jit_options=_OPTIONS)
def _overload_exp1(x):
    kind: Any = np.float32 if x == types.float32 else np.float64
    lowest, log2e, one = kind(_LOWEST[kind]), kind(1 / log(2)), kind(1)
    high, low = (kind(part) for part in _LN2[kind])

    def exp1(x):
        x = lowest if x < lowest else x
        n = np.rint(x * log2e)
        return _two_to(n) * (one + _expm1_small(x - n * high - n * low))

    return exp1


@intrinsic
def row_max(typingctx, x, size):
    """The largest of x[:size], size >= 1; NaN is passed over. LLVM makes no vectors of it where NaN may occur."""

    def codegen(context, builder, sig, args):
        dtype, i64 = sig.args[0].dtype, ir.IntType(64)
        real, lanes, size = context.get_data_type(dtype), 8, args[1]
        vector = ir.VectorType(real, lanes)
        data = context.make_array(sig.args[0])(context, builder, args[0]).data

        def larger(a, b):
            return builder.select(builder.fcmp_ordered('>', a, b), a, b)

        def loop(kind, step, start, stop, initial, load):
            entry = builder.block
            body, done = builder.append_basic_block('max'), builder.append_basic_block('max.done')
            builder.cbranch(builder.icmp_signed('<', start, stop), body, done)
            builder.position_at_end(body)
            k, best = builder.phi(i64), builder.phi(kind)
            result, following = larger(load(k), best), builder.add(k, i64(step))
            builder.cbranch(builder.icmp_signed('<', following, stop), body, done)
            builder.position_at_end(done)
            end = builder.phi(kind)
            for phi, first, later in ((k, start, following), (best, initial, result), (end, initial, result)):
                phi.add_incoming(first, entry)
                phi.add_incoming(later, body)
            return end

        lowest = ir.Constant(real, float('-inf'))
        whole = builder.and_(size, i64(-lanes))
        best = loop(
            vector,
            lanes,
            i64(0),
            whole,
            ir.Constant(vector, [float('-inf')] * lanes),
            lambda k: builder.load(builder.bitcast(builder.gep(data, [k]), vector.as_pointer()), align=4),
        )
        rest = loop(real, 1, whole, size, lowest, lambda k: builder.load(builder.gep(data, [k])))
        for lane in range(lanes):
            rest = larger(builder.extract_element(best, ir.IntType(32)(lane)), rest)
        return rest

    return x.dtype(x, types.intp), codegen
