"""Time that is not the training's: in which kernels are compiled or loaded, or waited for. Clocks stand still then."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Stoppable(Protocol):
    """A clock that can be stopped several times over, and goes on after as many calls of ``go``."""

    def stop(self) -> None: ...

    def go(self) -> None: ...


class _Here(threading.local):
    """The clocks that run in this thread."""

    def __init__(self) -> None:
        self.clocks: list[Stoppable] = []


_here = _Here()


@contextmanager
def running(clock: Stoppable) -> Iterator[None]:
    """A block whose pauses stop a clock."""
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
    """A block whose time does not count."""
    begin()
    try:
        yield
    finally:
        end()
