"""A run kept in a folder: it saves, resumes after an interruption, and rolls back after a divergence."""

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from ..data.texts import Texts
from ..decision.changes import rolled_back
from ..decision.job import ROLLBACK, ROLLBACKS, Job
from ..errors import Diverged, TextLost
from ..model.checkpoint import Checkpoint
from ..model.model import Model
from ..parallel.processes import processes
from ..progress.records import Record
from ..system.interruptible import Interruptible, Status
from ..system.interrupts import held
from ..training.divergence import check_divergence
from ..training.run import Run
from ..training.watch import watch
from .at_exit import close_at_exit
from .best import InFolder
from .config_file import Description
from .folder import RunFolder
from .log import is_logged, lengthened_event, rollback_event
from .saver import Saver


class Session(Interruptible[Record]):
    """A run and its folder: an iterator over the run's records, and a context manager.

    Made by ``fastrnn.start`` or ``fastrnn.resume``. It writes the records and checkpoints of ``run``; after a
    divergence it replaces ``run`` by a new one. The current state is saved at the end of ``with``, by ``close``, when
    the object is deleted, and when the program exits; only a kill loses it.
    """

    what = 'the session'

    def __init__(self, folder: RunFolder, run: Run, description: Description) -> None:
        super().__init__(run.lock)  # one state, one lock
        self.folder, self.run, self.description = folder, run, description
        self._saver = Saver(folder, description.keep)
        close_at_exit(self)

    def __repr__(self) -> str:
        closed = ', closed' if self.status is Status.CLOSED else ''
        closed = ', a copy in a fork' if self.lock.in_a_fork else closed
        return f'<fastrnn.Session: {self.folder.path}, {self.run.describe()}{closed}>'

    # --- the run ---

    @property
    def job(self) -> Job:
        return self.run.job

    @property
    def iteration(self) -> int:
        """Number of completed iterations."""
        return self.run.iteration

    @property
    def texts(self) -> Texts:
        """The files of the text."""
        return self.description.texts

    @property
    def model(self) -> Model:
        """As ``Run.model``."""
        return self.run.model

    @property
    def best_model(self) -> Model:
        """As ``Run.best_model``."""
        return self.run.best_model

    def save(self, path: str | Path) -> None:
        """As ``Run.save``."""
        self.run.save(path)

    def watch(self) -> Model:
        """As ``Run.watch``."""
        return watch(self)

    # --- closing ---

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._leave(failed=error is not None)

    def __del__(self) -> None:
        if getattr(self, 'status', Status.CLOSED) is not Status.CLOSED:
            self.close()

    def __reduce__(self) -> Any:
        raise TypeError("a run can't be pickled or copied: use its model, or resume it from its folder")

    def close(self) -> None:
        """Save the current state, and release threads and the folder lock.

        A validation in progress is completed first, so that a resumed run equals an uninterrupted one. If that is
        interrupted too, the checkpoint before it stays. Raises OSError if the folder can't be written; the message
        names the file that was saved instead.
        """
        self._leave(failed=False)

    def _leave(self, *, failed: bool) -> None:
        """Close. ``failed``: because of an error that other processes may not have."""
        if self.lock.in_a_fork:  # a fork's copy has nothing to save
            return
        try:
            ended = self.status is Status.CLOSED or not processes().meet(failed=failed)  # all processes save together
            while not ended:
                with held(), self.lock:
                    ended = self._end()
        finally:
            with held(), self.lock:
                self._let_go()
            self.tell()

    def _end(self) -> bool:
        """Score the next part of a due validation and return False; or save, close and return True."""
        if self.status is Status.CLOSED:
            return True
        if self.run.between and self.status is Status.READY:
            self.advance()
            return False
        self._save_now()
        self._let_go()
        return True

    def _let_go(self) -> None:
        if self.status is not Status.CLOSED:
            self.status = Status.CLOSED
            self.run.close()
            self.folder.close()

    # --- steps ---

    def prepare(self) -> None:
        if self.status is not Status.CLOSED:
            self.run.prepare()

    def around(self) -> AbstractContextManager[None]:
        return self.run.clock

    def advice(self) -> str:
        return f'resume it with fastrnn.resume({str(self.folder.path)!r})'

    def step(self) -> Record | None:
        """Train some iterations, or score a part of a due validation; write and return the record once it is complete.

        Warns of each rollback. Raises Diverged after too many rollbacks, OSError if the folder can't be written,
        TextLost if the encoded text is no longer readable.
        """
        record = None
        try:
            self.save_first()
            record = self.run.step()
            if record is not None:
                self._write(record)
        except Diverged as error:
            self._roll_back(error)
            return None
        except TextLost:
            if record is None and not self.run.between:  # else a record or the best checkpoint would be missing
                self._save_now()
            raise
        finally:
            self.notes += self.run.notes
            self.run.notes.clear()
        return record

    def write_config(self) -> None:
        self.folder.write_config(self.description)

    def save_first(self) -> None:
        """Save the state before the first iteration, if nothing is saved yet."""
        if self._saver.saved is None:
            self._saver.save(self.run, verified=True, best=False)

    def take_up(self, path: Path, checkpoint: Checkpoint, *, chosen: bool) -> None:
        """Bring the folder to the checkpoint that the run resumes from: the newest, or one that the user chose."""
        self._saver.take_up(path, checkpoint, self.run.text.identity, chosen=chosen)
        iteration = checkpoint.state.iteration
        lengthened = tuple(end for end in self.description.lengthened if end <= iteration)
        self.description = replace(self.description, lengthened=lengthened)
        if iteration in lengthened:  # a run with the later end would not have validated here
            self._saver.log(lengthened_event(iteration))

    def _save_now(self) -> None:
        if self.status is not Status.FAILED:
            self._saver.save_now(self.run)

    def _write(self, record: Record) -> None:
        """Log a report, a sample or a validation, and save a checkpoint if one is due."""
        run, validated = self.run, record.validation is not None
        best = validated and run.figures.best_iteration == run.iteration
        verified = validated or run.text.held_out is None
        due = record.last or validated or run.plan.saves_after(run.iteration)
        if record.due and is_logged(record, run.job, best=best):
            try:
                self._saver.log(record.facts)
            except OSError as error:
                good = due and verified and self._is_good(record)
                self._saver.go_on_without_log(run, error, verified=good, best=good and best)
        if due:
            if verified:
                check_divergence(run, record)
            self._saver.save(run, verified=verified, best=best)

    def _is_good(self, record: Record) -> bool:
        """True if a checkpoint at this record is good to roll back to."""
        try:
            check_divergence(self.run, record)
        except Diverged:
            return False
        return True

    def _roll_back(self, error: Diverged) -> None:
        """Roll back to the last verified checkpoint on the disk, at half its learning rate."""
        run = self.run
        state = self._saver.anchored() if run.job.on_divergence == ROLLBACK else None
        if state is None:
            raise error
        at = run.iteration if error.iteration is None else error.iteration
        what = error.what or f'the probabilities are NaN at iteration {at}'  # while sampling
        job = rolled_back(run.job)
        if job.halvings > ROLLBACKS:
            raise Diverged(f'{error} (rolled back {ROLLBACKS} times already)', error.iteration) from error
        self._saver.drop_after(state.iteration)
        run.close()
        state = replace(state, seconds=run.seconds)  # time is not rolled back
        self.run = Run(job, run.text, state=state, store=InFolder(self.folder.path), lock=self.lock)
        rate = job.learning_rate * 0.5**job.halvings
        try:
            self._saver.log(rollback_event(at + 1, state.iteration, rate, what))
        except OSError as raised:
            self._saver.go_on_without_log(self.run, raised, verified=True, best=False)
        self.notes.append(f'{what}; rolled back to iteration {state.iteration} at half the learning rate, {rate:g}')
