"""The curves of runs, from their folders: settings, and the course that the log shows."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..model.architecture import CELLS, in_words
from ..model.run_files import CONFIG
from ..settings.abilities import ABILITIES, engine_now
from ..system.reading import SMALL, open_regular, read_at_most
from .course import Course
from .log import LOG, NUMBERS, read_log

MADE_BY = 'name a folder made by fastrnn train --out'


@dataclass(frozen=True)
class Points:
    """Records, in order. Bits per character; NaN where there is none."""

    seconds: NDArray[np.float64]
    characters: NDArray[np.float64]  # trained on
    train: NDArray[np.float64]
    validation: NDArray[np.float64]

    @classmethod
    def of(cls, records: list[dict[str, Any]]) -> 'Points':
        return cls(*(np.array([record[name] for record in records], float) for name in NUMBERS))


@dataclass(frozen=True)
class Curve:
    """A run."""

    name: str
    engine: str
    model: str  # in words
    points: Points
    given_up: list[Points] = field(default_factory=list)  # each from where it left the course
    rollbacks: Points = field(default_factory=lambda: Points.of([]))  # from where it went on
    part: int | None = None  # characters of the held-out text that validations read; None: all

    @property
    def baseline(self) -> bool:
        """Whether it is one that others are compared with."""
        return self.engine in ABILITIES and ABILITIES[self.engine].baseline


def read_run(folder: str | Path) -> Curve:
    """Read a run folder's ``config.json`` and ``log.jsonl``; raises ValueError, in one line, where there is none."""
    folder = Path(folder)
    with _opened(folder, LOG) as log:
        with _opened(folder, CONFIG) as config:
            engine, model, part = _settings(folder / CONFIG, read_at_most(config, SMALL, folder / CONFIG))
        course = Course.of(read_log(folder / LOG, log))
    points = Points.of(course.records)
    if not points.seconds.size:
        raise ValueError(f'{folder}/: its {LOG} holds no records yet; wait for the first, or name another run')
    name = folder.name or folder.resolve().name
    return Curve(name, engine, model, points, [*map(Points.of, course.given_up)], Points.of(course.rollbacks), part)


def read_runs(folders: Sequence[str | Path]) -> list[Curve]:
    """Read run folders; those whose names are the same are called by their paths."""
    curves = [read_run(folder) for folder in folders]
    names = Counter(curve.name for curve in curves)
    return [
        replace(curve, name=str(folder)) if names[curve.name] > 1 else curve
        for curve, folder in zip(curves, folders, strict=True)
    ]


@contextmanager
def _opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    if not folder.is_dir():
        raise ValueError(f'{folder}: is no folder; {MADE_BY}')
    try:
        with open_regular(folder / name) as file:
            yield file
    except FileNotFoundError:
        raise ValueError(f'{folder}/: holds no {name}; {MADE_BY}') from None
    except OSError as error:
        raise ValueError(f'{folder / name}: {error.strerror or error}; {MADE_BY}') from error


def _settings(path: Path, data: bytes) -> tuple[str, str, int | None]:
    """Engine, the model in words, and the part of the held-out text that validations read."""
    try:
        facts = json.loads(data)
        config = facts['job' if 'job' in facts else 'config']  # which versions before 0.2 wrote
        engine, cell, layers, H = (
            config['engine'],
            config.get('cell', 'rnn'),
            config.get('layers', 1),
            config['hidden_size'],
        )
        if not isinstance(engine, str) or cell not in CELLS or not isinstance(layers, int) or not isinstance(H, int):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError(f'{path}: not the configuration of a run; {MADE_BY}') from None
    part = config.get('validate_part')
    return engine_now(engine), in_words(cell, layers, H), part if isinstance(part, int) else None
