r"""What standard output can't encode is shown as escapes, such as \xe9, and the run goes on; bytes of the rest stay.

A terminal, a pipe or a file may be of any encoding, and a model's text has whatever characters its text had.
"""

import codecs
import sys
import warnings
from typing import Any


class Escapes:
    """An error handler of a stream, in place of the one that Python chose."""

    told = False  # of any
    untold = ''  # the encoding of what is to be told yet

    def __init__(self, stream: Any, name: str, replaces: tuple[str, ...]) -> None:
        self._stream, self._before = stream, getattr(stream, 'errors', None)
        if self._before in replaces and hasattr(stream, 'reconfigure'):  # another is somebody's choice
            codecs.register_error(name, self)
            stream.reconfigure(errors=name)

    def __call__(self, error: UnicodeError) -> tuple[str | bytes, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        if self._before == 'surrogateescape':  # in the C locale: bytes of a file's name are written as they are
            byte, end = '\udc80' <= error.object[error.start] <= '\udcff', error.start + 1
            error = UnicodeEncodeError(error.encoding, error.object, error.start, end, error.reason)
            if byte:
                return codecs.lookup_error('surrogateescape')(error)
        self.note(self._stream.encoding)
        return codecs.backslashreplace_errors(error)

    def note(self, encoding: str) -> None:
        _warn(encoding)


class OfErrors(Escapes):
    """Standard error's: standard output appears there, too, while a progress display stands in for it.

    A warning must not come between what is being written.
    """

    output = sys.stdout

    def note(self, encoding: str) -> None:
        if sys.stdout is not self.output:
            Escapes.untold = encoding


def escape_what_cannot_be_shown() -> None:
    """From here on, on standard output and standard error. Warns once, when it first happens."""
    Escapes.told, Escapes.untold, OfErrors.output = False, '', sys.stdout
    Escapes(sys.stdout, 'fastrnn.output', ('strict', 'surrogateescape'))
    OfErrors(sys.stderr, 'fastrnn.errors', ('backslashreplace',))


def tell() -> None:
    """Warn of what has not been told yet."""
    if Escapes.untold:
        _warn(Escapes.untold)


def _warn(encoding: str) -> None:
    if Escapes.told:
        return
    Escapes.told = True
    cure = '' if encoding.lower().startswith('utf') else '; PYTHONUTF8=1 writes UTF-8'
    message = f'standard output is {encoding} and cannot show all characters: these are written as escapes{cure}'
    warnings.warn(message, RuntimeWarning, stacklevel=3)
