"""Shards of the streams: each process trains some, and exchanges gradients, norms and parameters with the others.

The gradient is the sum of the shards' gradients, in their order. So bits depend on the number of shards, but not on
which process computes one. Each process updates a slice of the flat parameters, in whole chunks of ``optimizers.py``.
It receives that slice of all shards' gradients, and sends its new parameters to all.
"""

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ..jit import jit, variable
from ..team import barrier, span
from .gradients import LINE, add, fill_zero
from .packing import copy

GRADIENTS, NORMS, PARAMETERS = 0, 1, 2  # kinds of exchanges
BLOCK = 4096  # elements of a sum over shards at a time: they stay in the L1 cache


class Shards(NamedTuple):
    """The shards of this process, and the arrays that it exchanges."""

    first: int  # number of its first stream, among all streams
    streams: int  # in all shards
    rank: int  # of the process
    bounds: Any  # (processes + 1,) int64: process q updates elements bounds[q] ... bounds[q+1]-1
    exchange: int  # address of int f(int what), which fills gathered, norms or parameters; 0 for one process
    failed: Any  # (1,) int64, not 0 once an exchange has failed
    sent: Any  # (here * N,): for each process in turn, its slice of each shard's gradient; (0,) for one shard here
    gathered: Any  # (shards * n,): this process's slice of each shard's gradient; (0,) if there is only one shard
    carried: Any  # (here, L, states, B, Hp): each shard's states before the next window


@intrinsic
def _call(typingctx, address, argument):
    """Call the C function ``int f(int)`` at an address."""

    def codegen(context, builder, sig, args):
        i32 = ir.IntType(32)
        kind = ir.FunctionType(i32, [i32]).as_pointer()
        result = builder.call(builder.inttoptr(args[0], kind), [builder.trunc(args[1], i32)])
        return builder.sext(result, ir.IntType(64))

    return types.int64(types.intp, types.int64), codegen


@jit
def exchange(team, what, shards):
    """Exchange GRADIENTS, NORMS or PARAMETERS with other processes, between barriers; a single process does nothing."""
    if shards.exchange == 0:
        return
    barrier(team)
    if team.rank == 0 and shards.failed[0] == 0:
        shards.failed[0] = _call(shards.exchange, what)
    barrier(team)


@jit
def take_states(carried, afresh, b0, b1, hs):
    """Set hs[..., 0, :, :] of streams b0 ... b1-1 to ``carried`` (L, states, B, Hp), or to 0 if ``afresh``."""
    for layer in range(hs.shape[0]):
        for s in range(hs.shape[1]):
            for b in range(b0, b1):
                if afresh[b]:
                    fill_zero(hs[layer, s, 0, b])
                else:
                    copy(carried[layer, s, b], hs[layer, s, 0, b])


@jit
def keep_states(hs, t, b0, b1, carried):
    """Save hs[..., t, :, :] of streams b0 ... b1-1 for the next window."""
    for layer in range(hs.shape[0]):
        for s in range(hs.shape[1]):
            for b in range(b0, b1):
                copy(hs[layer, s, t, b], carried[layer, s, b])


@jit
def keep_gradient(team, gradient, s, shards):
    """Save the gradient (N,) of shard s of this process, if it has several; threads share ranges."""
    if shards.sent.size == 0:
        return
    here, bounds = shards.carried.shape[0], shards.bounds
    for q in range(bounds.size - 1):
        start, size = bounds[q], bounds[q + 1] - bounds[q]
        i0, i1 = span(team, size, LINE)
        at = here * start + s * size
        copy(gradient[start + i0 : start + i1], shards.sent[at + i0 : at + i1])


@jit
def sum_shards(team, gradient, shards):
    """Set this process's slice of gradient (N,) to the sum over all shards, in their order."""
    if shards.gathered.size == 0 and shards.exchange == 0:
        return
    exchange(team, variable(GRADIENTS), shards)  # even without anything to update here: the others wait
    barrier(team)
    start, stop = shards.bounds[shards.rank], shards.bounds[shards.rank + 1]
    size = stop - start
    i0, i1 = span(team, size, LINE)
    for first in range(i0, i1, BLOCK):
        last = min(first + BLOCK, i1)
        total = gradient[start + first : start + last]
        copy(shards.gathered[first:last], total)
        for at in range(size, shards.gathered.size, size):
            add(shards.gathered[at + first : at + last], total)
    barrier(team)
