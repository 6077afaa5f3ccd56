"""Writes what a run comes to: records and checkpoints into its folder; a rescue file, where that can't be written."""

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
    """What is in the folder, and what is not yet."""

    def __init__(self, folder: RunFolder, count: int) -> None:
        """count: how many of the last checkpoints stay."""
        self.folder, self.count = folder, count
        self.saved: int | None = None  # iteration of the newest checkpoint
        self.anchor: Path | None = None  # the newest verified checkpoint, to roll back to
        self._log_lines = 0
        self._unlogged: list[dict[str, Any]] = []  # records that could not be written
        self._log_fails = False

    def take_up(self, path: Path, checkpoint: Checkpoint, identity: Mapping[str, Any], *, chosen: bool) -> None:
        """Go on from a checkpoint in the folder: its newest, or one that was chosen."""
        iteration = checkpoint.state.iteration
        self.saved = iteration  # on the disk: closing must not save it once more
        if chosen:
            self.folder.go_back_to(path, iteration)
        self._log_lines = self.folder.cut_log(checkpoint.state.log_lines)
        if self._log_lines < checkpoint.state.log_lines:
            note = (
                f'{self.folder.path}: its log has {self._log_lines:,} of the {checkpoint.state.log_lines:,} records '
                f'until iteration {iteration:,}, as after a copy that was made while it was written; the run goes on'
            )
            warnings.warn(note, RuntimeWarning, stacklevel=2)
        self.folder.set_strange_best_aside(identity)
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

    def go_on_without_log(self, run: Run, error: OSError, *, verified: bool, best: bool) -> None:
        """Save a checkpoint, which has what could not be logged, and warn. Raises OSError where that fails too."""
        self._log_fails = True
        self.save(run, verified=verified, best=best)
        self._warn_of_log(error)

    def _warn_of_log(self, error: OSError) -> None:
        reason = getattr(error.__cause__, 'strerror', None) or error
        note = (
            f'{self.folder.path}: its log cannot be written ({reason}); the run goes on, and its checkpoints keep the '
            'records until it can be'
        )
        warnings.warn(note, RuntimeWarning, stacklevel=2)

    def save(self, run: Run, *, verified: bool, best: bool) -> None:
        """Write a checkpoint of what is reached; ``verified``: found to be good, ``best``: of all until then."""
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
        """Bring to the disk what was logged; the error, where that fails for the first time."""
        try:
            if not self._log_fails:
                self.folder.sync_log()
        except OSError as error:
            self._log_fails = True
            return error
        return None

    def save_now(self, run: Run) -> None:
        """Between two regular checkpoints; what can't be saved is left to the last one."""
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
        told, done = led(rescue)(self._checkpoint(run, verified=verified, best=best), self.folder.path, error)
        if done:
            self.saved = run.iteration
        return told

    def anchored(self) -> TrainState | None:
        """The state to roll back to, from the disk; None where there is none, or it is damaged."""
        try:
            return None if self.anchor is None else led(load_checkpoint)(self.anchor).state
        except ValueError:
            return None

    def drop_after(self, iteration: int) -> None:
        """Forget the checkpoints of a stretch that diverged; what was logged stays."""
        self.folder.drop_after(iteration)
        self.saved = iteration


def _finite(run: Run) -> bool:
    """Whether all numbers of the state are; the first process has them."""
    return processes().agree(run.state().finite)
