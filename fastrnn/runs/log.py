"""A run's log, ``log.jsonl``: an object a line, in the order of what happened; its one writer and its one reader.

A line is a record, with the fields of :attr:`fastrnn.Progress.facts`; or it has ``event``: ``rollback``, to an
iteration from which the run went on, or ``lengthened``, where a run that was over was given a later end.
"""

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..system.atomic import free_name, write_atomically

LOG = 'log.jsonl'
SUPERSEDED = 'log.superseded'  # of a run that went on from an older checkpoint
NUMBERS = ('seconds', 'characters', 'train', 'validation')  # of a record, beside its iteration; the last may lack


def rollback_event(iteration: int, to: int, learning_rate: float, reason: str) -> dict[str, Any]:
    """The event, with the number of iterations done before and after it."""
    return {'event': 'rollback', 'iteration': iteration, 'to': to, 'learning_rate': learning_rate, 'reason': reason}


def lengthened_event(iteration: int) -> dict[str, Any]:
    return {'event': 'lengthened', 'iteration': iteration}


class Log:
    """The log of a run folder, as it is written. Its errors are the system's."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOG

    @property
    def begun(self) -> bool:
        return self.path.exists() and self.path.stat().st_size > 0

    def make(self) -> None:
        self.path.touch()

    def add(self, record: Mapping[str, Any]) -> None:
        """Append a record or an event; on the disk after :meth:`sync`."""
        with open(self.path, 'a', encoding='ascii', opener=_no_link) as file:
            file.write(json.dumps(record) + '\n')

    def sync(self) -> None:
        with open(self.path, 'ab', opener=_no_link) as file:
            os.fsync(file.fileno())

    def cut(self, lines: int) -> int:
        """Leave the first so many lines; how many there are. A line that was torn is none."""
        self._part()
        with open(self.path, 'ab+', opener=_no_link) as file:
            file.seek(0)
            end = found = 0
            while found < lines and (line := file.readline()).endswith(b'\n'):
                end, found = end + len(line), found + 1
            file.truncate(end)
            os.fsync(file.fileno())
        return found

    def _part(self) -> None:
        """Part from other names of the file, such as a backup by hard links has."""
        with suppress(FileNotFoundError):
            if self.path.stat().st_nlink > 1:
                write_atomically(self.path, self.path.read_bytes())

    def copy_aside(self) -> None:
        """Keep it as it is now under another name, too."""
        if self.path.exists():
            write_atomically(free_name(self.path.with_name(SUPERSEDED)), self.path.read_bytes())


def _no_link(path: str, flags: int) -> int:
    """As ``open`` opens, but not what a link names."""
    return os.open(path, flags | getattr(os, 'O_NOFOLLOW', 0), 0o666)


def read_log(path: Path, data: bytes) -> Iterator[dict[str, Any]]:
    """Records as the numbers that a curve needs, NaN for null, and rollbacks with ``to``; other events are left out.

    Raises ValueError, in one line, for a line that is neither; a last one without its end was torn by a crash.
    """
    lines = data.split(b'\n')
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = _checked(json.loads(line))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            if number == len(lines):
                return
            raise ValueError(f'{path}: line {number} is no record of a run; remove it, or name another run') from None
        if record is not None:
            yield record


def _checked(record: dict[str, Any]) -> dict[str, Any] | None:
    if 'event' in record:
        return {'to': int(record['to'])} if record['event'] == 'rollback' else None
    checked: dict[str, Any] = {'iteration': int(record['iteration'])}
    for name in NUMBERS:
        value: Any = record.get(name) if name == 'validation' else record[name]
        checked[name] = math.nan if value is None and name in ('train', 'validation') else float(value)
    if not math.isfinite(checked['seconds'] + checked['characters']):
        raise ValueError
    return checked
