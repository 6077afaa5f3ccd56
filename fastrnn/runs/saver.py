"""Writes what a run comes to: records and checkpoints into its folder; a rescue file, where that can't be written."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..model.checkpoint import Checkpoint, load_checkpoint
from ..model.model import Model
from ..model.state import TrainState
from ..parallel.processes import led, processes
from ..training.loop import Run
from .folder import RunFolder
from .rescue import rescue


class Saver:
    """What is in the folder, and what is not yet."""

    def __init__(self, folder: RunFolder, run: Run, text: dict[str, Any], count: int) -> None:
        """text: its identity; count: how many of the last checkpoints stay."""
        self.folder, self.count = folder, count
        self.saved: int | None = None  # iteration of the newest checkpoint
        self.anchor: Path | None = None  # the newest verified checkpoint, to roll back to
        self._run, self._text, self._config = run, text, asdict(run.config)
        self._log_lines = 0
        self._unlogged: list[dict[str, Any]] = []  # records that could not be written

    def take_up(self, path: Path, checkpoint: Checkpoint, *, chosen: bool) -> None:
        """Go on from a checkpoint in the folder: its newest, or one that was chosen."""
        iteration = checkpoint.state.iteration
        self.saved = iteration  # on the disk: closing must not save it once more
        self._run.restore(checkpoint.state)
        if chosen:
            self.folder.go_back_to(path, iteration)
        self._log_lines = self.folder.cut_log(checkpoint.state.log_lines)
        for record in checkpoint.unlogged:
            self.log(record)
        if checkpoint.best:
            self.folder.mark_best(path)
        self.anchor = self.folder.newest_verified()

    def log(self, record: dict[str, Any]) -> None:
        self.folder.log(record)
        self._log_lines += 1

    def save(self, *, verified: bool, best: bool) -> None:
        """Write a checkpoint of what is reached; ``verified``: found to be good, ``best``: of all until then."""
        checkpoint = self._checkpoint(verified=verified)
        try:
            path = self.folder.save(checkpoint, best=best)
            self.saved = checkpoint.state.iteration
            if verified:
                self.anchor = path
            self.folder.prune(self.count, self.anchor)
        except OSError as error:
            raise self._rescued(error, verified=verified, best=best) from error

    def save_now(self) -> None:
        """Between two regular checkpoints; what can't be saved is left to the last one."""
        begun = self._run.engine is not None and self._run.iteration > 0
        if begun and self.saved != self._run.iteration and self._finite():
            self.save(verified=False, best=False)

    def _finite(self) -> bool:
        """Whether all numbers of the state are; the first process has them."""
        return processes().agree(self._run.state().finite)

    def _checkpoint(self, *, verified: bool, best: bool = False) -> Checkpoint:
        state = replace(self._run.state(), verified=verified, log_lines=self._log_lines)
        model = Model(state.params, self._run.corpus.chars, self._run.corpus.unit)
        text = {**self._text, 'name': self._run.text_name}
        return Checkpoint(model, state, self._config, text, tuple(self._unlogged), best)

    def rescue_with(self, record: dict[str, Any], error: OSError, *, verified: bool, best: bool) -> OSError:
        """Save elsewhere what was reached, with a record that could not be logged; the error that tells of it."""
        self._unlogged.append(record)
        return self._rescued(error, verified=verified, best=best)

    def _rescued(self, error: OSError, *, verified: bool, best: bool) -> OSError:
        if self.saved == self._run.iteration or not self._finite():
            return error
        told, done = led(rescue)(self._checkpoint(verified=verified, best=best), self.folder.path, error)
        if done:
            self.saved = self._run.iteration
        return told

    def anchored(self) -> TrainState | None:
        """The state to roll back to, from the disk; None where there is none, or it is damaged."""
        try:
            return None if self.anchor is None else led(load_checkpoint)(self.anchor).state
        except ValueError:
            return None

    def roll_back(self, state: TrainState, halvings: int) -> None:
        """Go back to a state of the folder's; what was logged stays, and time does not go back."""
        self.folder.drop_after(state.iteration)
        self._run.restore(replace(state, halvings=halvings, seconds=self._run.seconds))
        self.saved = state.iteration
