"""``fastrnn sample --interactive``: the model continues what the user types."""

import io
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

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

    In a terminal Ctrl-C stops the text and shows the prompt again; at the prompt it ends the command.
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
            tell_skipped(dialogue.read(parse_escapes(line)))
        except ValueError as error:
            print(f'error: {in_a_line(error)}', file=sys.stderr)
            continue
        try:
            for piece in dialogue.write():
                show(piece)
        except KeyboardInterrupt:
            show(dialogue.rest())
            if not keyboard:
                raise
        show('\n')


def _typed() -> Iterator[str]:
    """Yield typed lines; with readline they can be edited and recalled."""
    with suppress(ImportError):
        import readline  # noqa: F401 - input() uses it
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
            raise
        except UnicodeDecodeError as error:
            print(f'error: {in_a_line(error)}', file=sys.stderr)


def _piped(encoding: str, errors: str) -> Iterator[str]:
    lines = io.TextIOWrapper(standard_input(), encoding, errors)
    try:
        for line in lines:
            yield line.removesuffix('\n')
    except UnicodeError as error:
        raise ValueError(f'standard input: {in_a_line(error)}; name its encoding with --encoding') from error
    finally:
        lines.detach()
