"""Errors that a caller may want to tell apart; every other bad input is a plain ValueError."""

import os
import sys


class Diverged(ValueError):
    """The training has run into inf or NaN, or away from what it had learned."""

    def __init__(self, message: str, iteration: int | None = None, what: str = '') -> None:
        super().__init__(message)
        self.iteration = iteration  # the first that was not good
        self.what = what  # that has gone wrong, in words that do not depend on when it was noticed


class TextLost(OSError):
    """The encoded text can't be read any more, or is no longer what it was; the state is that before the last block."""


def in_a_line(message: object) -> str:
    """A message without line breaks, and with what can't be seen spelt: it may hold what was in somebody's file."""
    line = ' '.join(str(message).split())
    return ''.join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


def of_numba(error: BaseException) -> ValueError | None:
    """In a line, why Numba could not be imported, and by which variables; None for any other error."""
    trace, places = error.__traceback__, set[object]()
    while trace is not None:
        places.add(trace.tb_frame.f_globals.get('__name__'))
        trace = trace.tb_next
    if 'numba' in sys.modules or 'numba' not in places:
        return None
    names = sorted(name for name in os.environ if name.startswith('NUMBA_'))
    cure = f'unset {" or ".join(names)}' if names else 'install other versions of Numba and NumPy'
    return ValueError(in_a_line(f'Numba can not be imported ({error}): {cure}'))
