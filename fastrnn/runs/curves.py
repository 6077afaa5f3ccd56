"""Reads the curves of runs from their folders: settings, and the course in the log."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..system.reading import open_regular
from .course import Course
from .facts import MADE_BY, Facts, readable
from .log import LOG, NUMBERS, read_log
from .overview import Overview


@dataclass(frozen=True)
class Points:
    """Records, in order. Bits per character; NaN where there is none."""

    seconds: NDArray[np.float64]
    characters: NDArray[np.float64]  # trained on
    train: NDArray[np.float64]
    validation: NDArray[np.float64]
    learning_rate: NDArray[np.float64]
    iteration: NDArray[np.float64]  # completed iterations

    @classmethod
    def of(cls, records: list[dict[str, Any]]) -> 'Points':
        names = (*NUMBERS, 'iteration')
        return cls(**{name: np.array([record[name] for record in records], float) for name in names})


@dataclass(frozen=True)
class Curve:
    """A run."""

    name: str
    facts: Facts
    points: Points
    given_up: list[Points] = field(default_factory=list)  # parts that rollbacks gave up
    rollbacks: Points = field(default_factory=lambda: Points.of([]))  # the points where the run continued
    lowest: float | None = None  # validation, as fastrnn runs shows it: of the whole held-out text once that was read
    part: int | None = None  # held-out characters that ``lowest`` was measured on; None: all


def read_run(folder: str | Path) -> Curve:
    """Read a run folder's ``config.json`` and ``log.jsonl``; raises ValueError, in one line, if it can't."""
    folder = Path(folder)
    with _opened(folder, LOG) as log:
        facts = Facts.read(folder)
        course = Course.of(read_log(folder / LOG, log))
    points = Points.of(course.records)
    if not points.seconds.size:
        raise ValueError(f'{folder}/: its {LOG} has no records yet; wait for the first, or name another run')
    name = folder.name or folder.resolve().name
    run = Overview.read(folder)
    lowest, part = run.validation, run.part
    if lowest is None and np.isfinite(points.validation).any():  # the log of another program
        lowest, part = float(np.nanmin(points.validation)), facts.part
    given_up = [*map(Points.of, course.given_up)]
    return Curve(name, facts, points, given_up, Points.of(course.rollbacks), lowest, part)


def read_runs(folders: Sequence[str | Path]) -> list[Curve]:
    """Read run folders. Runs with the same name are named by their paths."""
    curves = [read_run(folder) for folder in folders]
    names = Counter(curve.name for curve in curves)
    return [
        replace(curve, name=str(folder)) if names[curve.name] > 1 else curve
        for curve, folder in zip(curves, folders, strict=True)
    ]


@contextmanager
def _opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    if not folder.is_dir():
        raise ValueError(f'{folder}: not a folder; {MADE_BY}')
    with readable(folder, name), open_regular(folder / name) as file:
        yield file
