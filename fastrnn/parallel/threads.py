"""The threads of a team, and the number of processors for them."""

import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

from ..kernels.team import FUTEX, Team, give_up, make_sync
from ..system import limits
from ..system.c_library import syscall_address, yield_address

_sharing = 1  # processes of a run on this host


def share_quota(count: int) -> None:
    """Divide a quota of processor time among ``count`` processes of this host. Their processors are divided already."""
    global _sharing
    _sharing = count


def share_of_processors() -> int:
    """Number of processors for this process's threads: with more threads, they would wait for each other."""
    allowed, quota = limits.allowed(), limits.quota()
    return allowed.number if quota is None else max(1, min(allowed.number, math.ceil(quota.number / _sharing)))


class Threads:
    """Threads besides the caller's, for teams that run one after the other. After ``close``, a call starts new ones.

    A rank always has the same thread, whose caches may still hold its data.
    """

    def __init__(self) -> None:
        self._executors: list[ThreadPoolExecutor] = []  # with one thread each
        self._process = os.getpid()

    def start(self, count: int) -> bool:
        """Start ``count`` threads; False if the system allows no more, so that a team never starts incomplete."""
        if self._process != os.getpid():  # a fork has none of its parent's threads, and their locks may be held
            self._executors, self._process = [], os.getpid()
        while len(self._executors) < count:
            executor = ThreadPoolExecutor(1, thread_name_prefix='fastrnn')
            try:
                executor.submit(int)  # starts the thread
            except (RuntimeError, MemoryError):
                return False
            self._executors.append(executor)
        return True

    def submit(self, rank: int, kernel: Callable[[Team], Any], team: Team) -> Future[Any]:
        return self._executors[rank - 1].submit(kernel, team)

    def close(self) -> None:
        executors, self._executors = self._executors, []
        if self._process != os.getpid() or not threading.main_thread().is_alive():
            return
        for executor in executors:
            executor.shutdown()


def _until_an_error(kernel: Callable[[Team], Any], team: Team) -> Any:
    """Call ``kernel(team)``; after an error, release the threads that wait for this one."""
    try:
        return kernel(team)
    except BaseException:
        give_up(team.sync)
        raise


class ThreadTeam:
    """A team; other teams may use the same threads."""

    def __init__(self, size: int, shares: int = 1, threads: Threads | None = None) -> None:
        """With groups of ``shares`` threads each."""
        self.size, self.shares, self._threads = size, shares, threads or Threads()
        self._sync = make_sync(size // shares)
        self._give_way = yield_address()
        self._syscall = syscall_address() if FUTEX else 0
        self._process = os.getpid()

    def team(self, rank: int) -> Team:
        return Team(rank, self.size, self.shares, self._sync, self._give_way, self._syscall)

    def start(self) -> bool:
        """Start all threads; False if the system allows no more."""
        if self.size == 1:
            return True
        if self._process != os.getpid():  # the parent's threads may have been at a barrier
            self._process, self._sync = os.getpid(), make_sync(self.size // self.shares)
        return self._threads.start(self.size - 1)

    def run(self, kernel: Callable[[Team], Any]) -> Any:
        """Call ``kernel(team)`` in all threads at once; returns the result of rank 0."""
        if self.size == 1:
            return kernel(self.team(0))
        if not self.start():
            raise RuntimeError(f"the system can't start {self.size} threads")
        others: list[Future[Any]] = []
        try:
            for rank in range(1, self.size):
                others.append(self._threads.submit(rank, partial(_until_an_error, kernel), self.team(rank)))
            result = kernel(self.team(0))
            for other in others:
                other.result()
        except BaseException:  # e.g. an interrupt between two submissions: release all threads
            given_up, self._sync = self._sync, make_sync(self.size // self.shares)
            give_up(given_up)
            wait(others)
            raise
        return result

    def close(self) -> None:
        self._threads.close()
