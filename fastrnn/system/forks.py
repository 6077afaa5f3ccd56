"""Locks that are safe across forks. A fork copies its parent's locks, but not the threads that may hold them.

Waiting for such a lock would never end. ``OwnLock`` guards a thing of one process, and raises an error in a fork.
``SharedLock`` guards something that each process has, and is replaced by a free lock in a fork.
"""

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any


class OwnLock:
    """A reentrant lock of a thing that only the process that created it can use."""

    def __init__(self, what: str) -> None:
        self._what, self._lock, self._process = what, threading.RLock(), os.getpid()

    @property
    def in_a_fork(self) -> bool:
        """True if this process is a fork, with only a copy of the thing."""
        return self._process != os.getpid()

    def __enter__(self) -> None:
        if self.in_a_fork:
            raise ValueError(
                f'{self._what} belongs to process {self._process}, and this process is a fork of it; '
                'use it there, or create another one here'
            )
        self._lock.acquire()

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lock.release()


class SharedLock:
    """A lock of something that each process has, and that is consistent while the lock is free. Forks get it free."""

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
    """Call a function first in each fork of this process; Windows has no forks."""
    if hasattr(os, 'register_at_fork'):
        os.register_at_fork(after_in_child=call)


def across_forks(acquire: Callable[[], Any], release: Callable[[], Any]) -> None:
    """Hold a lock during each fork, so that both processes find consistent data."""
    if hasattr(os, 'register_at_fork'):
        os.register_at_fork(before=acquire, after_in_parent=release, after_in_child=release)
