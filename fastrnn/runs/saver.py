"""Writes what a run comes to: records and checkpoints into its folder; a rescue file, where that can't be written."""

import warnings
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
        self._log_fails = False

    def take_up(self, path: Path, checkpoint: Checkpoint, *, chosen: bool) -> None:
        """Go on from a checkpoint in the folder: its newest, or one that was chosen."""
        iteration = checkpoint.state.iteration
        self.saved = iteration  # on the disk: closing must not save it once more
        self._run.restore(checkpoint.state)
        if chosen:
            self.folder.go_back_to(path, iteration)
        self._log_lines = self.folder.cut_log(checkpoint.state.log_lines)
        if self._log_lines < checkpoint.state.log_lines:
            note = (
                f'{self.folder.path}: its log has {self._log_lines:,} of the {checkpoint.state.log_lines:,} records '
                f'until iteration {iteration:,}, as after a copy that was made while it was written; the run goes on'
            )
            warnings.warn(note, RuntimeWarning, stacklevel=2)
        self.folder.set_strange_best_aside(self._text)
        for record in checkpoint.unlogged:
            self.log(record)
        if checkpoint.best:
            self.folder.mark_best(path)
        self.anchor = self.folder.newest_verified()

    def log(self, record: dict[str, Any]) -> None:
        """Append a record. OSError where it can't be written: it waits, and is tried again with the next, silently."""
        self._unlogged.append(record)
        try:
            if self._log_fails:  # it may hold half a line
                self._log_lines = self.folder.cut_log(self._log_lines)
            while self._unlogged:
                self.folder.log(self._unlogged[0])
                self._log_lines += 1
                del self._unlogged[0]
            self._log_fails = False
        except OSError:
            if not self._log_fails:
                raise

    def go_on_without_log(self, error: OSError, *, verified: bool, best: bool) -> None:
        """Save a checkpoint, which has what could not be logged, and warn. Raises OSError where that fails too."""
        self._log_fails = True
        self.save(verified=verified, best=best)
        self._warn_of_log(error)

    def _warn_of_log(self, error: OSError) -> None:
        reason = getattr(error.__cause__, 'strerror', None) or error
        note = (
            f'{self.folder.path}: its log cannot be written ({reason}); the run goes on, and its checkpoints keep the '
            'records until it can be'
        )
        warnings.warn(note, RuntimeWarning, stacklevel=2)

    def save(self, *, verified: bool, best: bool) -> None:
        """Write a checkpoint of what is reached; ``verified``: found to be good, ``best``: of all until then."""
        lost = self._sync_log()
        checkpoint = self._checkpoint(verified=verified)
        try:
            path = self.folder.save(checkpoint, best=best)
            self.saved = checkpoint.state.iteration
            if verified:
                self.anchor = path
            self.folder.prune(self.count, self.anchor)
        except OSError as error:
            raise self._rescued(error, verified=verified, best=best) from error
        if lost is not None:
            self._warn_of_log(lost)

    def _sync_log(self) -> OSError | None:
        """Bring to the disk what was logged; the error, where that fails for the first time."""
        try:
            if not self._log_fails:
                self.folder.sync_log()
        except OSError as error:
            self._log_fails = True
            return error
        return None

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
