"""Whether a training has left the rails: diverged, though its numbers are finite."""

import math

from ..errors import Diverged
from ..inference.evaluate import bits
from ..progress.records import Progress
from .loop import Run

OFF_THE_RAILS = 1.0  # bits per character above the best
LEARNED = 0.75  # of the bits of guessing: a model that has learned something
BEGINNING = 2000  # iterations
PROBE = 2048  # characters of the training text that tell divergence from overfitting


def check_rails(run: Run, record: Progress) -> None:
    """Raise Diverged where the validation (without one, the fast engine's training loss) has left the rails.

    That is: from a model that has learned, to worse than its best by far; or to far worse than guessing when
    the beginning is over, since the gist's own first steps lead there and back (190 bits at H=256). Of a
    validation, the training text is asked too: where that is still predicted well, it is overfitting.
    """
    chance = math.log2(len(run.corpus.chars))
    what, value, best = 'training loss', record.bits_per_character, chance
    if record.validation is not None:
        what, value, best = 'validation', record.validation, record.best or chance
    elif run.config.engine != 'fast':
        return  # as it likes: its losses are the reference's
    limit = math.inf
    if best <= LEARNED * chance:
        limit = best + OFF_THE_RAILS
    elif run.iteration >= BEGINNING:
        limit = 2 * chance
    off = not value <= limit
    if off and record.validation is not None and math.isfinite(value):
        off = not bits(run.start().params, run.corpus.ids[:PROBE]) <= limit
    if off or not math.isfinite(value):
        happened = f'the {what} is {value:.3f} bits per character at iteration {record.iteration}'
        rate = run.config.learning_rate
        raise Diverged(f'{happened}: take a smaller --learning-rate than {rate:g}', record.iteration, happened)
