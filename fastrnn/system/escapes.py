r"""Writes escapes such as \xe9 for characters that an output can't encode, or that would control a terminal.

Outputs may have any encoding. Generated texts, file names and strangers' files may contain any character.
"""

import codecs
import re
import sys
import warnings
from collections.abc import Iterable
from typing import Any

# Characters that control a terminal: control characters except newline and tab, also as surrogates (bytes of file names
# in the C locale), and those that change the direction of text. Other invisible characters stay: Khmer, Persian and
# emoji need them.
OBEYED = re.compile('\r\n|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\udc80-\udc9f]')


class Escapes:
    """Replaces the error handler that Python chose for a stream.

    ``late``: for standard error. A progress display also writes standard output there. A warning must not interrupt
    that, so it is shown at the end.
    """

    told = False  # True after the first warning
    untold = ''  # the encoding, while a warning is pending
    output = sys.stdout

    def __init__(self, stream: Any, name: str, replaces: tuple[str, ...], *, late: bool = False) -> None:
        self._stream, self._before, self._late = stream, getattr(stream, 'errors', None), late
        if self._before in replaces and hasattr(stream, 'reconfigure'):  # else the user chose a handler
            codecs.register_error(name, self)
            stream.reconfigure(errors=name)

    def __call__(self, error: UnicodeError) -> tuple[str | bytes, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        if self._before == 'surrogateescape':  # in the C locale: bytes of a file's name stay
            byte, end = '\udc80' <= error.object[error.start] <= '\udcff', error.start + 1
            error = UnicodeEncodeError(error.encoding, error.object, error.start, end, error.reason)
            if byte:
                return codecs.lookup_error('surrogateescape')(error)
        if not self._late:
            _warn(self._stream.encoding)
        elif sys.stdout is not self.output:
            Escapes.untold = self._stream.encoding
        return codecs.backslashreplace_errors(error)


class Shown:
    """A terminal's stream that escapes characters that would control the terminal.

    It writes CR LF, as in texts from Windows, as LF.
    """

    def __init__(self, stream: Any) -> None:
        self.obeyed = stream  # unescaped, for control sequences such as those of a progress display
        self._held = ''  # a carriage return, until the next character is known

    def write(self, text: str) -> int:
        whole, self._held = self._held + text, ''
        if whole.endswith('\r'):
            whole, self._held = whole[:-1], '\r'
        self.obeyed.write(shown(whole))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.obeyed, name)


def shown(text: str) -> str:
    """A text with escapes for characters that would control a terminal."""
    return OBEYED.sub(lambda found: '\n' if found[0] == '\r\n' else ascii(found[0])[1:-1], text)


def escape_what_cannot_be_shown() -> None:
    """Write escapes to standard output and standard error from now on. Warns once if a character can't be encoded."""
    Escapes.told, Escapes.untold = False, ''
    Escapes(sys.stdout, 'fastrnn.output', ('strict', 'surrogateescape'))
    Escapes(sys.stderr, 'fastrnn.errors', ('backslashreplace',), late=True)
    for name in ('stdout', 'stderr'):
        stream: Any = getattr(sys, name)
        if stream is not None and stream.isatty() and not hasattr(stream, 'obeyed'):
            setattr(sys, name, Shown(stream))
    Escapes.output = sys.stdout


def tell() -> None:
    """Show the pending warning, if any."""
    if Escapes.untold:
        _warn(Escapes.untold)


def _warn(encoding: str) -> None:
    if Escapes.told:
        return
    Escapes.told = True
    cure = '' if encoding.lower().startswith('utf') else '; set PYTHONUTF8=1 to write UTF-8'
    message = f'standard output is {encoding} and cannot encode all characters: the others become escapes{cure}'
    warnings.warn(message, RuntimeWarning, stacklevel=3)
