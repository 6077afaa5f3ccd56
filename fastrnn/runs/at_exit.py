"""Closes runs that are still open when the program exits."""

import atexit
import itertools
import operator
import sys
from typing import Protocol
from weakref import WeakValueDictionary


class Closing(Protocol):
    def close(self) -> None: ...


_open: WeakValueDictionary[int, Closing] = WeakValueDictionary()  # numbered: all processes close in the same order
_numbers = itertools.count()


def close_at_exit(thing: Closing) -> None:
    """Close ``thing`` when the program exits, if it still exists then."""
    _open[next(_numbers)] = thing


@atexit.register
def _close_all() -> None:
    """Close all; an error in one does not prevent closing the others."""
    left = [thing for _, thing in sorted(_open.items(), key=operator.itemgetter(0))]
    while left:
        try:
            left.pop().close()
        except BaseException:
            sys.excepthook(*sys.exc_info())
