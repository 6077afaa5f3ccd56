"""Errors that callers may want to handle separately. All other bad input raises a plain ValueError."""

import os
import sys


class Diverged(ValueError):
    """Training produced inf or NaN, or the loss rose far above what it had been."""

    def __init__(self, message: str, iteration: int | None = None, what: str = '') -> None:
        super().__init__(message)
        self.iteration = iteration  # first bad iteration
        self.what = what  # what went wrong, in words that do not depend on when it was noticed


class TextLost(OSError):
    """The encoded text is unreadable or has changed. The training state is the one before the last block."""


def in_a_line(message: object) -> str:
    """The message on one line, with unprintable characters escaped: it may contain text from a stranger's file."""
    line = ' '.join(str(message).split())
    return ''.join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


def of_numba(error: BaseException) -> ValueError | None:
    """A one-line error if importing Numba failed, with the NUMBA_* variables that are set; None for other errors."""
    trace, places = error.__traceback__, set[object]()
    while trace is not None:
        places.add(trace.tb_frame.f_globals.get('__name__'))
        trace = trace.tb_next
    if 'numba' in sys.modules or 'numba' not in places:
        return None
    names = sorted(name for name in os.environ if name.startswith('NUMBA_'))
    cure = f'unset {" or ".join(names)}' if names else 'install other versions of Numba and NumPy'
    return ValueError(in_a_line(f"can't import Numba ({error}): {cure}"))
