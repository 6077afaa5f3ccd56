"""The progress display: on standard error, and only on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .config import Config
from .trainer import Progress


@contextmanager
def display(config: Config) -> Iterator[Callable[[Progress], None]]:
    """A function to be called with each record."""
    if not sys.stderr.isatty():
        yield lambda record: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = [
        TextColumn('iteration {task.completed:,.0f}'),
        BarColumn(),
        TextColumn('{task.fields[speed]:,.0f} characters/s  {task.fields[bits]:.3f} bits per character'),
        TimeRemainingColumn(compact=True),
    ]
    # prints pass through the display only where both are on the terminal
    bar = Bar(*columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty())
    with bar:
        task = bar.add_task('', total=config.iterations, speed=0.0, bits=0.0)

        def show(record: Progress) -> None:
            speed = record.characters / max(record.seconds, 1e-9)
            bar.update(task, completed=record.iteration + 1, speed=speed, bits=record.bits_per_character)

        yield show
