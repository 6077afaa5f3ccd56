"""The training loop, as a generator that yields progress; it prints nothing and touches no files."""

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .config import Config, bits_per_character
from .corpus import Corpus
from .engines import Engine, make_engine
from .errors import Diverged
from .evaluation import nats
from .schedule import Horizon

BLOCK_SECONDS = 0.1  # between two records, so that interrupts and displays are not kept waiting
VALIDATION_SHARE = 0.05  # of the time, at most
VALIDATION_SECONDS = 1.0  # between two validations, at least
VALIDATION_PROBE = 5000  # characters by which the time of a validation is estimated
RELEASE_EVERY = 1 << 25  # characters read, after which mapped pages of the text are given back


@dataclass(frozen=True)
class Progress:
    """What has happened up to and including one iteration."""

    iteration: int  # n, counted from 0
    loss: float  # of that iteration, in nats, summed over T, averaged over streams
    smooth_loss: float  # its running mean: the gist's, of the last 1000 iterations or so
    sample: str | None  # drawn just before the iteration, where one was due
    report: bool  # whether a line is due for this iteration
    characters: int  # trained on so far
    seconds: float  # since the start, without compiling
    seq_length: int  # T
    epoch: float = 0.0  # passes over the text
    learning_rate: float = 0.0
    validation: float | None = None  # bits per character of the held-out text, where it was evaluated
    share: float = 0.0  # of the run, where it has an end
    last: bool = False

    @property
    def bits_per_character(self) -> float:
        """Of the smooth loss."""
        return bits_per_character(self.smooth_loss, self.seq_length)


def train(
    text: str | Corpus, config: Config | None = None, *, validation: NDArray[Any] | None = None, **options: Any
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
        Held-out text, evaluated whole at intervals (a twentieth of the time at most), and at the end.

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
    """A run and its engine, for those who need the weights too."""

    def __init__(
        self,
        text: str | Corpus,
        config: Config | None = None,
        *,
        validation: NDArray[Any] | None = None,
        **options: Any,
    ) -> None:
        if config is None:
            config = Config(**options)
        elif options:
            raise ValueError(f'give config or options, not both: {", ".join(options)}')
        self.config = config
        self.corpus = Corpus.of(text) if isinstance(text, str) else text
        self.validation = validation
        config.check_text(self.corpus.ids.size, len(self.corpus.chars))
        self.horizon = Horizon(config, self.corpus.ids.size)
        self.engine: Engine | None = None

    def records(self) -> Iterator[Progress]:
        """Train, from the start."""
        self.engine = make_engine(self.config, self.corpus.ids, len(self.corpus.chars))
        try:
            yield from self._loop(self.engine)
        finally:
            self.engine.close()

    def _loop(self, engine: Engine) -> Iterator[Progress]:
        config, horizon, gist = self.config, self.horizon, self.config.engine != 'fast'
        n, pace, warned = 0, BLOCK_SECONDS, False
        start = time.perf_counter()
        validator = Validator(engine, self.validation)
        seconds, read = 0.0, 0
        while not horizon.over(n, seconds):
            sample = None
            if gist and n % config.sample_every == 0:
                sample = self.corpus.text(engine.sample(config.sample_length))
            stop = self._next_stop(n, max(1, int(BLOCK_SECONDS / pace)), seconds, pace)
            rates = horizon.rates(n, stop - n, seconds, pace)
            block_start = time.perf_counter()
            losses = engine.run(stop - n, rates)
            now = time.perf_counter()
            pace, seconds = max((now - block_start) / losses.size, 1e-9), now - start
            if not np.isfinite(losses).all():
                first = n + int(np.isfinite(losses).argmin())
                if not gist:
                    raise Diverged(self._diverged(first, losses, engine))
                if not warned:
                    warnings.warn(f'the loss is inf or NaN from iteration {first} on', RuntimeWarning, stacklevel=3)
                warned = True
            read += (stop - n) * config.seq_length * config.streams
            if read > RELEASE_EVERY:
                read = 0
                self.corpus.release()
            n = stop
            last = horizon.over(n, seconds)
            validation = validator.due(seconds, last)
            if last and not gist and config.sample_length:
                sample = self.corpus.text(engine.sample(config.sample_length))
            yield Progress(
                iteration=n - 1,
                loss=float(losses[-1]),
                smooth_loss=engine.smooth_loss,
                sample=sample,
                report=(n - 1) % config.print_every == 0 if gist else last or validation is not None,
                characters=n * config.seq_length * config.streams,
                seconds=seconds,
                seq_length=config.seq_length,
                epoch=n / horizon.iterations_per_epoch,
                learning_rate=float(rates[-1]),
                validation=validation,
                share=horizon.share(n, seconds),
                last=last,
            )

    def _next_stop(self, n: int, most: int, seconds: float, pace: float) -> int:
        """The iteration to halt before: just after the next report, at the next sample, at the end."""
        config, stop = self.config, n + most
        if config.engine != 'fast':
            after_report = -(-n // config.print_every) * config.print_every + 1
            at_sample = (n // config.sample_every + 1) * config.sample_every
            stop = min(stop, after_report, at_sample)
        if self.horizon.seconds is not None:
            stop = min(stop, n + max(1, round((self.horizon.seconds - seconds) / pace)))
        return stop if self.horizon.iterations is None else min(stop, self.horizon.iterations)

    def _diverged(self, first: int, losses: NDArray[np.float64], engine: Engine) -> str:
        finite = losses[np.isfinite(losses)]
        bits = bits_per_character(float(finite[-1]), self.config.seq_length) if finite.size else None
        before = f'it was {bits:.3f} bits per character before' if bits is not None else 'after a finite block'
        rate = self.config.learning_rate
        return f'the loss is inf or NaN at iteration {first}, {before}: take a smaller --learning-rate than {rate:g}'


class Validator:
    """Evaluates the held-out text when it is time to."""

    def __init__(self, engine: Engine, ids: NDArray[Any] | None) -> None:
        self._engine, self._ids = engine, ids
        self._next = VALIDATION_SECONDS
        self._cost = 0.0  # seconds of a validation, as known

    def due(self, seconds: float, last: bool) -> float | None:
        """Bits per character of the whole held-out text, if it is time for them: at the end it always is."""
        if self._ids is None or not (last or seconds >= self._next):
            return None
        if not last and not self._cost:
            self._cost = self._estimate(self._ids)
            self._next = max(self._next, self._cost / VALIDATION_SHARE)
            if seconds < self._next:
                return None
        start = time.perf_counter()
        bits = bits_per_character(float(nats(self._engine.params, self._ids).sum()), self._ids.size - 1)
        self._cost = time.perf_counter() - start
        self._next = seconds + max(VALIDATION_SECONDS, self._cost / VALIDATION_SHARE)
        return bits

    def _estimate(self, ids: NDArray[Any]) -> float:
        """Seconds that a validation will take, by its first part (the first of all also compiles)."""
        part = ids[: min(ids.size, VALIDATION_PROBE)]
        nats(self._engine.params, part[:2])
        start = time.perf_counter()
        nats(self._engine.params, part)
        return (time.perf_counter() - start) * ids.size / part.size
