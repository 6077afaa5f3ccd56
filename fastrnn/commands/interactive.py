"""``fastrnn sample --interactive``: the model continues what the user types."""

import codecs
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..data.files import CHUNK, Reading
from ..errors import in_a_line
from ..settings.parsing import parse_escapes
from ..system import stop
from ..system.pipes import standard_input
from .options import show, tell_skipped

if TYPE_CHECKING:
    from ..inference.dialogue import Dialogue

PROMPT = '> '
HINT = 'Enter: continue; Ctrl-C: stop text; Ctrl-D: quit'  # fits a terminal of 50 columns


def interact(dialogue: 'Dialogue', encoding: str, errors: str) -> None:
    """Continue each line of standard input, until its end.

    In a terminal Ctrl-C stops the text, or clears what is typed, and shows the prompt again. At an empty prompt it ends
    the command.
    """
    if getattr(sys.stdin, 'isatty', bool)():
        if sys.stderr.isatty():
            print(HINT, file=sys.stderr)
        with stop.returning():
            _continue(dialogue, _typed(), keyboard=True)
    else:
        _continue(dialogue, _piped(encoding, errors), keyboard=False)


def _continue(dialogue: 'Dialogue', lines: Iterator[str], keyboard: bool) -> None:
    for line in lines:
        try:
            if _read(dialogue, line):
                for piece in dialogue.write():
                    show(piece)
                show('\n')
        except KeyboardInterrupt:
            show(dialogue.rest())
            if not keyboard:
                raise
            show('\n')


def _read(dialogue: 'Dialogue', line: str) -> bool:
    """Whether the line was read; if not, why is printed."""
    try:
        tell_skipped(dialogue.read(parse_escapes(line)))
    except ValueError as error:
        print(f'error: {in_a_line(error)}', file=sys.stderr)
        return False
    return True


def _typed() -> Iterator[str]:
    """Yield typed lines; with readline they can be edited and recalled."""
    typed: Callable[[], str] = str
    with suppress(ImportError):
        import readline  # input() uses it

        typed = readline.get_line_buffer
    edited = sys.stdout is not None and sys.stdout.isatty()
    while True:
        try:
            if edited:
                yield input(PROMPT)
            else:  # standard output is a file: it gets only the text
                print(PROMPT, end='', file=sys.stderr, flush=True)
                line = sys.stdin.readline()
                if not line:
                    return
                yield line.removesuffix('\n')
        except EOFError:
            print(file=sys.stderr)
            return
        except KeyboardInterrupt:
            print(file=sys.stderr)
            if not (edited and typed()):
                raise
        except UnicodeDecodeError as error:
            print(f'error: {in_a_line(error)}', file=sys.stderr)


def _piped(encoding: str, errors: str) -> Iterator[str]:
    """Lines as soon as they come. A line that can't be decoded is refused after those before it were given."""
    reading, number = Reading(encoding, errors), 1
    decoder: Any = codecs.getincrementaldecoder(reading.encoding)(reading.errors)
    newlines, begun, data = io.IncrementalNewlineDecoder(decoder, translate=True), '', b' '
    pipe: Any = standard_input()
    while data:
        data = pipe.read1(CHUNK)
        for part in data.splitlines(keepends=True) or [b'']:
            try:
                *lines, begun = (begun + newlines.decode(part, final=not data)).split('\n')
            except UnicodeError as error:
                why = f'line {number:,}: {in_a_line(error)}; name its encoding with --encoding'
                raise ValueError(f'standard input: {why}') from error
            number += len(lines)
            yield from lines
    if begun:
        yield begun
