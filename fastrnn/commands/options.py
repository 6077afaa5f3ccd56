"""Options that several commands share, and how their numbers are read."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..settings.parsing import parse_count

if TYPE_CHECKING:
    from ..data.lacking import Lacking

Files = Annotated[
    list[Path], typer.Argument(help='The text; more files are joined. gzip is accepted; -: standard input.')
]
Model = Annotated[Path, typer.Argument(help='A run folder, a checkpoint of one, or a file made by train --save.')]
Recursive = Annotated[
    bool, typer.Option('--recursive', '-r', help='Take the text files of folders, and of folders in them.')
]
Encoding = Annotated[str, typer.Option(help='Of the text.')]
SkipUnknown = Annotated[bool, typer.Option('--skip-unknown', help='Leave out characters that the model does not know.')]
Json = Annotated[bool, typer.Option('--json', help='Print JSON, for other programs: an object a line.')]


def preset_option(text: str, *names: str) -> Any:
    """An option whose default is the preset's."""
    return typer.Option(*names, help=text, show_default=False)


def count_option(text: str) -> Any:
    """An option that is a whole number; a default that is None is not shown."""
    return typer.Option(help=text, parser=_count, metavar='<int>')


def number_option(text: str) -> Any:
    """An option that is a number."""
    return typer.Option(help=text, parser=_number, metavar='<float>')


def choice_option(text: str, default: bool = False) -> Any:
    """An option that takes one of several words, in small or capital letters."""
    return typer.Option(help=text, parser=_lowered, metavar='<str>', show_default=default)


def _lowered(text: Any) -> str:
    return str(text).lower()


Errors = Annotated[str, choice_option('What to do with bytes that are not in it: strict or replace.', default=True)]


def _count(text: Any) -> int:
    try:
        return parse_count(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _number(text: Any) -> float:
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f'{text!r} is not a number, such as 0.1') from None


def texts_of(files: list[Path], recursive: bool, tell: Callable[[str], None] | None = None) -> list[Path]:
    """The files, with --recursive those of folders in place of these; ``tell`` takes what was left out."""
    if not recursive:
        return files
    from ..data.folders import with_folders
    from ..parallel.processes import led

    named, found = led(with_folders)(files)
    for folder in found:
        (tell or _tell)(str(folder))
    return named


def tell_skipped(lacking: 'Lacking') -> None:
    """Say, on standard error, what --skip-unknown has left out."""
    if lacking.count:
        _tell(f'left out: {lacking}')


def _tell(text: str) -> None:
    print(text, file=sys.stderr)
