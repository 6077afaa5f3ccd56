"""A run: trains a job block by block. It prints nothing and uses no files."""

import time
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._version import __version__
from ..decision.job import GO_ON, Job
from ..decision.text import Text
from ..decision.transfer import Transfer
from ..engines.engine import Engine, make_engine
from ..inference.held_out import HeldOut
from ..model.about import About, about_state
from ..model.checkpoint import save_model
from ..model.model import Model
from ..model.params import Params
from ..model.state import TrainState
from ..parallel.processes import processes
from ..progress.records import Record
from ..system.forks import OwnLock
from ..system.interruptible import Interruptible
from ..system.interrupts import held, remembered
from .best import BestWeights, InMemory
from .blocks import Block
from .clock import Clock
from .divergence import check_finite
from .figures import Figures
from .plan import BLOCK_SECONDS, Plan
from .validator import Validator
from .watch import watch

NOT_WHOLE = 'an error interrupted an update, so the weights are inconsistent'


class Run(Interruptible[Record]):
    """A job in training: an iterator over records (see ``fastrnn.train``), a context manager, and a model.

    There is a record for every report, sample and validation, and about every 0.1 s. After an interrupt or a ``break``,
    another loop continues without any difference. Creating a run computes nothing; the job shows its decisions.

    ``transfer``: initial weights instead of random ones; ``state``: a state to continue from; ``store``: the store of
    the best weights.
    """

    what = 'this run'

    def __init__(
        self,
        job: Job,
        text: Text,
        *,
        transfer: Transfer | None = None,
        state: TrainState | None = None,
        store: BestWeights | None = None,
        lock: OwnLock | None = None,
    ) -> None:
        super().__init__(lock)
        if not isinstance(job, Job):  # before version 0.2 this was a text
            raise TypeError(f'a Run needs a Job, not a {type(job).__name__}: call fastrnn.train')
        self.job, self.text, self.plan = job, text, Plan(job)
        self.iteration, self.seconds, self.figures = 0, job.spent, Figures()
        self.clock = Clock()
        self._engine: Engine | None = None
        self.transfer, self._begin = transfer, state
        held_out = None if text.held_out is None else HeldOut(text.held_out, job.validate_part, job.threads)
        self._validator = Validator(job, held_out, store or InMemory())
        self._block: Block | None = None  # trained, but its record is not complete
        self._moving = False  # True during an update of the weights
        self._warned = False
        self._pace = BLOCK_SECONDS  # seconds per iteration
        if state is not None:
            self.iteration, self.seconds, self.figures = state.iteration, state.seconds, Figures.of(state)
        self.clock.set(self.seconds)

    def __repr__(self) -> str:
        return f'<fastrnn.Run: {self.describe()}{", a copy in a fork" if self.lock.in_a_fork else ""}>'

    def describe(self) -> str:
        """The run and its progress, in a few words."""
        at = f'iteration {self.iteration:,}'
        if self.job.ends[0] is not None:
            at += f' of {self.job.ends[0]:,}'
        return f'{self.job.engine} engine, {self.job.architecture.words}, V={self.job.V}, {at}'

    # --- progress ---

    @property
    def over(self) -> bool:
        """True at the end of the run."""
        return self.job.over(self.iteration, self.seconds, self.figures.worse)

    @property
    def ended_early(self) -> bool:
        """True if early stopping ended the run."""
        return not self.job.at_end(self.iteration, self.seconds) and self.job.lost_patience(self.figures.worse)

    @property
    def between(self) -> bool:
        """True if the last iterations still need their validation."""
        return self._block is not None

    @property
    def begun(self) -> bool:
        """True if a checkpoint would save any progress."""
        return self._engine is not None and self.iteration > 0

    @property
    def best_is_lost(self) -> bool:
        """True if the best weights were requested but missing."""
        return self._validator.lost

    def epochs(self, iteration: int | None = None) -> float:
        """Epochs after ``iteration`` iterations; None: now."""
        return (self.iteration if iteration is None else iteration) / self.job.iterations_per_epoch

    # --- the model ---

    @property
    def model(self) -> Model:
        """A copy of the current model. Raises ValueError if an error interrupted an update."""
        self.prepare()
        with held(), self.lock:
            self._check_whole()
            return self._as_model(self.engine.params)

    @property
    def best_model(self) -> Model:
        """A copy of the model with the lowest validation so far; without validations, of the current model.

        Every process must call it.
        """
        self.prepare()
        with held(), self.lock:
            weights = processes().lead(self._best_weights)  # in a folder, only the first process has the file
            return self.model if weights is None else self._as_model(weights)

    def _as_model(self, params: Params) -> Model:
        return Model(params.astype(params.flat.dtype), self.text.corpus.chars, self.text.corpus.unit)

    def _best_weights(self) -> Params | None:
        """The weights with the lowest validation; None if these are the current ones."""
        if self.figures.best_iteration == self.iteration and not self._moving:
            return None
        return self._validator.best(self.figures)

    @property
    def about(self) -> About:
        """Facts for the model's file about the best model, if it was requested; about the last if it is missing."""
        engine, job, reached = self._engine, self.job, {**asdict(self.figures), 'iteration': self.iteration}
        reached |= dict.fromkeys(('best', 'best_whole', 'best_iteration')) if self.best_is_lost else {}
        reached['smooth_loss'] = None if engine is None else engine.smooth_loss
        return about_state({'name': job.text_name, 'characters': job.characters}, reached, job.settings, __version__)

    def save(self, path: str | Path) -> None:
        """Write the best model to a file, like ``fastrnn.save_model``.

        Every process must call it; the first one writes.
        """
        best = self.best_model
        processes().lead(lambda: save_model(path, replace(best, about=self.about)))

    # --- the state ---

    @property
    def engine(self) -> Engine:
        """The engine, created and compiled at first use."""
        with self.lock:
            if self._engine is None:
                engine = make_engine(self.job, self.text.corpus.ids, self.job.V)
                if self._begin is not None:
                    engine.restore(self._begin)
                elif self.transfer is not None:
                    engine.restore(replace(engine.state(), params=self.transfer.params))
                self._engine, self._begin = engine, None
            return self._engine

    def state(self) -> TrainState:
        """A copy of the state, between two records."""
        self.prepare()
        with held(), self.lock:
            self._check_whole()
            return replace(
                self.engine.state(),
                iteration=self.iteration,
                seconds=self.seconds,
                halvings=self.job.halvings,
                **asdict(self.figures),
            )

    def _check_whole(self) -> None:
        """Raise ValueError if an error interrupted an update."""
        if self._moving:
            raise ValueError(f'{NOT_WHOLE}: {self.advice()}')

    def close(self) -> None:
        """Release threads. Weights and state stay, and another loop starts new threads."""
        if self.lock.in_a_fork:  # a fork has no threads
            return
        with held(), self.lock:
            if self._engine is not None:
                self._engine.close()
            self._validator.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError("a run can't be pickled or copied: use its model, or a run in a folder (fastrnn.start)")

    def watch(self) -> Model:
        """Train to the end, with a progress bar in a terminal or a notebook; returns the best model."""
        return watch(self)

    # --- training ---

    def prepare(self) -> None:
        """Create the engine. It may compile; that can be interrupted and repeated."""
        if self._engine is None:
            with remembered():
                _ = self.engine

    def around(self) -> AbstractContextManager[None]:
        return self.clock

    def advice(self) -> str:
        return 'start again; runs in a folder (fastrnn.start) can be resumed'

    def step(self) -> Record | None:
        """Train some iterations, or read part of the held-out text; returns the record if it is complete, else None.

        Raises StopIteration at the end of the run. Signals must be held back meanwhile.
        """
        if self._block is None:
            if self.over:
                self.close()
                raise StopIteration
            self._block = self._train_block()
        if self._block.read_piece():
            return None
        if self.plan.validates_after(self.iteration, self.seconds):
            here = self.engine.params, self.figures, self.iteration, self.seconds
            following = self._validator.next_reading(self._block, *here)
            if following is not None:
                self._block.readings.append(following)
                return None
        record = self._complete(self._block)
        self._block = None
        return record

    def _train_block(self) -> Block:
        """Draw a sample if it is due, and train until the next stop."""
        n, sample = self.iteration, None
        stop = self.plan.next_stop(n, self.seconds, self._pace)
        processes().together(lambda: self.engine.fetch(stop - n))  # may raise TextLost, so before a sample is drawn
        if self.plan.samples_before(n):
            sample = self._sample()
        losses, rate = self._iterate(stop)
        warning = check_finite(losses, n, self.job, stop=self.job.on_divergence != GO_ON)
        if warning is not None and not self._warned:  # once: the gist continues
            self.notes.append(warning)
            self._warned = True
        return Block(float(losses[-1]), rate, sample)

    def _iterate(self, stop: int) -> tuple[NDArray[np.float64], float]:
        """Train the iterations before ``stop``; returns their losses, and the last learning rate."""
        n = self.iteration
        rates = self.job.rates(n, stop - n, self.seconds, self._pace)
        self._moving, start = True, time.perf_counter()
        losses = self.engine.run(stop - n, rates)
        pace = max((time.perf_counter() - start) / losses.size, 1e-9)
        self.iteration, (self._pace, self.seconds) = stop, processes().agree((pace, self.clock.seconds))
        self.figures.add(losses)
        self._moving = False
        return losses, float(rates[-1])

    def _complete(self, block: Block) -> Record:
        """The record of a completed block."""
        sample, validated, best = block.sample, dict[str, Any](), self.figures.best
        if block.readings:
            here = self.engine.params, self.figures, self.iteration, self.seconds
            found, best = self._validator.take(block, *here)
            validated = found._asdict()
        job, over = self.job, self.over
        if self.plan.samples_after(over):
            sample = self._sample(block)
        record = Record(
            iteration=self.iteration - 1,
            loss=block.loss,
            smooth_loss=self.engine.smooth_loss,
            mean_loss=self._mean_loss(over),
            sample=sample,
            report=self.plan.reports_after(self.iteration, over),
            characters=self.iteration * job.seq_length * job.streams,
            seconds=self.seconds,
            seq_length=job.seq_length,
            epoch=self.epochs(),
            learning_rate=block.rate,
            best=best,
            **validated,
            share=1.0 if over else job.share(self.iteration, self.seconds),
            last=over,
        )
        if self.plan.reports_at(self.iteration):
            self.figures.report(job.print_every)
        return record

    def _mean_loss(self, over: bool) -> float:
        if over and not self.plan.gist_reports:
            return self.figures.closing_mean(self.job.print_every)
        return self.figures.mean_loss

    def _sample(self, last: Block | None = None) -> str:
        """Sample in the first process; after the ``last`` block, with the best weights if these are not the current."""

        def draw() -> str:
            weights = None
            if last is not None and self.figures.best_iteration != self.iteration:
                weights = last.best if len(last.readings) > 1 else self._best_weights()
            given = [] if weights is None else [weights]
            return self.text.corpus.text(self.engine.sample(self.job.sample_length, *given))

        return processes().lead(draw)
