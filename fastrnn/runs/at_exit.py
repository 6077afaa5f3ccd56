"""Closing what is still open at the end of the program."""

import atexit
import sys
from typing import Protocol
from weakref import WeakSet


class Closing(Protocol):
    def close(self) -> None: ...


_open: WeakSet[Closing] = WeakSet()


def close_at_exit(thing: Closing) -> None:
    """Close a thing at the end of the program, if it is still there."""
    _open.add(thing)


@atexit.register
def _close_all() -> None:
    """One that fails keeps no other from being closed."""
    left = list(_open)
    while left:
        try:
            left.pop().close()
        except BaseException:
            sys.excepthook(*sys.exc_info())
