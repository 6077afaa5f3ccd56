"""Encoded texts in the user's cache folder: complete and of the text asked for, or not used at all.

An entry is a folder ``corpora/<key>`` with the ids and a small JSON. It is written under another name,
brought to the disk and renamed, so a run that is interrupted leaves no entry.
"""

import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import platformdirs
from numpy.typing import NDArray

from .sources import Rules, Source

FORMAT = f'1-{sys.byteorder}'
STALE = 900.0  # seconds without a write after which an unfinished entry is nobody's
SETTLED = 2.0  # seconds after which a file's time of change tells it from any later version
BLOCK, BLOCKS = 1 << 15, 1024  # the ids are checked in that many evenly spaced blocks: all of a text up to 32 MB


def default_root() -> Path:
    """``FASTRNN_CACHE``, else the user's cache folder."""
    return Path(os.environ.get('FASTRNN_CACHE') or platformdirs.user_cache_dir('fastrnn'))


def key_of(digests: list[str], rules: Rules) -> str:
    parts = [FORMAT, rules.unit, rules.min_count, digests]
    if rules.unit == 'character':
        parts += [rules.encoding, rules.errors]
    return _hash(parts)[:32]


class Shelf:
    def __init__(self, root: str | Path | None = None) -> None:
        self.root = default_root() if root is None else Path(root)
        self.folder = self.root / 'corpora'

    def find(self, key: str) -> tuple[dict[str, Any], NDArray[Any]] | None:
        """The entry's facts and ids; None if there is none, or it is truncated, damaged or another text's."""
        try:
            facts = json.loads((self.folder / key / 'facts.json').read_bytes())
            check = facts.pop('check')
            if check != _hash(facts) or facts['key'] != key:
                return None
            with open(self.folder / key / 'ids', 'rb') as file:
                if _spot_check(file) != facts['ids']:
                    return None
                ids = np.memmap(file, facts['dtype'], 'r')
            if ids.size != facts['n']:
                return None
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return None
        return facts, np.asarray(ids)

    def add(self, key: str, facts: Mapping[str, Any], fill: Callable[[BinaryIO], None]) -> NDArray[Any]:
        """Write an entry; ``fill`` writes the ids. OSError if the cache has no room or must not be written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        place = self.folder / f'.new-{os.getpid()}-{secrets.token_hex(4)}'
        place.mkdir()
        try:
            _write(place / 'ids', fill)
            with open(place / 'ids', 'rb') as file:
                full = {**facts, 'key': key, 'ids': _spot_check(file)}
            text = json.dumps({**full, 'check': _hash(full)})
            _write(place / 'facts.json', lambda file: file.write(text.encode()))
            self._publish(place, key)
        finally:
            _remove(place)
        entry = self.find(key)
        if entry is None:
            raise OSError(f'{self.folder / key} does not keep what is written')
        return entry[1]

    def _publish(self, place: Path, key: str) -> None:
        target = self.folder / key
        try:
            os.rename(place, target)
        except OSError:
            if self.find(key) is not None:  # another process was faster
                return
            if not os.path.lexists(target):
                raise
            old = self.folder / f'.old-{os.getpid()}-{secrets.token_hex(4)}'
            os.rename(target, old)
            _remove(old)
            os.rename(place, target)
        with suppress(OSError):  # Windows opens no folder
            _sync_folder(self.folder)

    def _sweep(self) -> None:
        """Remove what runs that were killed have left."""
        for place in [*self.folder.glob('.new-*'), *self.folder.glob('.old-*')]:
            with suppress(OSError):
                if max(path.lstat().st_mtime for path in [place, *place.glob('*')]) < time.time() - STALE:
                    _remove(place)

    def known(self, source: Source) -> str | None:
        """The content hash that an earlier run found, if the file has not been touched since."""
        try:
            memory = json.loads(self._memory_of(source).read_bytes())
            same = source.state is not None and memory['state'] == source.state and memory['path'] == _name(source)
            return str(memory['sha256']) if same else None
        except (OSError, ValueError, TypeError, LookupError):
            return None

    def remember(self, source: Source, digest: str) -> None:
        if source.state is None or time.time() - max(source.state[1:3]) / 1e9 < SETTLED:
            return  # an edit right now might leave the times as they are
        path = self._memory_of(source)
        place = path.with_name(f'.new-{os.getpid()}-{secrets.token_hex(4)}')
        text = json.dumps({'path': _name(source), 'state': source.state, 'sha256': digest})
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                place.write_text(text, encoding='ascii')
                os.replace(place, path)
            finally:
                place.unlink(missing_ok=True)

    def _memory_of(self, source: Source) -> Path:
        return self.folder / 'files' / f'{_hash(_name(source))[:32]}.json'


def _name(source: Source) -> str:
    return os.path.abspath(source.path)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _spot_check(file: BinaryIO) -> str:
    """Hash of the length and of some blocks; read, as mapped pages would count as the process's memory."""
    size = os.fstat(file.fileno()).st_size
    digest = hashlib.sha256(size.to_bytes(8, 'little'))
    for start in range(0, size, max(BLOCK, size // BLOCKS)):
        file.seek(start)
        digest.update(file.read(BLOCK))
    return digest.hexdigest()


def _write(path: Path, fill: Callable[[BinaryIO], Any]) -> None:
    with open(path, 'wb') as file:
        fill(file)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
