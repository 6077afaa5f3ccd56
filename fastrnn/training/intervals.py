"""How often a run reports, validates and saves: by iterations, never by the clock.

An interrupted run has to report where an uninterrupted one does. So the defaults follow from the sizes and from
nominal speeds (those of two cores of 2021); a machine twice as fast reports twice as often.
"""

import math
from typing import NamedTuple

from ..model.architecture import Architecture
from ..settings.config import Config

GIST_PRINT_EVERY = 100  # iterations
VALIDATION_FLOPS = 3.5e10  # a second, float32
OVERHEAD = 2e-5  # seconds of an iteration, whatever its size
VALIDATION_SHARE = 0.05  # of the time, at most
REPORT_SECONDS, REPORTS = 1.0, 30  # between two reports, at least; in a run, at most
SAVE_SECONDS = 10.0  # between two checkpoints


class Intervals(NamedTuple):
    """Iterations between two of each."""

    print_every: int
    validate_every: int
    save_every: int


def intervals_of(config: Config, V: int, held_out: int, iterations: int | None) -> Intervals:
    """The configuration's intervals, filled in where they are None.

    V: distinct characters; held_out: characters of the held-out text; iterations: of the whole run, if known.
    """
    pace = nominal_pace(config, V)
    total = iterations * pace if iterations is not None else config.time or 0.0
    slower = 2 if config.dtype == 'float64' else 1
    validation = Architecture.of(config, V).forward_flops * held_out * slower / VALIDATION_FLOPS
    report = max(REPORT_SECONDS, total / REPORTS)
    gist_reports = config.abilities.gist_reports
    print_every = config.print_every or (GIST_PRINT_EVERY if gist_reports else round_number(report / pace))
    validations = round_number(max(report, validation / VALIDATION_SHARE) / pace)
    if not gist_reports:  # with a report, not between two
        validations = max(1, round(validations / print_every)) * print_every
    saves = round_number(SAVE_SECONDS / pace)
    return Intervals(print_every, config.validate_every or validations, config.save_every or saves)


def nominal_pace(config: Config, V: int) -> float:
    """Seconds of an iteration on the nominal machine."""
    flops = Architecture.of(config, V).training_flops * config.seq_length * config.streams
    slower = 2 if config.dtype in config.abilities.halved_by else 1
    return OVERHEAD + flops * slower / config.abilities.flops


def round_number(value: float) -> int:
    """The nearest of 1, 2, 5, 10, 20, 50 ... by ratio."""
    value = max(value, 1.0)
    power: int = 10 ** math.floor(math.log10(value))
    return min((power * factor for factor in (1, 2, 5, 10)), key=lambda number: abs(math.log(number / value)))
