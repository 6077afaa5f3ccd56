"""Trains to the end with a progress display."""

from collections.abc import Iterator
from typing import Protocol

from ..model.model import Model
from ..progress.records import Record


class Watched(Protocol):
    """What ``fastrnn.train``, ``fastrnn.start`` and ``fastrnn.resume`` return."""

    def __iter__(self) -> Iterator[Record]: ...

    @property
    def best_model(self) -> Model: ...


def watch(run: Watched) -> Model:
    """Train to the end, with a progress bar in a terminal or a notebook; returns the best model.

    ``run`` is from ``fastrnn.train``, ``fastrnn.start`` or ``fastrnn.resume``. After an interrupt, call it
    again to continue.
    """
    from ..progress.notebook import display

    with display() as show:
        for record in run:
            show(record)
    return run.best_model
