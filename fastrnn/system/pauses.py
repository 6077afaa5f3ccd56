"""Pauses clocks while kernels are compiled, loaded or waited for, as that is not training time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Stoppable(Protocol):
    """A clock with nested stops: after n calls of ``stop`` it runs again after n calls of ``go``."""

    def stop(self) -> None: ...

    def go(self) -> None: ...


class _Here(threading.local):
    """The running clocks of this thread."""

    def __init__(self) -> None:
        self.clocks: list[Stoppable] = []


_here = _Here()


@contextmanager
def running(clock: Stoppable) -> Iterator[None]:
    """A context in which pauses stop a clock."""
    _here.clocks.append(clock)
    try:
        yield
    finally:
        _here.clocks.remove(clock)


def begin() -> None:
    """Stop this thread's clocks."""
    for clock in _here.clocks:
        clock.stop()


def end() -> None:
    for clock in _here.clocks:
        clock.go()


@contextmanager
def paused() -> Iterator[None]:
    """A context whose time does not count."""
    begin()
    try:
        yield
    finally:
        end()
