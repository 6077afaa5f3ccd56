"""The progress display: one line on standard error, and only on a terminal."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .records import Record

Forms = list[str]  # of one part of the line, the longest first
GAP = '  '
LONGEST_BAR, SHORTEST_BAR = 40, 8  # columns
FEWER = ('validation', 'speed', 'validation', 'left', 'bits', 'iteration')  # next forms, one after the other
SOON = 1e-6  # share of a run, before which nobody knows how long it takes
SILENCE = 1.0  # seconds without a record, after which it is told that kernels are compiled


def parts_of(record: 'Record', number: int, validation: float | None) -> dict[str, Forms]:
    """What is told of a record, its iteration being called ``number``; the last validation may be an earlier one's."""
    speed, bits = f'{record.characters / max(record.seconds, 1e-9):,.0f}', f'{record.smooth_bits_per_character:.3f}'
    parts = {
        'iteration': [f'iteration {number:,}', f'{number:,}', ''],
        'speed': [f'{speed} characters/s', f'{speed}/s', ''],
        'bits': [f'{bits} bits per character', f'{bits} bits', ''],
    }
    if validation is not None and record.best is not None:
        words = f'{validation:.3f}, best {record.best:.3f}'
        parts['validation'] = [f'validation {words}', f'val {words}', f'val {validation:.3f}', '']
    if record.share > SOON:
        left = clock(record.seconds * (1 - record.share) / record.share)
        parts['left'] = [f'{left} left', left, '']
    return parts


def clock(seconds: float) -> str:
    """Such as 0:59 or 12:34:56."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{seconds:02}' if hours else f'{minutes}:{seconds:02}'


def fit(parts: dict[str, Forms], columns: int, bar: bool) -> tuple[list[str], int]:
    """Whole words that fit into so many columns, and columns that are left for a bar after the first of them.

    All in their longest forms, or all in their second ones; then there are fewer of them.
    """
    chosen = dict.fromkeys(parts, 0)
    for step in ('', 'all', *FEWER):
        chosen = {name: form + (step in (name, 'all')) for name, form in chosen.items()}
        words = [word for name, forms in parts.items() if (word := forms[chosen[name]])]
        room = columns - len(GAP.join(words))
        if room >= (len(GAP) + SHORTEST_BAR if bar and not step else 0):
            room = min(LONGEST_BAR, room - len(GAP))
            return words, room if bar and room >= SHORTEST_BAR else 0
    return [], 0


class Status:
    """What the line tells: the last record, or what is waited for and since when."""

    def __init__(self, first: int, compiled: list[Any], signals: Sequence[int] = ()) -> None:
        """``first``: the number of the first iteration; ``compiled``: what has been compiled since the last record.

        ``signals``: those that have come, to end the run in order.
        """
        self._first, self._compiled, self._signals = first, compiled, signals
        self._record: Record | None = None
        self._validation: float | None = None
        self._since = time.monotonic()

    def show(self, record: 'Record') -> None:
        if record.validation is not None:
            self._validation = record.validation
        self._record, self._since = record, time.monotonic()
        self._compiled.clear()

    def line(self, columns: int) -> tuple[list[str], int, float]:
        """Words, columns of a bar after the first of them (0: none), and the share of it that is done."""
        record, seconds = self._record, time.monotonic() - self._since
        if self._signals:
            words = [
                'stopping as soon as this is done; Ctrl-C again: at once',
                'stopping; Ctrl-C again: at once',
                'stopping',
            ]
        elif self._compiled and (record is None or seconds > SILENCE):
            words = [f'compiling kernels (first run only): {seconds:.0f} s', f'compiling: {seconds:.0f} s', 'compiling']
        elif record is None:
            words = [f'starting: {seconds:.0f} s', 'starting']
        else:
            parts = parts_of(record, record.iteration + self._first, self._validation)
            return *fit(parts, columns, record.share > 0), record.share
        return [word for word in words if len(word) <= columns][:1], 0, 0.0


@contextmanager
def display(off: bool = False, first: int = 1, signals: Sequence[int] = ()) -> Iterator[Callable[['Record'], None]]:
    """A function to be called with each record, before it is printed; the first iteration is called ``first``.

    Once there are ``signals``, which end a run in order, the line says so.
    """
    if off or not sys.stderr.isatty():
        yield lambda record: None
        return
    from numba.core.event import install_recorder

    from .terminal import LastLine

    with install_recorder('numba:compile') as recorder:
        status = Status(first, recorder.buffer, signals)
        with LastLine(status.line):
            yield status.show


class Share:
    """What the line shows of work whose size is known: what is done, and which share of it."""

    def __init__(self, before: str, words: str) -> None:
        """``before``: what comes first, and can't be measured."""
        self._before, self._words, self._share = before, words, 0.0
        self._since = time.monotonic()

    def show(self, share: float) -> None:
        if not self._share:
            self._since = time.monotonic()
        self._share = share

    def line(self, columns: int) -> tuple[list[str], int, float]:
        """As :class:`Status` has it."""
        seconds = time.monotonic() - self._since
        if not self._share:
            words = [f'{self._before}: {seconds:.0f} s', self._before]
            return [word for word in words if len(word) <= columns][:1], 0, 0.0
        parts = {'words': [f'{self._words} {self._share:.0%}', f'{self._share:.0%}']}
        if seconds:
            left = clock(seconds * (1 - self._share) / self._share)
            parts['left'] = [f'{left} left', left, '']
        return *fit(parts, columns, True), self._share


@contextmanager
def share_display(before: str, words: str, off: bool = False) -> Iterator[Callable[[float], None]]:
    """A function to be called with the share of something that is done."""
    if off or not sys.stderr.isatty():
        yield lambda share: None
        return
    from .terminal import LastLine

    status = Share(before, words)
    with LastLine(status.line):
        yield status.show
