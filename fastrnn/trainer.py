"""The training loop, as a generator that yields progress; it prints nothing and touches no files."""

import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .config import Config, bits_per_character
from .corpus import Corpus
from .engines import Engine, make_engine
from .errors import Diverged
from .evaluation import bits
from .ids import as_ids
from .intervals import with_intervals
from .model import Params, TrainState
from .records import Progress
from .schedule import Horizon
from .stored import Ids

BLOCK_SECONDS = 0.1  # between two records, so that interrupts and displays are not kept waiting


def train(
    text: str | Corpus, config: Config | None = None, *, validation: Ids | None = None, **options: Any
) -> Iterator[Progress]:
    """Train on a text; yields a :class:`Progress` at every report and sample, and about every 0.1 s.

    Parameters
    ----------
    text : str or Corpus
        The text itself (see :func:`fastrnn.read_text`).
    config : Config, optional
        Or its fields as keywords, for example ``hidden_size=200, seed=0, iterations=1000``. The defaults are
        min-char-rnn's; see :func:`fastrnn.preset` for others.
    validation : ndarray of character numbers, optional
        Held-out text, evaluated whole every ``validate_every`` iterations (by default so that it takes a twentieth
        of the time at most), and at the end.

    Raises
    ------
    ValueError
        At the call, for a text or an option that can't be used.
    Diverged
        While running (a ValueError too): the fast engine's loss has become inf or NaN; or, as in the gist, a sample
        can't be drawn because the exact engine's weights have become NaN.
    """
    return Run(text, config, validation=validation, **options).records()


class Run:
    """A run and its engine, for those who need the weights too, or want to go on from a state.

    ``weights`` are those to start from, in place of random ones.
    """

    def __init__(
        self,
        text: str | Corpus,
        config: Config | None = None,
        *,
        validation: Ids | None = None,
        weights: Params | None = None,
        **options: Any,
    ) -> None:
        if config is None:
            config = Config(**options)
        elif options:
            raise ValueError(f'give config or options, not both: {", ".join(options)}')
        self.corpus = Corpus.of(text) if isinstance(text, str) else text
        V, n = len(self.corpus.chars), self.corpus.ids.size
        self.validation = None if validation is None else as_ids(validation, V, 'validation')
        try:
            config.check_text(n, V)
        except ValueError:
            self.corpus.discard()
            raise
        if self.validation is not None and self.validation.size < 2:
            raise ValueError('the held-out text has one character: take one with at least two')
        self.horizon = Horizon(config, n)
        held_out = 0 if self.validation is None else self.validation.size
        self.config = with_intervals(config, V, held_out, self.horizon.iterations)
        self.weights = weights
        self.stop_at_divergence = config.engine == 'fast'  # the gist goes on with NaN
        self.engine: Engine | None = None
        self.iteration, self.seconds, self.halvings = 0, 0.0, 0
        self.best: float | None = None
        self._started, self._pace = 0.0, BLOCK_SECONDS  # of the clock; seconds an iteration
        self._warned = False

    @property
    def over(self) -> bool:
        """Whether the run's end is reached."""
        return self.horizon.over(self.iteration, self.seconds)

    def start(self) -> Engine:
        """Make the engine, or return the one that is there."""
        if self.engine is None:
            self.engine = make_engine(self.config, self.corpus.ids, len(self.corpus.chars))
            if self.weights is not None:
                self.engine.restore(replace(self.engine.state(), params=self.weights))
        return self.engine

    def state(self) -> TrainState:
        """The state, between two records."""
        return replace(
            self.start().state(),
            iteration=self.iteration,
            seconds=self.seconds,
            halvings=self.halvings,
            best=self.best,
        )

    def restore(self, state: TrainState) -> None:
        """Go on from a state, also between two records."""
        self.start().restore(state)
        self.iteration, self.seconds = state.iteration, state.seconds
        self.halvings, self.best = state.halvings, state.best

    def records(self) -> Iterator[Progress]:
        """Train to the end."""
        self.start()
        try:
            yield from self.loop()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of threads; weights and state stay."""
        if self.engine is not None:
            self.engine.close()

    def loop(self) -> Iterator[Progress]:
        """Train from the present state on, to the end."""
        engine, config, gist = self.start(), self.config, self.config.engine != 'fast'
        self._started, self._pace = time.perf_counter() - self.seconds, BLOCK_SECONDS
        while not self.over:
            n, sample = self.iteration, None
            engine.fetch(self._next_stop() - n)  # raises TextLost, before a sample moves the generator
            if gist and n % config.sample_every == 0:
                sample = self.corpus.text(engine.sample(config.sample_length))
            losses, rate = self._train_block(engine)
            self._check(losses, n)
            due = self.over or self.iteration % (config.validate_every or self.iteration) == 0
            validation = self._validate(engine) if due else None
            if self.over and not gist and config.sample_length:
                sample = self.corpus.text(engine.sample(config.sample_length))
            every = config.print_every or self.iteration
            report = (self.iteration - 1) % every == 0 if gist else due or self.iteration % every == 0
            yield self._record(float(losses[-1]), rate, sample, validation, report)

    def _train_block(self, engine: Engine) -> tuple[NDArray[np.float64], float]:
        """The iterations until the next stop: their losses, and the last one's learning rate."""
        n, stop = self.iteration, self._next_stop()
        rates = self.horizon.rates(n, stop - n, self.seconds, self._pace) * 0.5**self.halvings
        start = time.perf_counter()
        losses = engine.run(stop - n, rates)
        now = time.perf_counter()
        self._pace, self.seconds, self.iteration = max((now - start) / losses.size, 1e-9), now - self._started, stop
        return losses, float(rates[-1])

    def _check(self, losses: NDArray[np.float64], n: int) -> None:
        """Raise Diverged for losses, from iteration n on, that are not finite; or warn, once, as the gist goes on."""
        if np.isfinite(losses).all():
            return
        first = n + int(np.isfinite(losses).argmin())
        if self.stop_at_divergence:
            raise Diverged(self._diverged(first, losses), first, f'the loss is inf or NaN at iteration {first}')
        if not self._warned:
            warnings.warn(f'the loss is inf or NaN from iteration {first} on', RuntimeWarning, stacklevel=4)
        self._warned = True

    def _record(self, loss: float, rate: float, sample: str | None, validation: float | None, report: bool) -> Progress:
        config, n = self.config, self.iteration
        return Progress(
            iteration=n - 1,
            loss=loss,
            smooth_loss=self.start().smooth_loss,
            sample=sample,
            report=report,
            characters=n * config.seq_length * config.streams,
            seconds=self.seconds,
            seq_length=config.seq_length,
            epoch=n / self.horizon.iterations_per_epoch,
            learning_rate=rate,
            validation=validation,
            best=self.best,
            share=self.horizon.share(n, self.seconds),
            last=self.over,
        )

    def _validate(self, engine: Engine) -> float | None:
        """Bits per character of the whole held-out text, if there is one."""
        if self.validation is None:
            return None
        found = bits(engine.params, self.validation)
        if np.isfinite(found) and (self.best is None or found < self.best):
            self.best = found
        return found

    def _next_stop(self) -> int:
        """The iteration to halt before: after the next report, at the next sample, validation or checkpoint, the end.

        Where a block ends changes no bit.
        """
        config, n = self.config, self.iteration
        stop = n + max(1, int(BLOCK_SECONDS / self._pace))
        every = [config.validate_every, config.save_every]
        if config.engine == 'fast':
            every.append(config.print_every)
        else:
            print_every = config.print_every or 1
            stop = min(stop, -(-n // print_every) * print_every + 1)
            every.append(config.sample_every)
            if n % config.sample_every == 0:
                stop = n + 1  # the record of a sample is its iteration's
        stop = min(stop, *((n // step + 1) * step for step in every if step))
        if self.horizon.seconds is not None:
            stop = min(stop, n + max(1, round((self.horizon.seconds - self.seconds) / self._pace)))
        return stop if self.horizon.iterations is None else min(stop, self.horizon.iterations)

    def _diverged(self, first: int, losses: NDArray[np.float64]) -> str:
        finite = losses[np.isfinite(losses)]
        bits = bits_per_character(float(finite[-1]), self.config.seq_length) if finite.size else None
        before = f'it was {bits:.3f} bits per character before' if bits is not None else 'after a finite block'
        rate = self.config.learning_rate
        return f'the loss is inf or NaN at iteration {first}, {before}: take a smaller --learning-rate than {rate:g}'
