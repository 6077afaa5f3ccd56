"""A run that is kept in a folder: it saves, goes on after an interruption, and rolls back after a divergence."""

import atexit
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from shlex import quote
from typing import Any
from weakref import WeakSet

from .. import __version__
from ..data.texts import Texts, check_identity, identity
from ..errors import Diverged, TextLost
from ..model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from ..model.model import Model
from ..model.places import checkpoint_file
from ..model.state import TrainState
from ..progress.records import Progress
from ..system.interrupts import held
from ..training.clock import Clock
from ..training.divergence import check_rails
from ..training.loop import Run
from ..training.training import Training
from ..training.transfer import Transfer
from .folder import RunFolder

POLICIES = ('rollback', 'stop')  # on divergence
KEEP = 2  # checkpoints: the last, and one to fall back to if it is damaged
ROLLBACKS = 10  # in a run
SHAPE = ('engine', 'hidden_size', 'seq_length', 'streams', 'dtype', 'optimizer')  # what a state fits


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
        adopted: Transfer | None = None,
        lengthened: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.folder, self.run, self.texts = folder, run, texts
        self.keep, self.on_divergence = keep, on_divergence
        self.transfer = adopted
        self.lengthened = list(lengthened)  # iterations at which the run was over, and was given a later end
        run.stop_at_divergence = True
        self._lock = run._lock  # one state, one lock
        self._text = identity(run.corpus, run.validation)
        self._config = asdict(run.config)
        self._log_lines = 0
        self._unlogged: list[dict[str, Any]] = []  # records that could not be written
        self._closed, self._process = False, os.getpid()
        self._saved: int | None = None  # iteration of the newest checkpoint
        self._anchor: Path | None = None  # the newest verified checkpoint, to roll back to
        _open.add(self)

    def __repr__(self) -> str:
        closed = ', closed' if self._closed else ''
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
        if self._process != os.getpid():  # a fork's copy has nothing to save
            return
        try:
            ended = False
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
    def clock(self) -> Clock:
        return self.run.clock

    def write_config(self) -> None:
        self.folder.write_config(
            {
                'fastrnn': __version__,
                'config': self._config,
                'text': asdict(self.texts.absolute()),
                'identity': self._text,
                'keep': self.keep,
                'on_divergence': self.on_divergence,
                'lengthened': self.lengthened,
                'adopted': self.run.weights is not None,  # then no run can begin from this alone
            }
        )

    def save_first(self) -> None:
        """The state before the first iteration, if nothing is saved yet."""
        if self._saved is None:
            self.run.start()
            self._save(verified=True, best=False)

    def take_up(self, path: Path, *, chosen: bool) -> None:
        """Go on from a checkpoint of this run: its newest, or one that was chosen."""
        checkpoint = load_checkpoint(path)
        check_identity(checkpoint.text, self._text, self.texts, path)
        changed = [name for name in SHAPE if checkpoint.config.get(name) != self._config[name]]
        if changed or checkpoint.model.chars != self.run.corpus.chars:
            raise ValueError(f'{path}: of another run ({", ".join(changed) or "vocabulary"} differs from config.json)')
        self._saved = checkpoint.state.iteration  # on the disk: closing must not save it once more
        self._restore(checkpoint.state)
        if chosen:
            self.folder.go_back_to(path, checkpoint.state.iteration)
        self._log_lines = self.folder.cut_log(checkpoint.state.log_lines)
        for facts in checkpoint.unlogged:
            self._log(facts)
        if checkpoint.best:
            self.folder.mark_best(path)
        iteration = checkpoint.state.iteration
        self.lengthened = [end for end in self.lengthened if end <= iteration]
        if iteration in self.lengthened:  # what was evaluated here would not have been, had the end been later
            self._log({'event': 'lengthened', 'iteration': iteration})
        self._anchor = self._newest_verified()

    def _restore(self, state: TrainState) -> None:
        self.run.restore(state)
        self._log_lines = state.log_lines

    def _newest_verified(self) -> Path | None:
        path = self.folder.newest()
        while path is not None:
            with suppress(ValueError):
                if load_checkpoint(path).state.verified:
                    return path
            path = self.folder.before(path)
        return None

    def _prepare(self) -> None:
        if not self._closed:
            self.run._prepare()

    def _advice(self) -> str:
        return f'go on with fastrnn.resume({str(self.folder.path)!r})'

    def _check_whole(self) -> None:
        if self._process != os.getpid():
            raise ValueError('this is the copy of a session in another process: train in the one that began it')
        if self._closed:
            raise ValueError(f'the session is closed: {self._advice()}')
        super()._check_whole()

    def _step(self) -> Progress | None:
        """Train on, and keep what comes of it. Warns of each rollback.

        Raises Diverged after too many, OSError where the folder can't be written, TextLost where the text can't be
        read any more.
        """
        record = None
        try:
            self.save_first()
            record = self.run.step()
            if record is not None:
                self._keep(record)
        except Diverged as error:
            self._roll_back(error)
            return None
        except TextLost:
            if record is None and not self.run.between:  # else a record would be missing, or the best one
                self._save_now()
            raise
        return record

    def _keep(self, record: Progress) -> None:
        """Log a report, a sample or a validation, and save where it is time to."""
        best = record.validation is not None and record.validation == self.run.best
        verified = record.validation is not None or (self.run.validation is None)
        due = record.last or record.validation is not None
        due = due or self.run.iteration % (self.run.config.save_every or self.run.iteration) == 0
        if record.due:
            try:
                self._log(record.facts)
            except OSError as error:
                self._unlogged.append(record.facts)
                raise self._rescue(error, verified=due and verified and self._on_rails(record), best=best) from error
        if due:
            if verified:
                check_rails(self.run, record)
            self._save(verified=verified, best=best)

    def _on_rails(self, record: Progress) -> bool:
        try:
            check_rails(self.run, record)
        except Diverged:
            return False
        return True

    def _log(self, facts: dict[str, Any]) -> None:
        self.folder.log(facts)
        self._log_lines += 1

    def _save_now(self) -> None:
        """Between two regular checkpoints; what can't be saved is left to the last one."""
        begun = self.run.engine is not None and self.run.iteration > 0
        if begun and self._error is None and self._saved != self.run.iteration and self.run.state().finite:
            self._save(verified=False, best=False)

    def _save(self, *, verified: bool, best: bool) -> None:
        checkpoint = self._checkpoint(verified=verified)
        try:
            path = self.folder.save(checkpoint, best=best)
            self._saved = checkpoint.state.iteration
            if verified:
                self._anchor = path
            self.folder.prune(self.keep, self._anchor)
        except OSError as error:
            raise self._rescue(error, verified=verified, best=best) from error

    def _checkpoint(self, *, verified: bool, best: bool = False) -> Checkpoint:
        state = replace(self.run.state(), verified=verified, log_lines=self._log_lines)
        model = Model(state.params, self.run.corpus.chars, self.run.corpus.unit)
        return Checkpoint(model, state, self._config, self._text, tuple(self._unlogged), best)

    def _rescue(self, error: OSError, *, verified: bool, best: bool) -> OSError:
        """Save what was reached outside of the folder; the error that tells of it."""
        iteration, folder = self.run.iteration, quote(str(self.folder.path))
        if self._saved == iteration or not self.run.state().finite:
            return error
        room: Path | None = None
        try:
            room = Path(tempfile.mkdtemp(prefix='fastrnn-rescue-'))
            place = checkpoint_file(room, iteration)
            save_checkpoint(place, self._checkpoint(verified=verified, best=best))
        except OSError as another:
            if room is not None:
                shutil.rmtree(room, ignore_errors=True)
            reason = another.strerror or another
            return OSError(f'{error}; nor can iteration {iteration:,} be kept in {tempfile.gettempdir()} ({reason})')
        self._saved = iteration
        cure = (
            f'move that file into {folder} (if that was moved, where it is now) and go on with --resume {folder}, or '
        )
        return OSError(f'{error}; iteration {iteration:,} is saved in {place}: {cure}start from it with --from')

    def _roll_back(self, error: Diverged) -> None:
        """To the last verified checkpoint, at half its learning rate. Every rollback starts from what is on disk."""
        if self.on_divergence == 'stop' or self._anchor is None:
            raise error
        at = self.run.iteration if error.iteration is None else error.iteration
        what = error.what or f'the probabilities are NaN at iteration {at}'  # in a sample
        event, log_lines = {'event': 'rollback', 'iteration': at + 1}, self._log_lines
        try:
            state = load_checkpoint(self._anchor).state
        except ValueError:
            raise error from None
        halvings = self.run.halvings + 1
        if halvings > ROLLBACKS:
            raise Diverged(f'{error} (rolled back {ROLLBACKS} times already)', error.iteration) from error
        self.folder.drop_after(state.iteration)
        rate = self.run.config.learning_rate * 0.5**halvings
        seconds = self.run.seconds
        self._restore(replace(state, halvings=halvings, seconds=seconds))
        self._log_lines, self._saved = log_lines, state.iteration
        self._log({**event, 'to': state.iteration, 'learning_rate': rate, 'reason': what})
        warnings.warn(
            f'{what}; back to iteration {state.iteration} at half the learning rate, {rate:g}',
            RuntimeWarning,
            stacklevel=6,
        )


_open: WeakSet[Session] = WeakSet()


@atexit.register
def _close_all() -> None:
    """What was reached is saved at the end of the program, too."""
    left = list(_open)
    while left:
        try:
            left.pop().close()
        except BaseException:
            sys.excepthook(*sys.exc_info())
