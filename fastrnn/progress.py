"""The progress display: on standard error, and only on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .records import Progress

WIDE = 130  # columns of a terminal that has room for all words
WORDS = (
    'iteration {task.fields[iteration]:,}',
    '{task.fields[speed]:,.0f} characters/s',
    '{task.fields[bits]:.3f} bits per character',
)
SHORT_WORDS = '{task.fields[iteration]:,}', '{task.fields[speed]:,.0f}/s', '{task.fields[bits]:.3f} bits'
STARTING = 'starting; a first run compiles for some seconds'


@contextmanager
def display(off: bool = False) -> Iterator[Callable[['Progress'], None]]:
    """A function to be called with each record."""
    if off or not sys.stderr.isatty():
        yield lambda record: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    wide = console.width >= WIDE
    count, speed, bits = WORDS if wide else SHORT_WORDS
    columns = [
        TextColumn('{task.description}'),
        TextColumn(count),
        BarColumn(40 if wide else 8),
        TextColumn(speed),
        TextColumn(bits),
        TextColumn('{task.fields[held_out]}'),
        TimeRemainingColumn(compact=True),
    ]
    # prints pass through the display only where both are on the terminal
    bar = Bar(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty())
    held_out = 'validation {:.3f}, best {:.3f}' if wide else 'val {:.3f}, best {:.3f}'
    with bar:
        task = bar.add_task(STARTING, total=None, speed=0.0, bits=0.0, iteration=0, held_out='')
        last: float | None = None

        def show(record: 'Progress') -> None:
            nonlocal last
            last = record.validation if record.validation is not None else last
            bar.update(
                task,
                description='',
                total=1.0 if record.share else None,
                completed=record.share,
                speed=record.characters / max(record.seconds, 1e-9),
                bits=record.bits_per_character,
                iteration=record.iteration + 1,
                held_out=held_out.format(last, record.best) if last and record.best else '',
            )

        yield show
