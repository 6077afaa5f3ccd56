"""Several threads inside one kernel: who does what, and how they wait for one another.

Every thread of a team runs the same kernel with its own ``rank``; each phase works on disjoint parts, and
``barrier`` stands between phases. A phase lasts about a microsecond, so threads wait by spinning; after
some spins they yield the processor, so that an overloaded machine is slow but never stuck.
"""

import ctypes
import os
import platform
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import exact_jit

SPINS = 4000  # before the first yield; some 50 us
_HAS_PAUSE = platform.machine() in ('x86_64', 'AMD64')


class Team(NamedTuple):
    """One thread's view of a team of ``size`` threads."""

    rank: int
    size: int
    sync: Any  # int64: [0] arrivals at barriers so far, [8] not 0 once the team is to give up
    give_way: int  # address of sched_yield, or 0


ARRIVALS, ABORT = 0, 8  # on cache lines of their own


def _sched_yield() -> int:
    try:
        return ctypes.cast(ctypes.CDLL(None).sched_yield, ctypes.c_void_p).value or 0
    except (AttributeError, OSError, TypeError):  # no such function: plain spinning
        return 0


def alone() -> Team:
    """A team of one, for which barriers cost nothing."""
    return Team(0, 1, np.zeros(16, np.int64), 0)


class ThreadTeam:
    """The threads of a team, kept between calls; after ``close`` another call makes new ones."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._sync = np.zeros(16, np.int64)
        self._give_way = _sched_yield()
        self._pool: ThreadPoolExecutor | None = None
        self._process = os.getpid()

    def team(self, rank: int) -> Team:
        return Team(rank, self.size, self._sync, self._give_way)

    def run(self, kernel: Callable[[Team], Any]) -> Any:
        """Call ``kernel(team)`` in all threads at once and return what rank 0 returns."""
        if self.size == 1:
            return kernel(self.team(0))
        if self._pool is None or self._process != os.getpid():  # a fork has no threads of its parent's
            self._process, self._sync[:] = os.getpid(), 0
            self._pool = ThreadPoolExecutor(self.size - 1, thread_name_prefix='fastrnn')
        others: list[Any] = []
        try:
            for rank in range(1, self.size):
                others.append(self._pool.submit(kernel, self.team(rank)))
            result = kernel(self.team(0))
            for other in others:
                other.result()
        except BaseException:  # an interrupt between two submissions: nobody may wait for ever
            self._sync[ABORT] = 1
            wait(others)
            self._sync[:] = 0
            raise
        return result

    def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None and threading.main_thread().is_alive():
            pool.shutdown()


@intrinsic
def _atomic_add(typingctx, array, index, value):
    """array[index] += value for all threads to see; returns the value before."""

    def codegen(context, builder, sig, args):
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw('add', builder.gep(data, [args[1]]), args[2], 'acq_rel')

    return types.int64(array, types.intp, types.int64), codegen


@intrinsic
def _atomic_load(typingctx, array, index):
    def codegen(context, builder, sig, args):
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.load_atomic(builder.gep(data, [args[1]]), 'acquire', 8)

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


@exact_jit
def barrier(team):
    """Wait until all threads of the team have come here."""
    if team.size == 1:
        return
    ticket = _atomic_add(team.sync, ARRIVALS, 1)
    target = (ticket // team.size + 1) * team.size
    spins = 0
    while _atomic_load(team.sync, ARRIVALS) < target and _atomic_load(team.sync, ABORT) == 0:
        _pause()
        spins += 1
        if spins > SPINS and team.give_way != 0:
            _call(team.give_way)


@exact_jit
def span(team, size, grain):
    """Start and stop of this thread's part of range(size), in multiples of grain."""
    grains = (size + grain - 1) // grain
    start = grains * team.rank // team.size * grain
    stop = grains * (team.rank + 1) // team.size * grain
    return min(start, size), min(stop, size)
