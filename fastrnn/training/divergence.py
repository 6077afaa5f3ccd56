"""Detects divergence: losses that are not finite, or far worse than before."""

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..decision.job import Job
from ..decision.text import Text
from ..engines.engine import Engine
from ..errors import Diverged
from ..inference.evaluate import bits
from ..progress.records import Record
from ..settings.options import bits_per_character

DIVERGED_BY = 1.0  # bits per character above the best
LEARNED = 0.75  # of the bits of guessing; below it, a model has learned something
BEGINNING = 2000  # iterations
PROBE = 2048  # characters of the training text that distinguish divergence from overfitting


def first_bad(losses: NDArray[np.float64]) -> int | None:
    """The index of the first inf or NaN; None if there is none."""
    finite = np.isfinite(losses)
    return None if finite.all() else int(finite.argmin())


def not_finite(losses: NDArray[np.float64], iteration: int, job: Job) -> Diverged:
    """The error for losses with inf or NaN at an iteration."""
    bad, before = first_bad(losses), 'after a finite block'
    if bad:
        before = f'it was {bits_per_character(float(losses[bad - 1]), job.seq_length):.3f} bits per character before'
    happened = f'the loss is inf or NaN at iteration {iteration}'
    cure = f'use a smaller --learning-rate than {job.learning_rate:g}'
    return Diverged(f'{happened}, {before}: {cure}', iteration, happened)


def check_finite(losses: NDArray[np.float64], n: int, job: Job, *, stop: bool) -> str | None:
    """Raise Diverged if a loss from iteration n on is not finite; without ``stop``, return a warning instead."""
    bad = first_bad(losses)
    if bad is None:
        return None
    if stop:
        raise not_finite(losses, n + bad, job)
    return f'the loss is inf or NaN from iteration {n + bad} on'


class Trained(Protocol):
    """What is needed of a run."""

    job: Job
    text: Text
    iteration: int

    @property
    def engine(self) -> Engine: ...


def check_divergence(run: Trained, record: Record) -> None:
    """Raise Diverged if the validation is far worse than before; without validation, the training loss.

    Far worse means DIVERGED_BY bits above the best of a model that has learned. For others it means twice the bits of
    guessing, but only after BEGINNING iterations: the gist's first steps exceed that (190 bits at H=256). If the
    training text is still predicted well, it is overfitting and not divergence.
    """
    chance = math.log2(run.job.V)
    what, value, best = 'training loss', record.smooth_bits_per_character, chance
    if record.validation is not None:
        what, value, best = 'validation', record.validation, record.best or chance
    elif not run.job.abilities.checks_loss:
        return
    limit = math.inf
    if best <= LEARNED * chance:
        limit = best + DIVERGED_BY
    elif run.iteration >= BEGINNING:
        limit = 2 * chance
    worse = not value <= limit
    if worse and record.validation is not None and math.isfinite(value):
        worse = not bits(run.engine.params, run.text.corpus.ids[:PROBE]) <= limit
    if worse or not math.isfinite(value):
        happened = f'the {what} is {value:.3f} bits per character at iteration {record.iteration}'
        rate = run.job.learning_rate
        raise Diverged(f'{happened}: use a smaller --learning-rate than {rate:g}', record.iteration, happened)
