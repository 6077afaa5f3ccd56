"""Closing what is still open at the end of the program."""

import atexit
import itertools
import operator
import sys
from typing import Protocol
from weakref import WeakValueDictionary


class Closing(Protocol):
    def close(self) -> None: ...


_open: WeakValueDictionary[int, Closing] = WeakValueDictionary()  # numbered: several processes close in one order
_numbers = itertools.count()


def close_at_exit(thing: Closing) -> None:
    """Close a thing at the end of the program, if it is still there."""
    _open[next(_numbers)] = thing


@atexit.register
def _close_all() -> None:
    """One that fails keeps no other from being closed."""
    left = [thing for _, thing in sorted(_open.items(), key=operator.itemgetter(0))]
    while left:
        try:
            left.pop().close()
        except BaseException:
            sys.excepthook(*sys.exc_info())
