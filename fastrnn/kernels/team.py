"""Several threads inside one kernel: how they share work, and how they wait for each other.

Every thread of a team runs the same kernel with its own ``rank``. Threads work on disjoint parts, with a ``barrier``
after each phase. Groups share streams. The threads of a group share the units of its streams, and wait only for each
other. A phase takes about a microsecond, so threads spin while they wait. A thread that spins for long is waiting for
one that has no processor. It then sleeps until the last one comes (with Linux's futex; elsewhere it yields), and frees
its own processor. Next to two busy processes, two threads that yield took ten times as long as one (bench/busy.py).
"""

import platform
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import jit

SPINS = 3000  # spins before a thread sleeps: about 40 us, lost if processors are busy
FUTEX = {'x86_64': 202, 'AMD64': 202, 'aarch64': 98}.get(platform.machine(), 0)  # number of Linux's system call
WAIT, WAKE = 128, 129  # FUTEX_WAIT and FUTEX_WAKE, within a process
EVERYBODY = 2**31 - 1
_HAS_PAUSE = platform.machine() in ('x86_64', 'AMD64')


class Team(NamedTuple):
    """One thread's view of a team of ``size`` threads."""

    rank: int
    size: int
    shares: int  # threads per group, with consecutive ranks; divides the size
    sync: Any  # int64, see make_sync
    give_way: int  # address of sched_yield, or 0
    syscall: int  # address of Linux's syscall, for sleeping; or 0


ARRIVALS, ABORT, SLEEPERS, LONGEST, SYNC = 0, 8, 16, 24, 32  # indices, each on its own cache line; size of a record


def make_sync(groups: int = 1) -> Any:
    """The shared record of a team, then those of its groups: arrivals at barriers, whether to give up, the number of
    sleeping threads, and the longest sleep in seconds and nanoseconds (a thread that gives up wakes nobody)."""
    sync = np.zeros((1 + groups, SYNC), np.int64)
    sync[:, LONGEST + 1] = 10_000_000
    return sync.ravel()


def give_up(sync: Any) -> None:
    """Release all threads from barriers: one thread will not come."""
    sync[ABORT::SYNC] = 1


def alone() -> Team:
    """A team of one thread; its barriers cost nothing."""
    return Team(0, 1, 1, make_sync(), 0, 0)


@intrinsic
def _atomic_add(typingctx, array, index, value):
    """array[index] += value, atomically; returns the value before."""

    def codegen(context, builder, sig, args):
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw('add', builder.gep(data, [args[1]]), args[2], 'seq_cst')

    return types.int64(array, types.intp, types.int64), codegen


@intrinsic
def _atomic_load(typingctx, array, index):
    def codegen(context, builder, sig, args):
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.load_atomic(builder.gep(data, [args[1]]), 'seq_cst', 8)

    return types.int64(array, types.intp), codegen


@intrinsic
def _pause(typingctx):
    def codegen(context, builder, sig, args):
        if _HAS_PAUSE:
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, 'llvm.x86.sse2.pause'), [])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def _call(typingctx, address):
    """Call the C function ``int f(void)`` at an address."""

    def codegen(context, builder, sig, args):
        kind = ir.FunctionType(ir.IntType(32), []).as_pointer()
        builder.call(builder.inttoptr(args[0], kind), [])
        return context.get_dummy_value()

    return types.void(types.intp), codegen


@intrinsic
def _futex(typingctx, address, array, operation, value):
    """Wait while the low half of array[ARRIVALS] is value, at most array[LONGEST]; or wake the waiting threads."""

    def codegen(context, builder, sig, args):
        i64 = ir.IntType(64)
        kind = ir.FunctionType(i64, [i64] * 7).as_pointer()
        data = context.make_array(sig.args[1])(context, builder, args[1]).data
        word, limit = (builder.ptrtoint(builder.gep(data, [i64(at)]), i64) for at in (ARRIVALS, LONGEST))
        operands = [i64(FUTEX), word, args[2], args[3], limit, i64(0), i64(0)]
        builder.call(builder.inttoptr(args[0], kind), operands)
        return context.get_dummy_value()

    return types.void(types.intp, array, types.int64, types.int64), codegen


@jit
def sleep(team, target):
    """Sleep until the team's arrivals reach the target, at most for a fixed time."""
    _atomic_add(team.sync, SLEEPERS, 1)
    seen = _atomic_load(team.sync, ARRIVALS)
    if seen < target:  # the last thread to come sees a sleeper; if it came already, the futex does not wait
        _futex(team.syscall, team.sync, WAIT, seen & 0xFFFFFFFF)
    _atomic_add(team.sync, SLEEPERS, -1)


@jit
def barrier(team):
    """Wait until all threads of the team have come."""
    if team.size == 1:
        return
    ticket = _atomic_add(team.sync, ARRIVALS, 1)
    target = (ticket // team.size + 1) * team.size
    if ticket + 1 == target:
        if _atomic_load(team.sync, SLEEPERS) > 0:
            _futex(team.syscall, team.sync, WAKE, EVERYBODY)
        return
    spins = 0
    while _atomic_load(team.sync, ARRIVALS) < target and _atomic_load(team.sync, ABORT) == 0:
        _pause()
        spins += 1
        if spins > SPINS:
            if team.syscall != 0:
                sleep(team, target)
            elif team.give_way != 0:
                _call(team.give_way)


@jit
def group_of(team):
    """This thread's group, as a team."""
    number, shares = team.rank // team.shares, team.shares
    sync = team.sync[(1 + number) * SYNC : (2 + number) * SYNC]
    return Team(team.rank % shares, shares, shares, sync, team.give_way, team.syscall)


@jit
def by_units(team):
    """The team with ranks in the order of units: a thread's part of all units is within its share of its group's."""
    groups = team.size // team.shares
    rank = team.rank % team.shares * groups + team.rank // team.shares
    return Team(rank, team.size, team.shares, team.sync, team.give_way, team.syscall)


@jit
def part(index, parts, size, grain):
    """Start and stop of a part of range(size), in multiples of ``grain``."""
    grains = (size + grain - 1) // grain
    start = grains * index // parts * grain
    stop = grains * (index + 1) // parts * grain
    return min(start, size), min(stop, size)


@jit
def span(team, size, grain):
    """This thread's part of range(size), in multiples of ``grain``."""
    return part(team.rank, team.size, size, grain)


@jit
def streams_of(team, B):
    """Start and stop of the streams of this thread's group."""
    return part(team.rank // team.shares, team.size // team.shares, B, 1)
