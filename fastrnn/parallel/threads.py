"""How many threads run a kernel: found by trying, since results do not depend on it."""

import ctypes
import math
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache, partial
from typing import Any

from ..kernels.team import FUTEX, Team, give_up, make_sync
from ..system import limits

WAKE = 0.03  # seconds of a trial until all threads are awake, each on a processor of its own
TRY = 0.02  # seconds of a trial that are timed
TRY_AGAIN = 1.0, 16.0  # seconds until another number of threads is tried again: at first, and at most
WORTH_WAKING = 1e-3  # seconds of work; waking a thread takes about 0.1 ms (bench/kernels.py)


_sharing = 1  # processes on this host, of one run


def share_quota(count: int) -> None:
    """A quota of processor time is this process's and others', ``count`` in all; processors are divided already."""
    global _sharing
    _sharing = count


def share_of_processors() -> int:
    """This process's processors, of those that all on its host may use: more threads would wait for one another."""
    allowed, quota = limits.allowed(), limits.quota()
    return allowed.number if quota is None else max(1, min(allowed.number, math.ceil(quota.number / _sharing)))


def _address(name: str) -> int:
    """Of a function of the C library; 0 where there is none: plain spinning."""
    try:
        return ctypes.cast(getattr(ctypes.CDLL(None), name), ctypes.c_void_p).value or 0
    except (AttributeError, OSError, TypeError):
        return 0


class ThreadTeam:
    """The threads of a team, kept between calls; after ``close`` another call makes new ones."""

    def __init__(self, size: int, shares: int = 1) -> None:
        """Of groups of ``shares`` threads each."""
        self.size, self.shares = size, shares
        self._sync = make_sync(size // shares)
        self._give_way = _address('sched_yield')
        self._syscall = _address('syscall') if FUTEX and sys.platform == 'linux' else 0
        self._executor: ThreadPoolExecutor | None = None
        self._process = os.getpid()

    def team(self, rank: int) -> Team:
        return Team(rank, self.size, self.shares, self._sync, self._give_way, self._syscall)

    def start(self) -> bool:
        """Have all threads there; False if the system allows no more: nothing must begin that they can't end."""
        if self.size == 1 or (self._executor is not None and self._process == os.getpid()):
            return True
        self._process = os.getpid()  # a fork has no threads of its parent's
        self._sync = make_sync(self.size // self.shares)
        executor, go = ThreadPoolExecutor(self.size - 1, thread_name_prefix='fastrnn'), threading.Event()
        try:
            for _ in range(self.size - 1):  # each waits, so that the next one needs another thread
                executor.submit(go.wait)
        except (RuntimeError, MemoryError):
            go.set()
            executor.shutdown()
            return False
        except BaseException:
            go.set()
            raise
        go.set()
        self._executor = executor
        return True

    def run(self, kernel: Callable[[Team], Any]) -> Any:
        """Call ``kernel(team)`` in all threads at once and return what rank 0 returns."""
        if self.size == 1:
            return kernel(self.team(0))
        if not self.start() or self._executor is None:
            raise RuntimeError(f'the system can not start {self.size} threads')
        others: list[Any] = []
        try:
            for rank in range(1, self.size):
                others.append(self._executor.submit(kernel, self.team(rank)))
            result = kernel(self.team(0))
            for other in others:
                other.result()
        except BaseException:  # an interrupt between two submissions: nobody may wait for ever
            give_up(self._sync)
            wait(others)
            self._sync = make_sync(self.size // self.shares)
            raise
        return result

    def close(self) -> None:
        executor, self._executor = self._executor, None
        if self._process != os.getpid():  # a fork has no threads of its parent's, whose lock may be held
            return
        if executor is not None and threading.main_thread().is_alive():
            executor.shutdown()


@cache
def _tell_of_too_few(size: int) -> None:
    """Once for each number."""
    left = limits.tasks()
    reason = 'see ulimit -u' if left is None else left.source
    told = f'the system can not start {size} threads ({reason}): fewer are used, with the same results'
    warnings.warn(told, RuntimeWarning, stacklevel=2)


def counts_for_streams(B: int, flops: int, flops_per_thread: int) -> list[int]:
    """Numbers of threads worth trying for B streams, whose step of time has so many flops: up to all processors."""
    most = min(share_of_processors(), B, max(1, flops // flops_per_thread))
    return [1] + [size for size in (2, 4, 8, 16, 32, 64, 128) if size < most] + ([most] if most > 1 else [])


def counts_for_rows(rows: int, rows_per_thread: int) -> list[int]:
    """Numbers of threads worth trying for products of one row after the other: 1, 2, 4 and 8."""
    most = min(share_of_processors(), rows // rows_per_thread)
    return [1] + [size for size in (2, 4, 8) if size <= most]


class ThreadTuner:
    """Finds by trying how many threads pay: it depends on the machine, on the sizes and on who else computes."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.most = max(sizes)  # threads at once
        self._teams = [ThreadTeam(size) for size in sizes]
        self._pace = dict.fromkeys(sizes, 0.0)  # seconds an iteration, by size; 0: not known
        self._waiting = list(self._teams)  # for a trial; the first is on trial
        self._spent = [0.0, 0.0, 0]  # of the trial: seconds of waking, seconds timed, iterations timed
        self._since_trial, self._try_again = 0.0, TRY_AGAIN[0]
        self._best: ThreadTeam | None = None

    def run(self, iterations: int, work: Callable[[slice, Team], Any]) -> Any:
        """Do work(part, team) for parts of range(iterations), one after another, in all threads of a team at once.

        Returns what the last part's rank 0 returned. How many threads there are is found by timing the parts.
        """
        done, result = 0, None
        while done < iterations:
            team, count = self._choose(iterations - done)
            if not team.start():
                self._do_without(team)
                continue
            start = time.perf_counter()
            result = team.run(partial(work, slice(done, done + count)))
            self._report(team, count, time.perf_counter() - start)
            done += count
        return result

    def _do_without(self, team: ThreadTeam) -> None:
        """Use smaller teams than one that can't be had: at last this thread alone, with the same results."""
        _tell_of_too_few(team.size)
        gone = [other for other in self._teams if other.size >= team.size]
        self._teams = [other for other in self._teams if other not in gone] or [ThreadTeam(team.size // 2)]
        self._waiting = [other for other in self._waiting if other not in gone]
        self._pace = {other.size: self._pace.get(other.size, 0.0) for other in self._teams}
        self._spent, self._best = [0.0, 0.0, 0], None

    @property
    def settled(self) -> bool:
        """Whether it is known how many threads pay."""
        return len(self._teams) == 1 or not self._waiting

    def _choose(self, iterations: int) -> tuple[ThreadTeam, int]:
        """Who is to run, and how many of so many iterations."""
        if len(self._teams) == 1:
            return self._teams[0], iterations
        known = [pace for pace in self._pace.values() if pace]
        if known and iterations * min(known) < WORTH_WAKING:
            return self._teams[0], iterations
        if self._waiting:
            left = WAKE - self._spent[0] if self._spent[0] < WAKE else TRY - self._spent[1]
            return self._waiting[0], min(iterations, max(1, int(left / min(known)))) if known else 1
        best = min(self._teams, key=lambda team: self._pace[team.size])
        if best is not self._best:  # perhaps for one block that something else disturbed: soon to be tried again
            self._best, self._since_trial, self._try_again = best, 0.0, TRY_AGAIN[0]
        return best, iterations

    def _report(self, team: ThreadTeam, iterations: int, seconds: float) -> None:
        """How long the iterations took together."""
        if not self._waiting or team is not self._waiting[0]:
            self._pace[team.size] = seconds / iterations
            self._since_trial += seconds
            if self._since_trial > self._try_again and not self._waiting:
                self._since_trial, self._try_again = 0.0, min(2 * self._try_again, TRY_AGAIN[1])
                others = [other for other in self._teams if other is not team]
                self._waiting = sorted(others, key=lambda other: self._pace[other.size])[:1]
            return
        if self._spent[0] < WAKE and self._pace[team.size]:
            self._spent[0] += seconds
            return
        if not self._pace[team.size]:  # the first iteration of all: a pace to plan by
            self._pace[team.size] = seconds / iterations
            return
        self._spent[1] += seconds
        self._spent[2] += iterations
        if self._spent[1] >= TRY:
            self._pace[team.size] = self._spent[1] / self._spent[2]
            self._spent = [0.0, 0.0, 0]
            self._waiting.pop(0)

    def close(self) -> None:
        for team in self._teams:
            team.close()
