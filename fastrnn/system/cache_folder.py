"""The user's cache folder as a whole: what is in it, how large it may become, and what goes first.

It holds ``corpora``, encoded texts, ``kernels-<fingerprint>``, compiled code, and ``rescued``, models that their runs
would have lost. What a process uses is held by a lock
and stays.
"""

import functools
import json
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..settings.parsing import parse_size
from .atomic import TEMPORARY
from .home import users_cache
from .locks import unused
from .reading import read_bytes

SIZE = 4_000_000_000  # bytes
FACTS = 1 << 28  # bytes of a text's facts.json: it names all characters and files
MONTH = 30 * 86400.0  # seconds without use after which compiled code of some other version goes
RESCUED = 'rescued'  # folder of models
NAMES = {
    'text': re.compile('[0-9a-f]{32}'),
    'kernels': re.compile('kernels-[0-9a-f]{16}'),
    'model': re.compile(r'model-\d{8}-\d{6}-[0-9a-f]{8}\.safetensors'),
}
UNFINISHED = re.compile(r'\.(new|old)-\d+-[0-9a-f]+')  # exactly the names that hidden_name makes
RECORD = re.compile(r'[0-9a-f]{32}\.json')  # of the files of a text
RECORDS = 1000  # that are kept
STALE = 900.0  # seconds without a write after which an unfinished entry is nobody's


def default_root() -> Path:
    """``FASTRNN_CACHE``, else the user's cache folder, else a private temporary one."""
    named = os.environ.get('FASTRNN_CACHE')
    return _named(named, os.environ.get('HOME')) if named else users_cache()


@functools.cache
def _named(name: str, _: str | None) -> Path:
    """``~`` is the user's home, ``~NAME`` another's, as in a shell; a relative name is of the working folder of now.

    It stays that when the program goes to another one. Raises ValueError for a home that there is not.
    """
    folder = Path(os.path.expanduser(name))
    if name.startswith('~') and str(folder) == str(Path(name)):
        raise ValueError(f'FASTRNN_CACHE is {name!r}, but {Path(name).parts[0]!r} has no home folder: name it in full')
    return Path(os.path.abspath(folder))


def size_limit() -> int:
    """Bytes, of ``FASTRNN_CACHE_SIZE``. Raises ValueError for what is no size."""
    value = os.environ.get('FASTRNN_CACHE_SIZE')
    try:
        return parse_size(value) if value else SIZE
    except ValueError as error:
        raise ValueError(f'FASTRNN_CACHE_SIZE: {error}') from None


@dataclass(frozen=True)
class Item:
    """Something in the cache that is kept, or goes, as one."""

    path: Path
    kind: str  # text, kernels, model, or unfinished: what a process writes or removes, or has left when it was killed
    bytes: int
    used: float  # when last, in seconds since 1970
    facts: dict[str, Any]  # of a text

    @property
    def lock(self) -> Path:
        """What those who use it hold."""
        ids = self.path / 'ids'
        return ids if ids.exists() else self.path

    @property
    def digests(self) -> list[str]:
        """SHA-256 of each of the text's files."""
        return self._strings('digests')

    @property
    def files(self) -> list[str]:
        """The text's, by the names that they had when it was encoded."""
        return self._strings('files')

    def _strings(self, name: str) -> list[str]:
        found = self.facts.get(name)
        return [str(value) for value in found] if isinstance(found, list) else []

    @property
    def characters(self) -> int | None:
        found = self.facts.get('n')
        return found if isinstance(found, int) else None

    @property
    def in_use(self) -> bool:
        with unused(self.lock) as free:
            return not free


def items(root: Path) -> list[Item]:
    """All there is, what has not been used for longest first."""
    found = [item for kind, path in _places(root) if (item := _item(kind, path))]
    return sorted(found, key=lambda item: item.used)


def _places(root: Path) -> Iterator[tuple[str, Path]]:
    """By exact names and kinds: whoever names a folder of his own as the cache loses nothing else in it."""
    places = {root: 'kernels', root / 'corpora': 'text', root / RESCUED: 'model'}
    for folder, kind in places.items():
        for path in folder.glob('*'):
            whole, written = NAMES[kind].fullmatch(path.name), TEMPORARY.fullmatch(path.name)
            half = UNFINISHED.fullmatch(path.name) or (written and NAMES['model'].fullmatch(written[1]))
            if (whole or half) and _is_file_or_folder(path):
                yield kind if whole else 'unfinished', path


def _is_file_or_folder(path: Path) -> bool:
    """What its name says: models are files, all else is a folder. A link is neither."""
    with suppress(OSError):
        mode = path.lstat().st_mode
        return stat.S_ISREG(mode) if '.safetensors' in path.name else stat.S_ISDIR(mode)
    return False


def _item(kind: str, path: Path) -> Item | None:
    """None for what is gone by now."""
    facts: Any = {}
    try:
        states = [other.lstat() for other in (path, *path.rglob('*'))]
        used = max(state.st_mtime for state in states) if kind == 'unfinished' else states[0].st_mtime
        with suppress(ValueError, OSError):
            if kind == 'text':
                used = (path / 'facts.json').stat().st_mtime
                facts = json.loads(read_bytes(path / 'facts.json', FACTS))
    except OSError:
        return None
    size = sum(state.st_size for state in states if not stat.S_ISDIR(state.st_mode))
    return Item(path, kind, size, used, facts if isinstance(facts, dict) else {})


def shrink(root: Path, limit: int, *, everything: bool = False) -> list[Item]:
    """Remove what has not been used for longest until ``limit`` bytes are left; returns what went.

    Of compiled code and of unfinished entries only what is old goes, but whatever the size, and no model; unless
    ``everything`` may.
    What a process uses stays.
    """
    found, gone, now = items(root), [], time.time()
    total = sum(item.bytes for item in found)
    for item in found:
        old = now - item.used > {'kernels': MONTH, 'unfinished': STALE}.get(item.kind, float('inf'))
        if (old or (total > limit and (everything or item.kind == 'text'))) and remove(item):
            total -= item.bytes
            gone.append(item)
    _forget(root / 'corpora', [item for item in found if item not in gone])
    return gone


def remove(item: Item) -> bool:
    """Whether it could be done: what a process uses stays. Renamed first, so that nobody finds half of it."""
    place = hidden_name(item.path.parent, 'old')
    with unused(item.lock) as free:
        if not free:
            return False
        try:
            os.rename(item.path, place)
        except OSError:
            return False
    delete(place)
    return True


def hidden_name(folder: Path, what: str) -> Path:
    """Of an entry that is new, or old and about to be deleted: nobody else looks at it."""
    return folder / f'.{what}-{os.getpid()}-{secrets.token_hex(4)}'


def remove_text(folder: Path) -> None:
    """Remove one entry, unless a process uses it."""
    item = _item('text', folder)
    if item is not None:
        remove(item)


def delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _forget(folder: Path, kept: list[Item]) -> None:
    """Remove what is remembered of files whose text is no longer here, and all but the newest of very many records."""
    known = {digest for item in kept for digest in item.digests}
    with suppress(OSError):
        paths = [path for path in (folder / 'files').glob('*.json') if RECORD.fullmatch(path.name)]
        paths.sort(key=lambda path: path.lstat().st_mtime, reverse=True)
        for number, path in enumerate(paths):
            with suppress(OSError, ValueError, TypeError, LookupError):
                if number >= RECORDS or not known.issuperset(json.loads(read_bytes(path, FACTS))['sha256']):
                    path.unlink()
