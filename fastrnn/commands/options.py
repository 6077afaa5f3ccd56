"""Options and arguments that several commands share, and functions for them."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..settings.kinds import Flag, Place
from ..settings.options import OPTIONS, Option

if TYPE_CHECKING:
    from ..data.lacking import Lacking

MODEL = Option('model', Place(), None, '', 'A run folder, a checkpoint, or a file written by train --save.',
    positional=True, required=True, synonyms='model checkpoint ckpt run load init-from model-path m')  # fmt: skip
FILES = replace(OPTIONS['files'], required=True)
SKIP_UNKNOWN = replace(OPTIONS['skip_unknown'], group='', help='Skip characters that the model does not know.')
ADAPT = Option('adapt', Flag(), False, '', 'Also score with a copy of the model that learns while it reads.',
    synonyms='dynamic dynamic-evaluation dynamic-eval adaptive online')  # fmt: skip
JSON = Option('as_json', Flag(), False, '', 'Print JSON, one object per line.', word='json')


def texts_of(files: list[Path], recursive: bool, told: Callable[[str], None] | None = None) -> list[Path]:
    """The files; with --recursive, folders are replaced by their files. ``told`` gets a line for each folder."""
    if not recursive:
        return files
    from ..data.folders import with_folders
    from ..parallel.processes import led

    named, found = led(with_folders)(files)
    for folder in found:
        (told or tell)(str(folder))
    return named


def show(text: str) -> None:
    """Print at once; half a surrogate pair, which no output can show, as U+FFFD."""
    print(re.sub('[\ud800-\udfff]', '\ufffd', text), end='', flush=True)


def tell_skipped(lacking: 'Lacking') -> None:
    """Print, on standard error, which characters --skip-unknown left out."""
    tell(lacking.left_out())


def tell(text: str) -> None:
    """Print a line on standard error, if there is one."""
    if text:
        print(text, file=sys.stderr)
