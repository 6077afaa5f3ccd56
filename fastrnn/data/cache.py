"""Encoded texts in the user's cache folder.

An entry is a folder ``corpora/<key>`` with the ids and a small JSON file. It is written under a temporary name, synced
to the disk and renamed: an interrupted run leaves no entry. An entry in use is never removed. Incomplete entries and
entries of other texts are ignored.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from ..system.atomic import patiently, sync_folder, write_atomically, write_synced
from ..system.cache_folder import FACTS, default_root, delete, hidden_name, items, remove_text, shrink, size_limit
from ..system.locks import hold
from ..system.pipes import check_room
from ..system.private_folder import exposed, make_private
from ..system.reading import open_regular, read_bytes
from .files import Reading, Source
from .stored import Ids, Opened, Summed, open_ids

FORMAT = f'2-{sys.byteorder}'
SETTLED = 2.0  # seconds; an edit within this time of the last one may not change the modification time


def key_of(digests: list[str], reading: Reading) -> str:
    parts = [FORMAT, reading.unit, reading.min_count, digests]
    if reading.unit == 'character':
        parts += [reading.encoding, reading.errors]
    return _hash(parts)[:32]


@dataclass
class Entry:
    """An encoded text, locked so that no process removes it while this object or its ids exist."""

    folder: Path
    facts: dict[str, Any]
    ids: Ids
    file: Opened
    made: bool = False  # created by this call

    def discard(self) -> None:
        """Remove the entry if this process created it and nobody else uses it."""
        if self.made:
            self.file.close()
            remove_text(self.folder)


class TextCache:
    def __init__(self, root: str | Path | None = None) -> None:
        self.root = default_root() if root is None else Path(root)
        self.folder = self.root / 'corpora'
        self.limit = size_limit()

    def find(self, key: str) -> Entry | None:
        """The entry; None if it is missing, truncated, damaged, of another text, or writable by other users."""
        path = self.folder / key
        try:
            if exposed(path):
                return None
            facts = json.loads(read_bytes(path / 'facts.json', FACTS))
            check = facts.pop('check')
            if check != _hash(facts) or facts['key'] != key:
                return None
            file = Opened(open_regular(path / 'ids', buffering=0))  # stays open as long as its Entry
            if not hold(file.fileno()):
                return None
            ids = open_ids(file, np.dtype(facts['dtype']), facts['n'], len(facts['points']), facts['crc32'])
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return None
        if ids is None:
            return None
        with suppress(OSError):
            os.utime(path / 'facts.json')  # marks it as recently used
        return Entry(path, facts, ids, file)

    def find_text(self, sha256: str, reading: Reading) -> Entry | None:
        """The entry with this hash that was read with these settings, for a text that can't be read again."""
        for item in items(self.root):
            same = item.facts.get('sha256') == sha256 and item.path.name == key_of(item.digests, reading)
            if same and (entry := self.find(item.path.name)):
                return entry
        return None

    def add(self, key: str, facts: Mapping[str, Any], fill: Callable[[BinaryIO], None]) -> Entry:
        """Write an entry; ``fill`` writes the ids. Raises OSError if the cache is full or read-only."""
        size = facts['n'] * np.dtype(facts['dtype']).itemsize
        make_private(self.folder)
        shrink(self.root, max(0, self.limit - size - len(json.dumps(facts)) - len(key) - 200))
        check_room(self.folder, size)
        place = hidden_name(self.folder, 'new')
        place.mkdir()
        check = 0

        def filled(file: BinaryIO) -> None:
            nonlocal check
            hold(file.fileno())
            summed = Summed(file)
            fill(cast(BinaryIO, summed))
            check = summed.check

        try:
            write_synced(place / 'ids', filled)
            full = {**facts, 'key': key, 'crc32': check}
            text = json.dumps({**full, 'check': _hash(full)})
            write_synced(place / 'facts.json', lambda file: file.write(text.encode()))
            self._publish(place, key)
        finally:
            delete(place)
        entry = self.find(key)
        if entry is None:
            raise OSError(f'{self.folder / key}: the data read back differs from the data written')
        entry.made = True
        return entry

    def _publish(self, place: Path, key: str) -> None:
        target = self.folder / key
        try:
            patiently(os.rename, place, target)
        except OSError:
            if self.find(key) is not None:  # another process was faster
                return
            if not os.path.lexists(target):
                raise
            old = hidden_name(self.folder, 'old')
            os.rename(target, old)
            delete(old)
            os.rename(place, target)
        with suppress(OSError):  # Windows can't open folders
            sync_folder(self.folder)

    def known(self, sources: Sequence[Source]) -> list[str] | None:
        """The content hashes that an earlier run computed, if no file has changed since."""
        path, names = self._memory_of(sources)
        states = [source.state for source in sources]
        try:
            if not all(states) or exposed(path):
                return None
            memory = json.loads(read_bytes(path, FACTS))
            same = memory['path'] == names and memory['state'] == states
            return [str(digest) for digest in memory['sha256']] if same else None  # a wrong hash finds no entry
        except (OSError, ValueError, TypeError, LookupError):
            return None

    def remember(self, sources: Sequence[Source], digests: list[str]) -> None:
        """Write one record for all files of a text: syncing one takes milliseconds."""
        states = [source.state for source in sources if source.state is not None]
        if len(states) < len(sources) or time.time() - max(max(state[1:3]) for state in states) / 1e9 < SETTLED:
            return  # pipes have no times; an edit now might not change the times
        path, names = self._memory_of(sources)
        text = json.dumps({'path': names, 'state': states, 'sha256': digests})
        with suppress(OSError):
            make_private(path.parent)
            write_atomically(path, text.encode())

    def _memory_of(self, sources: Sequence[Source]) -> tuple[Path, list[str]]:
        """The record's path, and the absolute names of the files."""
        names = [os.path.abspath(source.path) for source in sources]
        return self.folder / 'files' / f'{_hash(names)[:32]}.json', names


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
