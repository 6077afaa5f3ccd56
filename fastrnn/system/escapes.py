r"""What an output can't encode, or a terminal would obey, is shown as escapes, such as \xe9; bytes of the rest stay.

A terminal, a pipe or a file may be of any encoding, and a model's text has whatever characters its text had. So have
names of files and folders, and what is read from a stranger's files.
"""

import codecs
import re
import sys
import warnings
from collections.abc import Iterable
from typing import Any

# What a terminal obeys: controls but newline and tab, also as bytes of a name in the C locale, and what turns the rest
# of a line around. What is only invisible stays: Khmer, Persian and emoji are not written without it.
OBEYED = re.compile('\r\n|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\udc80-\udc9f]')


class Escapes:
    """An error handler of a stream, in place of the one that Python chose.

    ``late``: of standard error. Standard output appears there, too, while a progress display stands in for it; that it
    can't be encoded is told in the end, as a warning must not come between what is being written.
    """

    told = False  # of any
    untold = ''  # the encoding of what is to be told yet
    output = sys.stdout

    def __init__(self, stream: Any, name: str, replaces: tuple[str, ...], *, late: bool = False) -> None:
        self._stream, self._before, self._late = stream, getattr(stream, 'errors', None), late
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
        if not self._late:
            _warn(self._stream.encoding)
        elif sys.stdout is not self.output:
            Escapes.untold = self._stream.encoding
        return codecs.backslashreplace_errors(error)


class Shown:
    """A terminal's stream that writes escapes for what the terminal would obey.

    A carriage return at the end of a line, as in a text from Windows, is left out: a line ends with either.
    """

    def __init__(self, stream: Any) -> None:
        self.obeyed = stream  # for what is meant as a command, such as those of a progress display
        self._held = ''  # a carriage return, until it is known what follows

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
    """A text as a terminal is given it."""
    return OBEYED.sub(lambda found: '\n' if found[0] == '\r\n' else ascii(found[0])[1:-1], text)


def escape_what_cannot_be_shown() -> None:
    """From here on, on standard output and standard error. Warns once, when it first can't be encoded."""
    Escapes.told, Escapes.untold = False, ''
    Escapes(sys.stdout, 'fastrnn.output', ('strict', 'surrogateescape'))
    Escapes(sys.stderr, 'fastrnn.errors', ('backslashreplace',), late=True)
    for name in ('stdout', 'stderr'):
        stream: Any = getattr(sys, name)
        if stream is not None and stream.isatty() and not hasattr(stream, 'obeyed'):
            setattr(sys, name, Shown(stream))
    Escapes.output = sys.stdout


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
