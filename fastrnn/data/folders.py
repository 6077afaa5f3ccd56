"""Folders given as texts: finds the text files in them. Also explains unexpanded patterns and missing files."""

import errno
import glob
import gzip
import os
import stat
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from shlex import quote

from ..system.reading import open_regular
from .kinds import HEAD, is_binary
from .remarks import markup, pointer

PULL = 'git lfs pull or git annex get fetches the files'
LOOKED_AT = 1000  # files that are searched for an example pattern


@dataclass(frozen=True)
class Found:
    """The text files of a folder, and the numbers of skipped files."""

    folder: Path
    files: list[Path]
    hidden: int = 0  # names that start with a dot; a folder counts once
    binary: int = 0
    others: int = 0  # empty, or not a regular file
    markup: int = 0
    pointers: int = 0  # of git-LFS, git-annex and DVC

    def __str__(self) -> str:
        left = [(self.hidden, 'hidden'), (self.binary, 'binary'), (self.others, 'empty or special')]
        left += [(self.markup, 'HTML, XML, RTF or the like'), (self.pointers, f'pointers ({PULL})')]
        out = ', '.join(f'{count:,} {kind}' for count, kind in left if count)
        count = f'{len(self.files):,} text file{"s" * (len(self.files) != 1)}'
        return f'{self.folder}: {count}' + (f'; left out: {out}' if out else '')


def with_folders(paths: Sequence[str | Path]) -> tuple[list[Path], list[Found]]:
    """Replace each folder by the text files in it and in its subfolders; also returns what each folder had.

    Files are sorted by the parts of their paths. Links to folders are not followed. Raises ValueError if a folder
    has no text file.
    """
    files, found = list[Path](), list[Found]()
    for path in map(Path, paths):
        if not path.is_dir():
            files.append(path)
            continue
        found.append(_search(path))
        if not found[-1].files:
            raise ValueError(f'{found[-1]}; name a folder with a text in it')
        files += found[-1].files
    return files, found


def _search(folder: Path) -> Found:
    files, counts = list[tuple[str, ...]](), Counter[str]()
    for place, folders, names in os.walk(folder, onerror=_refuse):
        counts['hidden'] += sum(name.startswith('.') for name in folders + names)
        folders[:] = [name for name in folders if not name.startswith('.')]
        above = Path(place).relative_to(folder).parts
        for name in names:
            if name.startswith('.'):
                continue
            if kind := _left_out(os.path.join(place, name)):
                counts[kind] += 1
            else:
                files.append((*above, name))
    return Found(folder, [folder.joinpath(*parts) for parts in sorted(files)], **counts)


def _left_out(path: str) -> str:
    """The count of :class:`Found` that a skipped file adds to; '' for a text file."""
    try:
        state = os.stat(path)
        if not stat.S_ISREG(state.st_mode) or not state.st_size:
            return 'others'
        head = _head(path)
        return 'binary' if is_binary(head) else 'pointers' if pointer(head) else 'markup' if markup(head) else ''
    except FileNotFoundError:  # a broken link
        return 'pointers' if _annexed(path) else 'others'
    except (gzip.BadGzipFile, EOFError, zlib.error):  # reading it later raises the error
        return ''
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link to itself counts as broken
            return 'others'
        raise _refused(path, error) from error


def _head(path: str) -> bytes:
    """The first bytes of a file, decompressed if gzip."""
    with open_regular(path, buffering=0) as raw:
        head = raw.read(HEAD)
        if not head.startswith(b'\x1f\x8b\x08'):
            return head
        raw.seek(0)
        return gzip.GzipFile(fileobj=raw).read(HEAD)


def _refuse(error: OSError) -> None:
    raise _refused(error.filename, error) from error


def _refused(path: object, error: OSError) -> ValueError:
    return ValueError(f'{path}: {error.strerror or error}; make it readable, or name the files without it')


def named_otherwise(path: object) -> str:
    """Why a name can't be opened, and what to do, if it is a folder, a pattern or a broken link; else ''."""
    name = str(path)
    if os.path.isdir(name):
        pattern = _pattern(Path(name))
        if not pattern:
            return 'is a folder without files; name a text file'
        return f'is a folder; name its files, such as {pattern}, or add --recursive (train, eval)'
    if _annexed(name):
        return f'is a link to a file that git-annex has not fetched; type: git annex get {quote(name)}'
    if not glob.has_magic(name) or os.path.lexists(name):
        return ''
    matches = len(list(islice(glob.iglob(name, recursive=True), LOOKED_AT)))
    if not matches:
        return 'is a pattern that no file matches; name an existing text file'
    more = f'{matches:,}{" or more" if matches == LOOKED_AT else ""}'
    return f'is a pattern that matches {more} names, but the shell did not expand it: remove the quotes around it'


def _annexed(path: str) -> bool:
    """True for a link to a file that git-annex has not fetched."""
    return os.path.islink(path) and not os.path.exists(path) and '/annex/objects/' in os.readlink(path)


def _pattern(folder: Path) -> str:
    """A pattern that matches most of its files, as one types it; prefers files with a suffix."""
    kinds = Counter[str]()
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith('.'))
        above = '*/' * len(Path(place).relative_to(folder).parts)
        kinds.update(above + '*' + Path(name).suffix for name in names if not name.startswith('.'))
        if kinds.total() >= LOOKED_AT:
            break
    ordered = sorted(kinds, key=lambda kind: (kind.endswith('*'), -kinds[kind]))
    return f'{quote(str(folder))}/{ordered[0]}' if ordered else ''
