"""Writes and reads a run's log, ``log.jsonl``: one JSON object per line, in order.

A line is a record, with the fields of ``fastrnn.Record.facts``, or an event. Event ``rollback`` has the iteration from
which training resumed; ``lengthened`` marks the iteration at which a complete run got a later end.
"""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..system.atomic import copy_atomically, free_name
from ..system.locks import NO_LINK

if TYPE_CHECKING:
    from ..decision.job import Job
    from ..progress.records import Record

LOG = 'log.jsonl'
SUPERSEDED = 'log.superseded'  # copy of the log when a run resumes from an older checkpoint
MAX_LINE = 64_000_000  # bytes of a line: it may contain a long sample
# fields of a record, besides its iteration; the last two may be missing
NUMBERS = ('seconds', 'characters', 'train', 'validation', 'learning_rate')
MOST_COUNTED = 2**62  # iterations; no run has more
PIECE = 1 << 16  # bytes that are read at a time, from the end

# The first 10,000 reports, samples and validations are all logged; then every second until 20,000, then every fourth,
# and so on. The exact engine reports 100 times a second: the log grows by 30 MB a day instead of 6 GB.
ALL_LOGGED = 10_000


def is_logged(record: 'Record', job: 'Job', *, best: bool) -> bool:
    """True if a due record is logged. It depends only on the iteration: a resumed run logs the same records.

    ``best``: the record has the lowest validation so far.
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
    """The logging interval at iteration ``number`` for records due every ``every`` iterations."""
    interval: int = every << ((number - 1) // (ALL_LOGGED * every)).bit_length() if number else every
    return interval


def is_superseded(name: str) -> bool:
    """True for names that :meth:`Log.copy_aside` gives to copies."""
    return re.fullmatch(rf'{re.escape(SUPERSEDED)}(-[0-9]+)?', name) is not None


def rollback_event(iteration: int, to: int, learning_rate: float, reason: str) -> dict[str, Any]:
    """The event of a rollback, with the number of completed iterations before and after it."""
    return {'event': 'rollback', 'iteration': iteration, 'to': to, 'learning_rate': learning_rate, 'reason': reason}


def lengthened_event(iteration: int) -> dict[str, Any]:
    return {'event': 'lengthened', 'iteration': iteration}


class Log:
    """The log of a run folder, for writing. Raises the system's OSError."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOG

    @property
    def begun(self) -> bool:
        return self.path.exists() and self.path.stat().st_size > 0

    def make(self) -> None:
        self.path.touch()

    def add(self, record: Mapping[str, Any]) -> None:
        """Append a record or an event; on the disk after :meth:`sync`."""
        with open(self.path, 'a', encoding='ascii', newline='\n', opener=_no_link) as file:
            file.write(json.dumps(record) + '\n')

    def sync(self) -> None:
        with open(self.path, 'ab', opener=_no_link) as file:
            os.fsync(file.fileno())

    def cut(self, lines: int) -> int:
        """Keep only the first ``lines`` complete lines; returns how many are left."""
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
        """Replace the log by a copy if it has other hard links, such as those of a backup."""
        with suppress(FileNotFoundError):
            if self.path.stat().st_nlink > 1:
                copy_atomically(self.path, self.path)

    def copy_aside(self) -> None:
        """Keep a copy of the log under another name."""
        if self.path.exists():
            copy_atomically(self.path, free_name(self.path.with_name(SUPERSEDED)))


def _no_link(path: str, flags: int) -> int:
    """An opener that refuses symbolic links."""
    return os.open(path, flags | NO_LINK, 0o666)


def read_log(path: Path, file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield records, reduced to the numbers that plots need (NaN for null), and rollbacks as ``{'to': iteration}``.

    Reads line by line, and skips other events. Raises ValueError, in one line, for an invalid line; an incomplete last
    line, as after a crash, is ignored.
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


def read_last(path: Path, file: BinaryIO) -> dict[str, Any] | None:
    """The last record of a run that holds: one that no rollback has given up; None where there is none.

    It is as :func:`read_log` gives it, with ``best`` and the characters that it is of, ``validated``. Reads from the
    end: a log may have 30 MB. Raises ValueError as that does, of the lines that it reads.
    """
    there, torn = math.inf, True
    for line in _from_the_end(file):
        last, torn = torn, False
        if not line.strip():
            continue
        try:
            if len(line) > MAX_LINE:
                raise ValueError
            facts = json.loads(line)
            record = _checked(facts)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            if last:
                continue
            raise ValueError(f'{path}: one of its last lines is not a record of a run; remove that line') from None
        if record is not None and 'to' in record:
            there = min(there, record['to'])
        elif record is not None and record['iteration'] <= there:
            best, validated = facts.get('best'), facts.get('validated')
            known = isinstance(best, float) and math.isfinite(best)
            return record | {
                'best': best if known else None,
                'validated': validated if type(validated) is int else None,
            }
    return None


def _from_the_end(file: BinaryIO) -> Iterator[bytes]:
    """The lines, the last one first; what has no end is cut off at MAX_LINE bytes, and more."""
    at, rest = file.seek(0, os.SEEK_END), list[bytes]()
    while at > 0:
        size = min(PIECE, at)
        file.seek(at - size)
        at -= size
        first, *others = file.read(size).split(b'\n')
        if others:
            yield others.pop() + b''.join(reversed(rest))
            yield from reversed(others)
            rest = []
        rest.append(first)
        if len(rest) * PIECE > MAX_LINE + PIECE:
            break
    yield b''.join(reversed(rest))


def _checked(record: dict[str, Any]) -> dict[str, Any] | None:
    if 'event' in record:
        return {'to': int(record['to'])} if record['event'] == 'rollback' else None
    checked: dict[str, Any] = {'iteration': int(record['iteration'])}
    for name in NUMBERS:
        value: Any = record.get(name) if name in NUMBERS[3:] else record[name]
        if name == 'validation':  # all points of a curve must be of the same characters
            value = record.get('validation_part', value)
        checked[name] = math.nan if value is None and name in NUMBERS[2:] else float(value)
    if not (math.isfinite(checked['seconds'] + checked['characters']) and abs(checked['iteration']) < MOST_COUNTED):
        raise ValueError
    return checked
