"""A run's log, ``log.jsonl``: an object a line, in the order of what happened; its one writer and its one reader.

A line is a record, with the fields of :attr:`fastrnn.Record.facts`; or it has ``event``: ``rollback``, to an
iteration from which the run went on, or ``lengthened``, where a run that was over was given a later end.
"""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from ..decision.job import Job
from ..progress.records import Record
from ..system.atomic import copy_atomically, free_name

LOG = 'log.jsonl'
SUPERSEDED = 'log.superseded'  # of a run that went on from an older checkpoint
MAX_LINE = 64_000_000  # bytes of a line: it may hold a long sample
NUMBERS = ('seconds', 'characters', 'train', 'validation')  # of a record, beside its iteration; the last may lack

# Reports that are all logged, as are as many samples and validations; then every second until twice as many, then every
# fourth and so on. The exact engine reports 100 times a second: its log grew by 6 GB a day, and now by 30 MB.
ALL_LOGGED = 10_000


def is_logged(record: Record, job: Job, *, best: bool) -> bool:
    """Whether a record that is due is logged: by its iteration alone, so that a resumed run logs the same.

    ``best``: it has the lowest validation so far.
    """
    if record.last or best:
        return True
    done, reported = record.iteration + 1, record.iteration + (not job.abilities.gist_reports)
    dues = [
        (record.report, reported, job.print_every),
        (record.sample is not None, reported, job.sample_every),
        (record.validation is not None, done, job.validate_every),
    ]
    return any(due and number % _thinned(number, every) == 0 for due, number, every in dues)


def _thinned(number: int, every: int) -> int:
    """The interval of log entries at an iteration, for what is due ``every`` iterations."""
    interval: int = every << ((number - 1) // (ALL_LOGGED * every)).bit_length() if number else every
    return interval


def is_superseded(name: str) -> bool:
    """Whether :meth:`Log.copy_aside` gives this name to a copy."""
    return re.fullmatch(rf'{re.escape(SUPERSEDED)}(-[0-9]+)?', name) is not None


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
            while found < lines and (line := file.readline(MAX_LINE)).endswith(b'\n'):
                end, found = end + len(line), found + 1
            file.truncate(end)
            os.fsync(file.fileno())
        return found

    def _part(self) -> None:
        """Part from other names of the file, such as a backup by hard links has."""
        with suppress(FileNotFoundError):
            if self.path.stat().st_nlink > 1:
                copy_atomically(self.path, self.path)

    def copy_aside(self) -> None:
        """Keep it as it is now under another name, too."""
        if self.path.exists():
            copy_atomically(self.path, free_name(self.path.with_name(SUPERSEDED)))


def _no_link(path: str, flags: int) -> int:
    """As ``open`` opens, but not what a link names."""
    return os.open(path, flags | getattr(os, 'O_NOFOLLOW', 0), 0o666)


def read_log(path: Path, file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Records as the numbers that a curve needs, NaN for null, and rollbacks with ``to``; other events are left out.

    Reads line by line. Raises ValueError, in one line, for a line that is neither; a last one without its end was torn
    by a crash.
    """
    for number in count(1):
        line = file.readline(MAX_LINE + 1)
        if not line:
            return
        try:
            if len(line) > MAX_LINE:
                raise ValueError
            record = _checked(json.loads(line)) if line.strip() else None
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            if not line.endswith(b'\n') and len(line) <= MAX_LINE:
                return
            raise ValueError(
                f'{path}: line {number} is not a record of a run; remove that line, or name another run'
            ) from None
        if record is not None:
            yield record


def _checked(record: dict[str, Any]) -> dict[str, Any] | None:
    if 'event' in record:
        return {'to': int(record['to'])} if record['event'] == 'rollback' else None
    checked: dict[str, Any] = {'iteration': int(record['iteration'])}
    for name in NUMBERS:
        value: Any = record.get(name) if name == 'validation' else record[name]
        if name == 'validation':  # all points of a curve are of the same characters
            value = record.get('validation_part', value)
        checked[name] = math.nan if value is None and name in ('train', 'validation') else float(value)
    if not math.isfinite(checked['seconds'] + checked['characters']):
        raise ValueError
    return checked
