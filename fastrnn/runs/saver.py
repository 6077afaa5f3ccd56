"""Writes records and checkpoints into a run's folder, or a checkpoint elsewhere if the folder can't be written."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..model.checkpoint import Checkpoint, load_checkpoint
from ..model.model import Model
from ..model.state import TrainState
from ..parallel.processes import led, processes
from ..training.run import Run
from .folder import RunFolder
from .rescue import rescue


class Saver:
    """Saves a run, and tracks what is saved."""

    def __init__(self, folder: RunFolder, count: int) -> None:
        """``count``: number of newest checkpoints to keep."""
        self.folder, self.count = folder, count
        self.saved: int | None = None  # iteration of the newest checkpoint
        self.anchor: Path | None = None  # the newest verified checkpoint, to roll back to
        self._log_lines = 0
        self._unlogged: list[dict[str, Any]] = []  # records not written yet
        self._log_fails = False

    def take_up(self, path: Path, checkpoint: Checkpoint, identity: Mapping[str, Any], *, chosen: bool) -> None:
        """Resume from a checkpoint in the folder: the newest, or one that the user chose."""
        iteration = checkpoint.state.iteration
        self.saved = iteration  # already on the disk: closing must not save it again
        if chosen:
            self.folder.go_back_to(path, iteration)
        self._log_lines = self.folder.cut_log(checkpoint.state.log_lines)
        if self._log_lines < checkpoint.state.log_lines:
            note = (
                f'{self.folder.path}: the log has only {self._log_lines:,} of {checkpoint.state.log_lines:,} records '
                f'up to iteration {iteration:,} (was the folder copied during the run?); the run continues without them'
            )
            warnings.warn(note, RuntimeWarning, stacklevel=2)
        self.folder.set_strange_best_aside(identity)
        for record in checkpoint.unlogged:
            self.log(record)
        if checkpoint.best:
            self.folder.mark_best(path)
        self.anchor = self.folder.newest_verified()

    def log(self, record: dict[str, Any]) -> None:
        """Append a record. Raises OSError at the first failure; later calls retry the unwritten records silently."""
        self._unlogged.append(record)
        try:
            if self._log_fails:  # the log may end with an incomplete line
                self._log_lines = self.folder.cut_log(self._log_lines)
            while self._unlogged:
                self.folder.log(self._unlogged[0])
                self._log_lines += 1
                del self._unlogged[0]
            self._log_fails = False
        except OSError:
            if not self._log_fails:
                raise

    def go_on_without_log(self, run: Run, error: OSError, *, verified: bool, best: bool) -> None:
        """Save a checkpoint with the unlogged records, and warn. Raises OSError if that fails too."""
        self._log_fails = True
        self.save(run, verified=verified, best=best)
        self._warn_of_log(error)

    def _warn_of_log(self, error: OSError) -> None:
        reason = getattr(error.__cause__, 'strerror', None) or error
        note = (
            f"{self.folder.path}: can't write the log ({reason}); the run continues, and its checkpoints store the "
            'records until the log is writable'
        )
        warnings.warn(note, RuntimeWarning, stacklevel=2)

    def save(self, run: Run, *, verified: bool, best: bool) -> None:
        """Write a checkpoint. ``verified``: training has not diverged; ``best``: lowest validation so far."""
        lost = self._sync_log()
        checkpoint = self._checkpoint(run, verified=verified)
        try:
            path = self.folder.save(checkpoint, best=best)
            self.saved = checkpoint.state.iteration
            if verified:
                self.anchor = path
            self.folder.prune(self.count, self.anchor)
        except OSError as error:
            raise self._rescued(run, error, verified=verified, best=best) from error
        if lost is not None:
            self._warn_of_log(lost)

    def _sync_log(self) -> OSError | None:
        """Sync the log to the disk. Returns the error if this is the first failure, else None."""
        try:
            if not self._log_fails:
                self.folder.sync_log()
        except OSError as error:
            self._log_fails = True
            return error
        return None

    def save_now(self, run: Run) -> None:
        """Save between two regular checkpoints, unless the state has NaN or inf or is already saved."""
        if run.begun and self.saved != run.iteration and _finite(run):
            self.save(run, verified=False, best=False)

    def _checkpoint(self, run: Run, *, verified: bool, best: bool = False) -> Checkpoint:
        state = replace(run.state(), verified=verified, log_lines=self._log_lines)
        model = Model(state.params, run.text.corpus.chars, run.text.corpus.unit)
        text = {**run.text.identity, 'name': run.job.text_name}
        return Checkpoint(model, state, run.job.settings, text, tuple(self._unlogged), best)

    def _rescued(self, run: Run, error: OSError, *, verified: bool, best: bool) -> OSError:
        if self.saved == run.iteration or not _finite(run):
            return error
        answer, done = led(rescue)(self._checkpoint(run, verified=verified, best=best), self.folder.path, error)
        if done:
            self.saved = run.iteration
        return answer

    def anchored(self) -> TrainState | None:
        """The state to roll back to, from the disk; None if it is missing or damaged."""
        try:
            return None if self.anchor is None else led(load_checkpoint)(self.anchor).state
        except ValueError:
            return None

    def drop_after(self, iteration: int) -> None:
        """Remove the checkpoints after an iteration: training diverged there. The log stays."""
        self.folder.drop_after(iteration)
        self.saved = iteration


def _finite(run: Run) -> bool:
    """True if all numbers of the state are finite; the first process has the state."""
    return processes().agree(run.state().finite)
