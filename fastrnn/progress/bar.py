"""The progress line: on standard error, and only on a terminal."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .records import Record

Forms = list[str]  # wordings of one part of the line, longest first
GAP = '  '
LONGEST_BAR, SHORTEST_BAR = 40, 8  # columns
FEWER = ('validation', 'speed', 'validation', 'left', 'bits', 'iteration')  # parts to shorten, in this order
SOON = 1e-6  # share of a run; before it, the remaining time is unknown
SILENCE = 1.0  # seconds without a record; after that, the line shows that kernels are compiling


def parts_of(record: 'Record', number: int, validation: float | None) -> dict[str, Forms]:
    """The parts of the line. ``number``: the iteration as shown; ``validation``: the latest one, if any."""
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
    """Seconds in a form such as 0:59 or 12:34:56."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{seconds:02}' if hours else f'{minutes}:{seconds:02}'


def fit(parts: dict[str, Forms], columns: int, bar: bool) -> tuple[list[str], int]:
    """Words that fit into ``columns``, and the width of the bar after the first word (0: no bar).

    All parts use their longest wording, else all use the second; then FEWER shortens or drops one part at a time.
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
    """What the line shows: the last record, or what the command is waiting for and for how long."""

    def __init__(self, first: int, compiled: list[Any], signals: Sequence[int] = ()) -> None:
        """``first``: the number shown for the first iteration; ``compiled``: compile events since the last record.

        ``signals``: signals received so far; the run stops after the current step.
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
        """Words, width of the bar after the first word (0: no bar), and the filled share of the bar."""
        record, seconds = self._record, time.monotonic() - self._since
        if self._signals:
            words = [
                'stopping after this step; Ctrl-C again stops immediately',
                'stopping; Ctrl-C again: immediately',
                'stopping',
            ]
        elif self._compiled and (record is None or seconds > SILENCE):
            words = [f'compiling kernels (first run only): {seconds:.0f} s', f'compiling: {seconds:.0f} s', 'compiling']
        elif record is None:
            words = [f'starting ({seconds:.0f} s so far)', 'starting']
        else:
            parts = parts_of(record, record.iteration + self._first, self._validation)
            return *fit(parts, columns, record.share > 0), record.share
        return [word for word in words if len(word) <= columns][:1], 0, 0.0


@contextmanager
def display(off: bool = False, first: int = 1, signals: Sequence[int] = ()) -> Iterator[Callable[['Record'], None]]:
    """Yields a function to call with each record before it is printed.

    ``first``: the number shown for the first iteration. Once ``signals`` has any, the line shows that the run stops.
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
    """The line for work of known size: what is done, the share, and the remaining time."""

    def __init__(self, before: str, words: str) -> None:
        """``before``: the words for the first stage, whose share is unknown; ``words``: for the rest."""
        self._before, self._words, self._share = before, words, 0.0
        self._since = time.monotonic()

    def show(self, share: float) -> None:
        if not self._share:
            self._since = time.monotonic()
        self._share = share

    def line(self, columns: int) -> tuple[list[str], int, float]:
        """As ``Status.line``."""
        seconds = time.monotonic() - self._since
        if not self._share:
            words = [f'{self._before} ({seconds:.0f} s so far)', self._before]
            return [word for word in words if len(word) <= columns][:1], 0, 0.0
        parts = {'words': [f'{self._words} {self._share:.0%}', f'{self._share:.0%}']}
        if seconds:
            left = clock(seconds * (1 - self._share) / self._share)
            parts['left'] = [f'{left} left', left, '']
        return *fit(parts, columns, True), self._share


@contextmanager
def share_display(before: str, words: str, off: bool = False) -> Iterator[Callable[[float], None]]:
    """Yields a function to call with the share that is done, from 0 to 1."""
    if off or not sys.stderr.isatty():
        yield lambda share: None
        return
    from .terminal import LastLine

    status = Share(before, words)
    with LastLine(status.line):
        yield status.show
