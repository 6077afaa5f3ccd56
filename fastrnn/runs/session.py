"""A run that is kept in a folder: it saves, goes on after an interruption, and rolls back after a divergence."""

import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..data.texts import Texts, check_text_identity, text_identity
from ..errors import Diverged, TextLost
from ..model.checkpoint import Checkpoint
from ..model.model import Model
from ..parallel.processes import processes
from ..progress.records import Progress
from ..settings.checks import as_choice, check_integer
from ..settings.config import EARLIER, Config
from ..system.interrupts import held
from ..training.clock import Clock
from ..training.divergence import check_divergence
from ..training.loop import Run
from ..training.training import Training
from ..training.transfer import Transfer
from .at_exit import close_at_exit
from .best import InFolder
from .config_file import Description
from .folder import RunFolder
from .log import is_logged, lengthened_event, rollback_event
from .saver import Saver

POLICIES = ('rollback', 'stop')  # on divergence
KEEP = 2  # checkpoints: the last, and one to fall back to if it is damaged
ROLLBACKS = 10  # in a run
# what a state fits; 0.1.0, which had no other cells, did not write the last two
SHAPE = ('engine', 'hidden_size', 'seq_length', 'streams', 'dtype', 'optimizer', 'cell', 'layers')


def check_policy(keep: int, on_divergence: str) -> tuple[int, str]:
    """Both as they are meant; raises ValueError where one of the two can not be."""
    policy = as_choice(on_divergence, POLICIES)
    if policy is None:
        raise ValueError(f'on_divergence is {on_divergence!r}; it must be one of {", ".join(POLICIES)}')
    return check_integer('keep', keep, 1), policy


class Session(Training):
    """A run and its folder: an iterator over the run's records, a context manager, and a model.

    Made by :func:`fastrnn.start` or :func:`fastrnn.resume`. However it is left, but by a kill, what was reached is
    saved: at the end of ``with``, by ``close``, when nothing refers to it any more, at the end of the program.
    """

    def __init__(
        self,
        folder: RunFolder,
        run: Run,
        texts: Texts,
        keep: int,
        on_divergence: str,
        transfer: Transfer | None = None,
        lengthened: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.folder, self.run, self.texts = folder, run, texts
        self.keep, self.on_divergence = keep, on_divergence
        self.transfer = transfer
        self.lengthened = list(lengthened)  # iterations at which the run was over, and was given a later end
        run.stop_at_divergence = True
        run.best_weights = InFolder(folder.path)
        self._lock = run._lock  # one state, one lock
        self._text = text_identity(run.corpus, run.validation)
        self._saver = Saver(folder, run, self._text, keep)
        self._closed = False
        close_at_exit(self)

    def __repr__(self) -> str:
        closed = ', a copy in a fork' if self._lock.in_a_fork else ', closed' if self._closed else ''
        return f'<fastrnn.Session: {self.folder.path}, {self.run.describe()}{closed}>'

    def __del__(self) -> None:
        if not getattr(self, '_closed', True):
            self.close()

    def close(self) -> None:
        """Save what was reached, and let go of threads and of the folder.

        Where a validation has been begun it is brought to its end, so that a resumed run is the one that was not
        stopped; who interrupts that as well keeps the checkpoint before. Raises OSError where the folder can't be
        written, with the name of the file that was saved instead.
        """
        self._leave(failed=False)

    def _leave(self, *, failed: bool) -> None:
        if self._lock.in_a_fork:  # a copy has nothing to save
            return
        try:
            ended = self._closed or not processes().meet(failed=failed)  # what all have is saved by all
            while not ended:
                with held(), self._lock:
                    ended = self._end()
        finally:
            with held(), self._lock:
                self._let_go()

    def _end(self) -> bool:
        """Score a part of the validation that is due; or save and let go, and return that all is done."""
        if self._closed:
            return True
        if self.run.between and self._error is None and self._made is None:
            self._advance()
            return False
        self._save_now()
        self._let_go()
        return True

    def _let_go(self) -> None:
        if not self._closed:
            self._closed = True
            self.run.close()
            self.folder.close()

    @property
    def model(self) -> Model:
        return self.run.model

    @property
    def best_model(self) -> Model:
        return self.run.best_model

    @property
    def clock(self) -> Clock:
        return self.run.clock

    def write_config(self) -> None:
        self.folder.write_config(
            Description(
                self.run.config,
                self.texts,
                self._text,
                self.keep,
                self.on_divergence,
                self.lengthened,
                transferred=self.run.weights is not None,
            )
        )

    def save_first(self) -> None:
        """The state before the first iteration, if nothing is saved yet."""
        if self._saver.saved is None:
            self.run.ensure_engine()
            self._saver.save(verified=True, best=False)

    def take_up(self, path: Path, checkpoint: Checkpoint, *, chosen: bool) -> None:
        """Go on from a checkpoint of this run: its newest, or one that was chosen."""
        check_text_identity(checkpoint.text, self._text, self.texts, path)
        config, there = asdict(self.run.config), asdict(Config()) | checkpoint.config
        there['engine'] = EARLIER['engine'].get(there['engine'], there['engine'])
        changed = [name for name in SHAPE if there[name] != config[name]]
        if changed or checkpoint.model.chars != self.run.corpus.chars:
            raise ValueError(f'{path}: of another run ({", ".join(changed) or "vocabulary"} differs from config.json)')
        self._saver.take_up(path, checkpoint, chosen=chosen)
        iteration = checkpoint.state.iteration
        self.lengthened = [end for end in self.lengthened if end <= iteration]
        if iteration in self.lengthened:  # what was evaluated here would not have been, had the end been later
            self._saver.log(lengthened_event(iteration))

    def _prepare(self) -> None:
        if not self._closed:
            self.run._prepare()

    def _advice(self) -> str:
        return f'go on with fastrnn.resume({str(self.folder.path)!r})'

    def _check_whole(self) -> None:
        if self._closed:
            raise ValueError(f'the session is closed: {self._advice()}')
        super()._check_whole()

    def _step(self) -> Progress | None:
        """Train on, and write what comes of it. Warns of each rollback.

        Raises Diverged after too many, OSError where the folder can't be written, TextLost where the text can't be
        read any more.
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
            if record is None and not self.run.between:  # else a record would be missing, or the best one
                self._save_now()
            raise
        return record

    def _save_now(self) -> None:
        if self._error is None:
            self._saver.save_now()

    def _write(self, record: Progress) -> None:
        """Log a report, a sample or a validation, and save where it is time to."""
        best = record.validation is not None and self.run.figures.best_iteration == self.run.iteration
        verified = record.validation is not None or self.run.validation is None
        due = record.last or record.validation is not None or self.run.plan.saves_after(self.run.iteration)
        if record.due and is_logged(record, self.run.config, best=best):
            try:
                self._saver.log(record.facts)
            except OSError as error:
                good = due and verified and self._is_good(record)
                self._saver.go_on_without_log(error, verified=good, best=good and best)
        if due:
            if verified:
                check_divergence(self.run, record)
            self._saver.save(verified=verified, best=best)

    def _is_good(self, record: Progress) -> bool:
        """Whether a checkpoint here is one to come back to."""
        try:
            check_divergence(self.run, record)
        except Diverged:
            return False
        return True

    def _roll_back(self, error: Diverged) -> None:
        """To the last verified checkpoint, at half its learning rate. Every rollback starts from what is on disk."""
        state = None if self.on_divergence == 'stop' else self._saver.anchored()
        if state is None:
            raise error
        at = self.run.iteration if error.iteration is None else error.iteration
        what = error.what or f'the probabilities are NaN at iteration {at}'  # in a sample
        halvings = self.run.halvings + 1
        if halvings > ROLLBACKS:
            raise Diverged(f'{error} (rolled back {ROLLBACKS} times already)', error.iteration) from error
        rate = self.run.config.learning_rate * 0.5**halvings
        self._saver.roll_back(state, halvings)
        try:
            self._saver.log(rollback_event(at + 1, state.iteration, rate, what))
        except OSError as raised:
            self._saver.go_on_without_log(raised, verified=True, best=False)
        warnings.warn(
            f'{what}; back to iteration {state.iteration} at half the learning rate, {rate:g}',
            RuntimeWarning,
            stacklevel=6,
        )
