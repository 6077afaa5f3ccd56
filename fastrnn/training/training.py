"""What one can do with a run, kept in a folder or not: go through its records, and take the model."""

from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from .._version import __version__
from ..model.about import About, bits
from ..model.checkpoint import save_model
from ..model.model import Model
from ..parallel.processes import processes
from ..progress.records import Progress
from ..system.steps import Steps
from .clock import Clock


class Training(Steps[Progress]):
    """Iterates over the records of a run, from where it stands; a context manager, closed at its end.

    A record comes at every report, sample and validation, and about every 0.1 s. After an interrupt or a ``break``
    another loop goes on, as if there had been none.
    """

    what = 'this run'

    @property
    @abstractmethod
    def clock(self) -> Clock:
        """Of the training: what passes between two steps does not count."""

    def _advance(self) -> None:
        with self._lock, self.clock:
            super()._advance()

    @property
    @abstractmethod
    def model(self) -> Model:
        """A copy of the model as it is now. Raises ValueError where an error has left it half-changed."""

    @property
    @abstractmethod
    def best_model(self) -> Model:
        """A copy of the model with the lowest validation so far; without a validation, the model as it is now.

        Several processes ask for it together.
        """

    text_name: str | None = None  # of the files that it trains on

    @property
    def about(self) -> About:
        """What its model's file tells of the best model, once asked for; of the last, where it is not there."""
        run: Any = getattr(self, 'run', self)  # a session has one
        figures, smooth_loss = run.figures, None if run.engine is None else run.engine.smooth_loss
        best = None if run.best_is_lost else figures.best
        best_at, part = run.iteration if best is None else figures.best_iteration, None
        if best is not None and figures.best_whole is None:
            part = run.config.validate_part
        elif best is not None:
            best = figures.best_whole
        return About(
            text=run.text_name,
            characters=run.corpus.ids.size,
            bits=bits(best, smooth_loss, run.config.seq_length),
            held_out=best is not None,
            iterations=best_at,
            version=__version__,
            part=part,
        )

    @abstractmethod
    def close(self) -> None:
        """Let go of what the run holds."""

    def save(self, path: str | Path) -> None:
        """Write the best model to a file, as :func:`fastrnn.save_model` does.

        Several processes call it together; the first one writes.
        """
        best = self.best_model
        processes().lead(lambda: save_model(path, replace(best, about=self.about)))

    def watch(self) -> Model:
        """Train to the end, with a progress bar in a terminal or a notebook; returns the best model."""
        from ..progress.notebook import display

        with display() as show:
            for record in self:
                show(record)
        return self.best_model

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._leave(failed=error is not None)

    def _leave(self, *, failed: bool) -> None:
        """Close; ``failed``: for an error, which the other processes may not have met with."""
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError('a run can not be pickled or copied: take its model, or keep it in a folder (fastrnn.start)')


def watch(run: Training) -> Model:
    """Train to the end, with a progress bar in a terminal or a notebook; returns the best model.

    ``run`` is what :func:`fastrnn.train`, :func:`fastrnn.start` or :func:`fastrnn.resume` returns. After an interrupt,
    call it again to go on.
    """
    return run.watch()
