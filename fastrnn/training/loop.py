"""The training loop, block by block; it prints nothing and touches no files."""

import time
import warnings
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.corpus import Corpus
from ..data.ids import as_ids
from ..data.stored import Ids
from ..engines.engine import Engine, make_engine
from ..engines.memory import check_memory
from ..engines.shards import check_hosts, check_shards, in_common
from ..model.architecture import Architecture
from ..model.model import Model
from ..model.params import Params
from ..model.state import TrainState
from ..parallel.processes import processes
from ..progress.records import Progress
from ..settings.config import Config
from ..settings.presets import make_config
from ..system.interrupts import held, remembered
from .best import BestWeights, InMemory
from .blocks import Block
from .clock import Clock
from .divergence import check_finite
from .figures import Figures
from .fitting import fit
from .held_out import HeldOut, Reading
from .patience import ended_early
from .plan import BLOCK_SECONDS, Plan, Validated
from .schedule import Horizon
from .training import Training

NOT_WHOLE = 'an error came while the weights were being changed, so they are not whole'


class Run(Training):
    """A run in memory: an iterator over its records (see :func:`fastrnn.train`), a context manager, and a model.

    ``weights`` are those to start from, in place of random ones; ``kept``: a folder keeps checkpoints of it.
    """

    def __init__(
        self,
        text: str | Corpus,
        config: Config | None = None,
        *,
        validation: Ids | None = None,
        weights: Params | None = None,
        kept: bool = False,
        **options: Any,
    ) -> None:
        super().__init__()
        config = in_common(make_config(config, options))
        self.corpus = Corpus.of(text) if isinstance(text, str) else text
        V, n = len(self.corpus.chars), self.corpus.ids.size
        self.validation = None if validation is None else as_ids(validation, V, 'validation')
        check_hosts(config, self.corpus, self.validation)
        self.fitted = fit(config, self.corpus.ids, V, self.corpus.held_out)
        config = self.fitted.config
        config.check_text(n, V, self.corpus.held_out)
        check_shards(config)
        processes().together(lambda: check_memory(config, V, validated=validation is not None, kept=kept))
        if self.validation is not None and self.validation.size < 2:
            raise ValueError('the held-out text has one character: take one with at least two')
        held_out = 0 if self.validation is None else self.validation.size
        self.plan = Plan.of(config, V, n, held_out, self.fitted.expected)
        self.weights = weights
        self.stop_at_divergence = config.abilities.checks_loss
        self.engine: Engine | None = None
        self.iteration, self.seconds, self.halvings = 0, self.fitted.seconds, 0
        self.figures = Figures()
        self.best_weights: BestWeights = InMemory()
        self.best_is_lost = False  # they were asked for, and not there
        self._clock = Clock()
        self._clock.set(self.seconds)
        self._pace = BLOCK_SECONDS  # seconds an iteration
        self._warned = False
        self._block: Block | None = None
        self._moving = False  # an iteration is being done
        self._held_out: HeldOut | None = None
        if self.validation is not None:
            self._held_out = HeldOut(self.validation, self.config.validate_part, self.config.threads)

    def __repr__(self) -> str:
        return f'<fastrnn.Run: {self.describe()}{", a copy in a fork" if self._lock.in_a_fork else ""}>'

    def describe(self) -> str:
        """What it is and where it stands, in a few words."""
        config, state = self.config, f'iteration {self.iteration:,}'
        if self.horizon.iterations is not None:
            state += f' of {self.horizon.iterations:,}'
        architecture = Architecture.of(config, len(self.corpus.chars))
        return f'{config.engine} engine, {architecture.words}, V={architecture.V}, {state}'

    @property
    def config(self) -> Config:
        """With print_every, validate_every and save_every filled in."""
        return self.plan.config

    @property
    def horizon(self) -> Horizon:
        return self.plan.horizon

    @property
    def over(self) -> bool:
        """Whether the run's end is reached."""
        return self.plan.over(self.iteration, self.seconds, self.figures.worse)

    @property
    def ended_early(self) -> bool:
        """Whether it has lost patience before its end."""
        return not self.horizon.over(self.iteration, self.seconds) and ended_early(self.config, self.figures.worse)

    @property
    def between(self) -> bool:
        """Whether iterations are done whose validation is not."""
        return self._block is not None

    @property
    def model(self) -> Model:
        self._prepare()
        with held(), self._lock:
            self._check_settled()
            params = self.ensure_engine().params
            return Model(params.astype(params.flat.dtype), self.corpus.chars, self.corpus.unit)

    @property
    def best_model(self) -> Model:
        self._prepare()
        with held(), self._lock:
            weights = processes().lead(self._best_weights)  # a kept run's are in a file, which the first one has
            if weights is None:
                return self.model
            return Model(weights.astype(weights.flat.dtype), self.corpus.chars, self.corpus.unit)

    def _best_weights(self) -> Params | None:
        """Those of the lowest validation, where they are others than the present ones."""
        if self.figures.best is None or (self.figures.best_iteration == self.iteration and not self._moving):
            return None
        found = self.best_weights.take(self.figures.best)
        self.best_is_lost = found is None
        return found

    def ensure_engine(self) -> Engine:
        """The one that is there, or a new one."""
        with self._lock:
            if self.engine is None:
                config, ids, V = self.config, self.corpus.ids, len(self.corpus.chars)
                engine = processes().by_host(lambda: make_engine(config, ids, V))  # compiled once on each
                if self.weights is not None:
                    engine.restore(replace(engine.state(), params=self.weights))
                self.engine = engine
            return self.engine

    def state(self) -> TrainState:
        """The state, between two records."""
        self._prepare()
        with held(), self._lock:
            self._check_settled()
            return replace(
                self.ensure_engine().state(),
                iteration=self.iteration,
                seconds=self.seconds,
                halvings=self.halvings,
                **asdict(self.figures),
            )

    def restore(self, state: TrainState) -> None:
        """Go on from a state, also between two records."""
        self._prepare()
        with held(), self._lock:
            self.ensure_engine().restore(state)
            self.iteration, self.seconds = state.iteration, state.seconds
            self.halvings, self.figures, self.best_is_lost = state.halvings, Figures.of(state), False
            self._block, self._moving, self._made, self._error = None, False, None, None
            self._clock.set(state.seconds)
            self._pace = BLOCK_SECONDS

    def close(self) -> None:
        """Let go of threads; weights and state stay, and another loop makes new threads."""
        if self._lock.in_a_fork:  # which has no threads
            return
        with held(), self._lock:
            if self.engine is not None:
                self.engine.close()
            if self._held_out is not None:
                self._held_out.close()

    @property
    def clock(self) -> Clock:
        return self._clock

    def _prepare(self) -> None:
        """The engine, which may have to be compiled: that can be interrupted, and be done again."""
        if self.engine is None:
            with remembered():
                self.ensure_engine()

    def _check_settled(self) -> None:
        """Raise ValueError where an error has left the state between two iterations."""
        if self._moving:
            raise ValueError(f'{NOT_WHOLE}: {self._advice()}')

    def _advice(self) -> str:
        return 'start again; runs that are kept in a folder (fastrnn.start) can be resumed'

    def _step(self) -> Progress | None:
        return self.step()

    def step(self) -> Progress | None:
        """Some iterations, or a part of the validation that is due after them; their record, where it is complete.

        Raises StopIteration when the run is over. Signals must wait meanwhile.
        """
        if self._block is None:
            if self.over:
                self.close()
                raise StopIteration
            self._block = self._train_block()
        if self._block.read_piece():
            return None
        following = self._next_reading(self._block)
        if following is not None:
            self._block.readings.append(following)
            return None
        record = self._complete(self._block)
        self._block = None
        return record

    def _train_block(self) -> Block:
        """Draw the sample that is due, and train until the next stop."""
        engine, n, sample = self.ensure_engine(), self.iteration, None
        stop = self._next_stop()
        processes().together(lambda: engine.fetch(stop - n))  # raises TextLost, before a sample moves the generator
        if self.plan.samples_before(n):
            sample = self._sample(engine)
        losses, rate = self._iterate(engine)
        self._check(losses, n)
        return Block(float(losses[-1]), rate, sample)

    def _next_reading(self, block: Block) -> Reading | None:
        """What is to be read next of the held-out text after a block, if anything.

        That is the text, or the part of it by which models are compared. At the end of a run that compares by a part it
        is then the whole text, by the last model, and by the best one if that is another.
        """
        held_out, params, done = self._held_out, self.ensure_engine().params, len(block.readings)
        if held_out is None or not self.plan.validates_after(self.iteration, self.seconds):
            return None
        if done == 0:
            return held_out.read(params, whole=False)
        bits, at = block.readings[0].bits, (self.iteration, self.seconds)
        if held_out.part is None or not self.plan.over(*at, self.figures.worse_with(bits, self.horizon, *at)):
            return None
        if done == 1:
            return held_out.read(params, whole=True)
        if done == 2 and self.figures.best is not None and not bits < self.figures.best:
            block.best = processes().lead(self._best_weights)
            if block.best is not None and self.figures.best_whole is None:
                return held_out.read(block.best, whole=True)
        return None

    def _complete(self, block: Block) -> Progress:
        """The record of a block."""
        engine, sample, validated, best = self.ensure_engine(), block.sample, None, self.figures.best
        if block.readings:
            validated, best = self._validated(engine, block)
        over = self.over
        if self.plan.samples_after(over):
            sample = self._sample(engine, block)
        record = self.plan.record(
            self.iteration,
            self.seconds,
            loss=block.loss,
            smooth_loss=engine.smooth_loss,
            mean_loss=self._mean_loss(over),
            learning_rate=block.rate,
            sample=sample,
            validated=validated,
            best=best,
            over=over,
        )
        if self.plan.reports_at(self.iteration):
            self.figures.report(self.plan.print_every)
        return record

    def _mean_loss(self, over: bool) -> float:
        if over and not self.plan.gist_reports:
            return self.figures.closing_mean(self.plan.print_every)
        return self.figures.mean_loss

    def _validated(self, engine: Engine, block: Block) -> tuple[Validated, float | None]:
        """Take in the readings of a block: what its record says of them, and the best bits of the same characters.

        Models are compared by their bits of the same characters. At the end of a run that compared by a part, the
        better one of the whole text is the best: the last model, or the one that was the best until then.
        """
        figures, at = self.figures, (self.iteration, self.seconds)
        first, *rest = block.readings
        best = figures.validated(first.bits, self.horizon, *at)
        part = None if self.config.validate_part is None else first.bits
        if rest:
            last = rest[0].bits
            figures.best_whole = last if best else rest[1].bits if len(rest) > 1 else figures.best_whole
            if not best and figures.best_whole is not None and last < figures.best_whole:
                figures.choose(first.bits, self.iteration, last)
                best = True
        if best:
            self.best_weights.keep(engine.params, first.bits)
            self.best_is_lost = False
        reading = block.readings[min(1, len(rest))]
        return Validated(reading.bits, reading.characters, part), figures.best_whole if rest else figures.best

    def _sample(self, engine: Engine, last: Block | None = None) -> str:
        """Drawn by the first process; after the ``last`` block of the best weights, if they are others."""

        def draw() -> str:
            weights = None
            if last is not None and self.figures.best_iteration != self.iteration:
                weights = last.best if len(last.readings) > 1 else self._best_weights()
            return self.corpus.text(engine.sample(self.config.sample_length, *([] if weights is None else [weights])))

        return processes().lead(draw)

    def _next_stop(self) -> int:
        return self.plan.next_stop(self.iteration, self.seconds, self._pace)

    def _iterate(self, engine: Engine) -> tuple[NDArray[np.float64], float]:
        """The iterations until the next stop: their losses, and the last one's learning rate."""
        n, stop = self.iteration, self._next_stop()
        rates = self.horizon.rates(n, stop - n, self.seconds, self._pace) * 0.5**self.halvings
        self._moving, start = True, time.perf_counter()
        losses = engine.run(stop - n, rates)
        pace = max((time.perf_counter() - start) / losses.size, 1e-9)
        self.iteration, (self._pace, self.seconds) = stop, processes().agree((pace, self._clock.seconds))
        self.figures.add(losses)
        self._moving = False
        return losses, float(rates[-1])

    def _check(self, losses: NDArray[np.float64], n: int) -> None:
        """Raise Diverged for losses, from iteration n on, that are not finite; or warn, once, as the gist goes on."""
        warning = check_finite(losses, n, self.config, stop=self.stop_at_divergence)
        if warning is not None and not self._warned:
            warnings.warn(warning, RuntimeWarning, stacklevel=8)
            self._warned = True
