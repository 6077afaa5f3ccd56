"""Inverted dropout (Srivastava et al. 2014) between layers, by a hash of counters.

The seed, the optimizer's step, layer, t, stream and unit decide whether a unit is set to 0. So there is no state to
save, and threads and the order of computation don't matter. Constants: SplitMix64 (Steele, Lea and Flood 2014) for a
row, a 32-bit mixer found by C. Wellons (2018) for its units.
"""

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ..jit import jit

I32, I64 = ir.IntType(32), ir.IntType(64)


class Dropout(NamedTuple):
    limit: int  # a unit is dropped if 24 bits of its hash are less; 0: no dropout
    scale: Any  # of the units that stay, 1/(1-p), in the weights' dtype
    seed: int


def limit_of(p: float) -> int:
    """The share p in steps of 2**-24; less than 2**24, because p is less than 1."""
    return min(round(p * 2**24), 2**24 - 1)


def make_dropout(p: float, seed: int, kind: Any) -> Dropout:
    """Dropout of a share p of units; kind: the weights' dtype."""
    return Dropout(limit_of(p), kind(1 / (1 - p)), seed)


@intrinsic
def mix(typingctx, key, value):
    """A 64-bit key from a key and a counter."""

    def codegen(context, builder, sig, args):
        x = builder.add(builder.add(args[0], I64(0x9E3779B97F4A7C15)), args[1])
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, None)):
            x = builder.xor(x, builder.lshr(x, I64(shift)))
            x = x if factor is None else builder.mul(x, I64(factor))
        return x

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def _is_kept(typingctx, key, unit, limit):
    """True if dropout keeps a unit of the row with this key."""

    def codegen(context, builder, sig, args):
        key, unit, limit = args
        low, high = builder.trunc(key, I32), builder.trunc(builder.lshr(key, I64(32)), I32)
        x = builder.add(low, builder.mul(builder.trunc(unit, I32), I32(0x9E3779B9)))
        x = builder.mul(builder.xor(x, builder.lshr(x, I32(16))), I32(0x7FEB352D))
        x = builder.xor(builder.xor(x, builder.lshr(x, I32(15))), high)
        x = builder.mul(x, I32(0x846CA68B))
        x = builder.lshr(builder.xor(x, builder.lshr(x, I32(16))), I32(8))
        return builder.icmp_unsigned('>=', x, builder.trunc(limit, I32))

    return types.boolean(types.int64, types.int64, types.int64), codegen


@jit
def drop(dropout, step, layer, t, first, u0, u1, rows):
    """Multiply units u0 ... u1-1 of rows by 0 or the scale; rows are streams, the first has number ``first``."""
    zero, scale, limit = rows.dtype.type(0), dropout.scale, dropout.limit
    key = mix(mix(mix(mix(0, dropout.seed), step), layer), t)
    for b in range(rows.shape[0]):
        row, key_of_row = rows[b, u0:u1], mix(key, first + b)
        for i in range(row.size):
            row[i] *= scale if _is_kept(key_of_row, u0 + i, limit) else zero
