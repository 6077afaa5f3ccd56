"""The training loop, as a generator that yields progress; it prints nothing and touches no files."""

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .config import Config, bits_per_character
from .corpus import Corpus
from .engines import Engine, make_engine

BLOCK_SECONDS = 0.1  # between two records, so that interrupts and displays are not kept waiting


@dataclass(frozen=True)
class Progress:
    """What has happened up to and including one iteration."""

    iteration: int  # n, counted from 0
    loss: float  # of that iteration, in nats, summed over T
    smooth_loss: float  # the gist's running mean of it
    sample: str | None  # drawn just before the iteration, where one was due
    report: bool  # whether the gist prints its line for this iteration
    characters: int  # trained on so far
    seconds: float  # since the start, without compiling
    seq_length: int  # T

    @property
    def bits_per_character(self) -> float:
        """Of the smooth loss."""
        return bits_per_character(self.smooth_loss, self.seq_length)


def train(text: str | Corpus, config: Config | None = None, **options: Any) -> Iterator[Progress]:
    """Train min-char-rnn on a text; yields a :class:`Progress` at every report and sample, and about every 0.1 s.

    Parameters
    ----------
    text : str or Corpus
        The text itself (see :func:`fastrnn.read_text`).
    config : Config, optional
        Or its fields as keywords: ``hidden_size``, ``seq_length``, ``learning_rate``, ``seed``,
        ``iterations``, ``sample_every``, ``sample_length``, ``print_every``, ``engine``, ``threads``.

    Raises
    ------
    ValueError
        At the call, for a text or an option that can't be used.
    Diverged
        While running, when a sample can't be drawn because the weights have become NaN (a ValueError too).
    """
    if config is None:
        config = Config(**options)
    elif options:
        raise ValueError(f'give config or options, not both: {", ".join(options)}')
    corpus = Corpus.of(text) if isinstance(text, str) else text
    config.check_text(corpus.ids.size, len(corpus.chars))
    return _loop(corpus, config)


def _loop(corpus: Corpus, config: Config) -> Iterator[Progress]:
    engine = make_engine(config, corpus.ids, len(corpus.chars))
    try:
        yield from _iterations(engine, corpus, config)
    finally:
        engine.close()


def _iterations(engine: Engine, corpus: Corpus, config: Config) -> Iterator[Progress]:
    n, most, finite = 0, 1, True
    start = time.perf_counter()
    while config.iterations is None or n < config.iterations:
        sample = None
        if n % config.sample_every == 0:
            sample = corpus.text(engine.sample(config.sample_length))
        stop = _next_stop(n, most, config)
        block_start = time.perf_counter()
        losses = engine.run(stop - n)
        now = time.perf_counter()
        most = max(1, int(BLOCK_SECONDS * losses.size / max(now - block_start, 1e-9)))
        n = stop
        if finite and not np.isfinite(losses).all():
            finite = False
            warnings.warn(
                f'the loss is inf or NaN from iteration {n - losses.size + int(np.isfinite(losses).argmin())} on',
                RuntimeWarning,
                stacklevel=3,
            )
        yield Progress(
            iteration=n - 1,
            loss=float(losses[-1]),
            smooth_loss=engine.smooth_loss,
            sample=sample,
            report=(n - 1) % config.print_every == 0,
            characters=n * config.seq_length,
            seconds=now - start,
            seq_length=config.seq_length,
        )


def _next_stop(n: int, most: int, config: Config) -> int:
    """The iteration to halt before: just after the next report, at the next sample, at the end."""
    after_report = -(-n // config.print_every) * config.print_every + 1
    at_sample = (n // config.sample_every + 1) * config.sample_every
    stop = min(after_report, at_sample, n + most)
    return stop if config.iterations is None else min(stop, config.iterations)
