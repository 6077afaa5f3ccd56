"""Locks and forks: a fork has what its parent had, but none of the other threads, which may have held a lock.

To wait for such a lock is to wait for ever. Locks of what belongs to one process refuse in a fork; those that guard
something of each process are made anew there.
"""

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any


class OwnLock:
    """A lock that a thread may take again, of a thing that only the process that made it can use."""

    def __init__(self, what: str) -> None:
        self._what, self._lock, self._process = what, threading.RLock(), os.getpid()

    @property
    def in_a_fork(self) -> bool:
        """Whether this process only has a copy of the thing."""
        return self._process != os.getpid()

    def __enter__(self) -> None:
        if self.in_a_fork:
            raise ValueError(
                f'{self._what} belongs to process {self._process}, of which this one is a fork: '
                'use it there, or begin another one here'
            )
        self._lock.acquire()

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lock.release()


class SharedLock:
    """A lock of something that each process has, and that is whole between two holders: it is free in a fork."""

    def __init__(self) -> None:
        self._renew()
        call_in_forks(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: Any) -> None:
        self._lock.release()


def call_in_forks(call: Callable[[], Any]) -> None:
    """Call a function in each fork of this process, before anything else; Windows has none."""
    if hasattr(os, 'register_at_fork'):
        os.register_at_fork(after_in_child=call)


def across_forks(acquire: Callable[[], Any], release: Callable[[], Any]) -> None:
    """Fork only while a lock is free, which guards what must be whole in both processes."""
    if hasattr(os, 'register_at_fork'):
        os.register_at_fork(before=acquire, after_in_parent=release, after_in_child=release)
