"""Scalar functions that LLVM can vectorize: accurate to a few ulp, NaN stays NaN, bit-identical on every machine.

Numba has no vector math library. NumPy's tanh takes 2.0 ns per element (14 on AVX2); a loop over this one takes 1.0 ns,
0.3 in float32 (Zen 4: bench/kernels.py). tanh and exp come from expm1(r) = r + r^2/2! + ... for |r| <= ln(2)/2, and
exp(x) = 2^n (1 + expm1(r)) with x = n ln(2) + r.
"""

from math import factorial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from ..jit import WITHIN, jit
from .gemm import FUSED

# ln(2) in two parts; the first has few enough bits that n * high is exact (W. J. Cody and W. Waite, 1980)
_LN2 = {np.float32: (0.693359375, -2.12194440e-4), np.float64: (0.693147180369123816490, 1.90821492927058770002e-10)}
_LOG2E = 1.4426950408889634  # 1 / ln(2)
_LN2_64 = _LN2[np.float64]
_LOWEST = {np.float32: -87.0, np.float64: -708.0}  # below it, exp is not a normal number
_SATURATED = {np.float32: 9.1, np.float64: 20.0}  # above it, tanh rounds to 1


@intrinsic
def fma(typingctx, a, b, c):
    """a * b + c, rounded once if the processor has fused multiply-add."""

    def codegen(context, builder, sig, args):
        if not FUSED:
            return builder.fadd(builder.fmul(args[0], args[1]), args[2])
        real = context.get_data_type(sig.return_type)
        kind = ir.FunctionType(real, [real] * 3)
        name = f'llvm.fma.f{sig.return_type.bitwidth}'
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)

    return a(a, a, a), codegen


@intrinsic
def _two_to(typingctx, n):
    """2^n for an integral float n in the range of normal numbers: n becomes the exponent's bits."""

    def codegen(context, builder, sig, args):
        real = context.get_data_type(sig.args[0])
        bits, mantissa, bias = (32, 23, 127) if sig.args[0] == types.float32 else (64, 52, 1023)
        integer = ir.IntType(bits)
        # the lowest bits of n + 1.5 * 2^mantissa are n
        shifted = builder.fadd(args[0], ir.Constant(real, 1.5 * 2**mantissa))
        low = builder.shl(builder.bitcast(shifted, integer), integer(mantissa))
        return builder.bitcast(builder.add(low, integer(bias << mantissa)), real)

    return n(n), codegen


@intrinsic
def bounded(typingctx, x, low, high):
    """x in [low, high]; NaN stays NaN. (Numba turns conditional expressions into branches.)"""

    def codegen(context, builder, sig, args):
        x, low, high = args
        x = builder.select(builder.fcmp_ordered('>', x, high), high, x)
        return builder.select(builder.fcmp_ordered('<', x, low), low, x)

    return x(x, x, x), codegen


def _expm1_small(r):
    """expm1(r) for |r| <= ln(2)/2."""


@overload(_expm1_small, jit_options=WITHIN)
def _overload_expm1_small(r):
    kind: Any = np.float32 if r == types.float32 else np.float64
    c = [kind(1 / factorial(k)) for k in range(2, 14)]
    c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13 = c

    def single(r):  # independent parts hide latency
        s = r * r
        return fma(s, fma(s, fma(s, fma(r, c7, c6), fma(r, c5, c4)), fma(r, c3, c2)), r)

    def double(r):
        s = r * r
        low = fma(s * s, fma(r, c7, c6), fma(s, fma(r, c5, c4), fma(r, c3, c2)))
        high = fma(s * s, fma(r, c13, c12), fma(s, fma(r, c11, c10), fma(r, c9, c8)))
        return fma(s, fma(s * s * s, high, low), r)

    return single if r == types.float32 else double


def tanh1(x):
    """tanh of a float32 or float64, as expm1(2x) / (expm1(2x) + 2)."""


@overload(tanh1, jit_options=WITHIN)
def _overload_tanh1(x):
    kind: Any = np.float32 if x == types.float32 else np.float64
    limit, twice_log2e = kind(_SATURATED[kind]), kind(2 * _LOG2E)
    high, low = (kind(-part) for part in _LN2[kind])
    one, two = kind(1), kind(2)

    def tanh1(x):
        x = bounded(x, -limit, limit)
        y = x + x
        n = np.rint(x * twice_log2e)
        scale = _two_to(n)
        e = fma(scale, _expm1_small(fma(n, low, fma(n, high, y))), scale - one)
        return e / (e + two)

    return tanh1


def exp1(x):
    """exp of a float32 or float64; results out of range become about the smallest or largest normal number."""


@overload(exp1, jit_options=WITHIN)
def _overload_exp1(x):
    kind: Any = np.float32 if x == types.float32 else np.float64
    lowest, log2e, one = kind(_LOWEST[kind]), kind(_LOG2E), kind(1)
    high, low = (kind(-part) for part in _LN2[kind])

    def exp1(x):
        x = bounded(x, lowest, -lowest)
        n = np.rint(x * log2e)
        return _two_to(n) * (one + _expm1_small(fma(n, low, fma(n, high, x))))

    return exp1


def sigmoid1(x):
    """The logistic function of a float32 or float64, 1 / (1 + exp(-x))."""


@overload(sigmoid1, jit_options=WITHIN)
def _overload_sigmoid1(x):
    one = (np.float32 if x == types.float32 else np.float64)(1)

    def sigmoid1(x):
        return one / (one + exp1(-x))

    return sigmoid1


@intrinsic
def _exponent(typingctx, x):
    """n, as a float64, for a normal float64 x = m 2^n above 0, with m roughly in [sqrt(1/2), sqrt(2))."""

    def codegen(context, builder, sig, args):
        integer, offset = ir.IntType(64), 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)
        bits = builder.sub(builder.bitcast(args[0], integer), integer(offset))
        return builder.sitofp(builder.ashr(bits, integer(52)), ir.DoubleType())

    return types.float64(types.float64), codegen


@jit
def log1(x):
    """The natural logarithm of a normal float64 above 0, by 2 atanh((m - 1) / (m + 1)) for x = m 2^n."""
    n = _exponent(x)
    m = x * _two_to(-n)
    s = (m - 1.0) / (m + 1.0)
    square = s * s
    series = 0.0
    for k in range(23, 1, -2):
        series = fma(series, square, 1.0 / k)
    high, low = _LN2_64
    return fma(n, high, fma(n, low, 2.0 * fma(s * square, series, s)))


@intrinsic
def _near_rsqrt(typingctx, x):
    """1/sqrt(x) of a normal number, roughly: half its exponent, negated, plus a constant that suits the next step."""

    def codegen(context, builder, sig, args):
        bits, magic = (32, 0x5F1FFFF9) if sig.args[0] == types.float32 else (64, 0x5FE3FFFF20000000)
        integer = ir.IntType(bits)
        half = builder.lshr(builder.bitcast(args[0], integer), integer(1))
        return builder.bitcast(builder.sub(integer(magic), half), context.get_data_type(sig.args[0]))

    return x(x), codegen


def rsqrt1(x):
    """1/sqrt(x) of a normal float32 or float64; not finite for inf. LLVM's own estimate depends on the processor.

    Adagrad at H=100: 5.9 us, with square root and division 6.4; in float64 16.3 and 19.9 (Zen 4: bench/kernels.py).
    """


@overload(rsqrt1, jit_options=WITHIN)
def _overload_rsqrt1(x):
    kind: Any = np.float32 if x == types.float32 else np.float64
    a, b = kind(0.703952253), kind(2.38924456)  # accurate to 6.5e-4 with the constant above (J. Kadlec, 2010)
    one, half, more = kind(1), kind(0.5), kind(0.375)

    def single(x):
        y = _near_rsqrt(x)
        y = a * y * fma(-x * y, y, b)
        e = fma(-x * y, y, one)  # then (1 - e)^(-1/2) = 1 + e/2 + 3 e^2 / 8 + ...
        return fma(y * e, fma(more, e, half), y)

    def double(x):
        y = _near_rsqrt(x)
        y = a * y * fma(-x * y, y, b)
        e = fma(-x * y, y, one)
        y = fma(y * e, fma(more, e, half), y)
        e = fma(-x * y, y, one)
        return fma(y * e, half, y)

    return single if x == types.float32 else double
