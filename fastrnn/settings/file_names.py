"""Distinguishes text from file names in arguments."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

LONGEST_NAME = 4096  # characters; no system allows longer paths

Files = str | Path | Sequence[str | Path]


def text_or_files(value: Any, what: str = 'the text') -> str | list[Path]:
    """A str is text; a Path or a sequence of paths names files.

    Raises ValueError for other types, and for a str that is the name of an existing file: pass a Path instead.
    """
    if isinstance(value, os.PathLike):
        return [Path(value)]
    if isinstance(value, str):
        if value and _is_one_name(value) and os.path.isfile(value):
            raise ValueError(f'{what} is the str {value!r}, but a file has that name: '
                             f'to read the file, pass Path({value!r})')  # fmt: skip
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(name, str | os.PathLike) for name in value):
        return [Path(name) for name in value]
    raise ValueError(f'{what} is a {type(value).__name__}; pass text as a str, or the names of files as Path(...)')


def file_names(value: Any, what: str = 'the text') -> list[str]:
    """File names: one or a sequence, str or Path. Raises ValueError for a text; the message does not quote it."""
    one = isinstance(value, str | os.PathLike)
    names: list[Any] = [value] if one else list(value) if isinstance(value, Iterable) else [None]
    if not all(isinstance(name, str | os.PathLike) for name in names):
        raise ValueError(f'{what} is a {type(value).__name__}; pass the name of a file, or a sequence of names')
    for name in names:
        if isinstance(name, str) and not _is_one_name(name):
            raise ValueError(f'{what} is a text of {len(name):,} characters; save it in a file and pass its name')
    return [str(os.fspath(name)) for name in names]


def _is_one_name(value: str) -> bool:
    return len(value) <= LONGEST_NAME and not any(char in value for char in '\n\r\0')
