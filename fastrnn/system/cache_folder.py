"""The user's cache folder: its entries, its size limit, and the order of removal.

It holds encoded texts (``corpora``), compiled code (``kernels-<fingerprint>``), and models that could not be saved
elsewhere (``rescued``). Entries in use are locked and stay.
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
FACTS = 1 << 28  # limit in bytes of a text's facts.json, which lists all characters and files
MONTH = 30 * 86400.0  # seconds without use after which compiled code is removed
RESCUED = 'rescued'
NAMES = {
    'text': re.compile('[0-9a-f]{32}'),
    'kernels': re.compile('kernels-[0-9a-f]{16}'),
    'model': re.compile(r'model-\d{8}-\d{6}-[0-9a-f]{8}\.safetensors'),
}
UNFINISHED = re.compile(r'\.(new|old)-\d+-[0-9a-f]+')  # matches exactly the names of hidden_name
RECORD = re.compile(r'[0-9a-f]{32}\.json')  # describes the files of a text
RECORDS = 1000  # number of records that are kept
STALE = 900.0  # seconds without a write after which an unfinished entry is abandoned


def default_root() -> Path:
    """``FASTRNN_CACHE`` if it is set, else the user's cache folder, else a private temporary folder."""
    named = os.environ.get('FASTRNN_CACHE')
    return _named(named, os.environ.get('HOME')) if named else users_cache()


@functools.cache
def _named(name: str, _: str | None) -> Path:
    """Expand ``~`` and ``~NAME`` as a shell does, and resolve a relative name in the current working folder.

    The result is cached: it stays the same if the program changes its working folder. Raises ValueError if the home
    folder is unknown.
    """
    folder = Path(os.path.expanduser(name))
    if name.startswith('~') and str(folder) == str(Path(name)):
        raise ValueError(f'FASTRNN_CACHE is {name!r}, but {Path(name).parts[0]!r} has no home folder; set a full path')
    return Path(os.path.abspath(folder))


def size_limit() -> int:
    """The limit in bytes, from ``FASTRNN_CACHE_SIZE`` if it is set. Raises ValueError if that is not a size."""
    value = os.environ.get('FASTRNN_CACHE_SIZE')
    try:
        return parse_size(value) if value else SIZE
    except ValueError as error:
        raise ValueError(f'FASTRNN_CACHE_SIZE: {error}') from None


@dataclass(frozen=True)
class Item:
    """An entry of the cache, which is kept or removed as a whole."""

    path: Path
    kind: str  # text, kernels, model, or unfinished (being written or removed, or left by a killed process)
    bytes: int
    used: float  # time of the last use, in seconds since 1970
    facts: dict[str, Any]  # a text's facts.json

    @property
    def lock(self) -> Path:
        """The file or folder that processes lock while they use the entry."""
        ids = self.path / 'ids'
        return ids if ids.exists() else self.path

    @property
    def digests(self) -> list[str]:
        """SHA-256 of each file of the text."""
        return self._strings('digests')

    @property
    def files(self) -> list[str]:
        """The names of the text's files when it was encoded."""
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
    """All entries, least recently used first."""
    found = [item for kind, path in _places(root) if (item := _item(kind, path))]
    return sorted(found, key=lambda item: item.used)


def _places(root: Path) -> Iterator[tuple[str, Path]]:
    """Kind and path of each entry. Names and types must match exactly: other files in the folder are never removed."""
    places = {root: 'kernels', root / 'corpora': 'text', root / RESCUED: 'model'}
    for folder, kind in places.items():
        for path in folder.glob('*'):
            whole, written = NAMES[kind].fullmatch(path.name), TEMPORARY.fullmatch(path.name)
            half = UNFINISHED.fullmatch(path.name) or (written and NAMES['model'].fullmatch(written[1]))
            if (whole or half) and _is_file_or_folder(path):
                yield kind if whole else 'unfinished', path


def _is_file_or_folder(path: Path) -> bool:
    """True if the type fits the name: models are files, other entries are folders. Links never fit."""
    with suppress(OSError):
        mode = path.lstat().st_mode
        return stat.S_ISREG(mode) if '.safetensors' in path.name else stat.S_ISDIR(mode)
    return False


def _item(kind: str, path: Path) -> Item | None:
    """The entry; None if it has just been removed."""
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
    """Remove the least recently used texts until ``limit`` bytes are left; returns the removed entries.

    Old compiled code and abandoned entries are always removed. With ``everything``, models and all other entries are
    removed as texts are. Entries in use stay.
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
    """Remove an entry that is not in use; True if it was removed. It is renamed first, so that nobody finds half."""
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
    """An unused hidden name for an entry being written ('new') or deleted ('old'). Other processes don't use it."""
    return folder / f'.{what}-{os.getpid()}-{secrets.token_hex(4)}'


def remove_text(folder: Path) -> None:
    """Remove an encoded text, unless a process uses it."""
    item = _item('text', folder)
    if item is not None:
        remove(item)


def delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _forget(folder: Path, kept: list[Item]) -> None:
    """Remove the records of texts that are no longer in the cache, and all but the 1,000 newest records."""
    known = {digest for item in kept for digest in item.digests}
    with suppress(OSError):
        paths = [path for path in (folder / 'files').glob('*.json') if RECORD.fullmatch(path.name)]
        paths.sort(key=lambda path: path.lstat().st_mtime, reverse=True)
        for number, path in enumerate(paths):
            with suppress(OSError, ValueError, TypeError, LookupError):
                if number >= RECORDS or not known.issuperset(json.loads(read_bytes(path, FACTS))['sha256']):
                    path.unlink()
