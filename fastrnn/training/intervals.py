"""How often a run reports, validates and saves: by iterations, never by the clock.

An interrupted run has to report where an uninterrupted one does. So the defaults follow from the sizes and from
nominal speeds (those of two cores of 2021); a machine twice as fast reports twice as often.
"""

import math
from typing import NamedTuple

import numpy as np

from ..inference.evaluate import WARM_UP, parts_of
from ..model.architecture import Architecture
from ..model.state import MOMENTS
from ..settings.config import Config

GIST_PRINT_EVERY = 100  # iterations
# flops a second, float32, of a held-out text that is read in one stream, and in four parts or more: beside the rate of
# training (settings/abilities.py), as on another machine all three are others, and their ratios about the same
STREAM_FLOPS, PARTS_FLOPS = 3.5e10, 8e10
CHARACTER, VALIDATION = 2e-7, 1e-3  # seconds of a character, and of a validation, whatever the size
OVERHEAD = 2e-5  # seconds of an iteration, whatever its size
SAVE, SAVE_BYTES = 4e-3, 2e8  # seconds of a checkpoint, and bytes a second
SHARE = 0.03  # of the time, at most: of validations, each with the checkpoint that follows it; and of checkpoints
UNNOTICED = 0.15  # seconds that all validations of a short run may take
REPORT_SECONDS, REPORTS = 1.0, 30  # between two reports, at least; in a run, at most
SAVE_SECONDS = 10.0  # between two checkpoints, to the next round number of iterations; or more


class Intervals(NamedTuple):
    """Iterations between two of each."""

    print_every: int
    validate_every: int
    save_every: int


def intervals_of(config: Config, V: int, held_out: int, iterations: int | None) -> Intervals:
    """The configuration's intervals, filled in where they are None.

    V: distinct characters; held_out: characters of the held-out text; iterations: of the whole run, if known.
    """
    pace, saving = nominal_pace(config, V), nominal_saving(config, V)
    ends = [end for end in (iterations and iterations * pace, config.time) if end]  # seconds
    total = min(ends, default=0.0)
    cost = nominal_validation(config, V, held_out) + saving if held_out else 0.0
    report, least = max(REPORT_SECONDS, total / REPORTS), cost / SHARE  # seconds between two
    if config.abilities.gist_reports:
        print_every = config.print_every or GIST_PRINT_EVERY
        validate_every = round_number(max(report, least) / pace)
    else:
        if held_out and total:  # a short run validates as often as a long one, if it can: its best may come early
            least = cost * total / max(SHARE * total, UNNOTICED)
            report = min(report, max(total / REPORTS, least))
        print_every = config.print_every or round_number(report / pace)
        validate_every = max(1, math.ceil(least / (print_every * pace))) * print_every  # with a report, not between two
    save_every = max(round_number(SAVE_SECONDS / pace), math.ceil(saving / SHARE / pace))
    return Intervals(print_every, config.validate_every or validate_every, config.save_every or save_every)


def nominal_validation(config: Config, V: int, held_out: int) -> float:
    """Seconds of a validation on the nominal machine; a text in parts has characters that are read twice."""
    parts = parts_of(held_out - 1)
    read = held_out + (WARM_UP * parts if parts > 1 else 0)
    rate = min(PARTS_FLOPS, STREAM_FLOPS * (1 + parts) / 2)
    slower = 2 if config.dtype == 'float64' else 1
    return VALIDATION + read * (CHARACTER + Architecture.of(config, V).forward_flops * slower / rate)


def nominal_saving(config: Config, V: int) -> float:
    """Seconds of a checkpoint on the nominal machine."""
    numbers = Architecture.of(config, V).parameters * (1 + len(MOMENTS[config.optimizer]))
    return SAVE + numbers * np.dtype(config.dtype).itemsize / SAVE_BYTES


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
