"""How often a run reports, validates and saves: by iterations, never by time.

An interrupted run must report at the same iterations as an uninterrupted one. So the defaults follow from sizes and
from nominal speeds (of two cores of 2021); a machine twice as fast reports twice as often.
"""

import math
from typing import NamedTuple

import numpy as np

from ..inference.evaluate import WARM_UP, parts_of
from ..inference.held_out import WARM_UP as PART_WARM_UP
from ..inference.held_out import spans_in
from ..model.architecture import Architecture
from ..model.state import MOMENTS
from ..settings.options import Settings

GIST_PRINT_EVERY = 100  # iterations
# float32 flops a second when reading a held-out text in one stream, and in four parts or more. Other machines have
# other rates; only the ratio to the rate of training (settings/abilities.py) matters, and it is about the same
STREAM_FLOPS, PARTS_FLOPS = 3.5e10, 8e10
CHARACTER, VALIDATION = 2e-7, 1e-3  # seconds per character, and per validation, for any size
OVERHEAD = 2e-5  # seconds per iteration, for any size
SAVE, SAVE_BYTES = 4e-3, 2e8  # seconds per checkpoint, and bytes a second
SHARE = 0.03  # maximum share of the time: for validations with their checkpoints, and for checkpoints
UNNOTICED = 0.15  # seconds that all validations of a short run may take together
# Minimum number of validations that a run plans: if it ends by time and the machine is half as fast as expected, eight
# remain. For these, a short run may spend more of its time, and each validation of a long text reads only a part.
VALIDATIONS, MOST_SHARE = 20, 0.1
ENOUGH, LEAST_PART = 4000, 2000  # minimum characters of the part: ENOUGH if MOST_SHARE allows; see held_out.py
ENDLESS = 600.0  # seconds: assumed length of a run without an end
REPORT_SECONDS, REPORTS = 1.0, 30  # minimum between two reports; maximum per run
SAVE_SECONDS = 10.0  # minimum between two checkpoints, rounded to a round number of iterations


class Intervals(NamedTuple):
    """Numbers of iterations."""

    print_every: int
    validate_every: int
    save_every: int


def intervals_of(
    settings: Settings, V: int, held_out: int, iterations: int | None, expected: float | None = None
) -> Intervals:
    """The settings' intervals, with defaults for those that are None.

    V: distinct characters; held_out: characters of the held-out text; iterations: of the whole run, if known;
    expected: iterations that this machine is likely to do in the run's time, if measured.
    """
    pace, total = nominal_pace(settings, V), _nominal_total(settings, V, iterations, expected)
    report = max(REPORT_SECONDS, total / REPORTS)  # seconds
    apart, whole = _between_validations(settings, V, held_out, total) if held_out else (report, True)
    if settings.abilities.gist_reports:
        print_every = settings.print_every or GIST_PRINT_EVERY
        validate_every = tidy(apart / pace, nearest=whole)
    else:
        print_every = settings.print_every or round_number(report / pace)
        if settings.print_every is None and (print_every * pace > apart or (not whole and apart < 2 * report)):
            print_every = tidy(apart / pace)
        reports = apart / (print_every * pace)  # validations coincide with reports
        validate_every = max(1, round(reports) if whole else int(reports)) * print_every
    saving = nominal_saving(settings, V)
    save_every = max(round_number(SAVE_SECONDS / pace), math.ceil(saving / SHARE / pace))
    return Intervals(print_every, settings.validate_every or validate_every, settings.save_every or save_every)


def part_of(
    settings: Settings, V: int, held_out: int, every: int, iterations: int | None, expected: float | None = None
) -> int | None:
    """Characters of the held-out text that a validation before the end reads; None: all.

    As many as there is time for if a validation comes ``every`` iterations. A given interval fixes the part, too.
    """
    part = settings.validate_part
    if part is None and settings.validate_every is None and held_out:
        total, between = _nominal_total(settings, V, iterations, expected), every * nominal_pace(settings, V)
        share, saving = _share(total), nominal_saving(settings, V)
        if nominal_validation(settings, V, held_out) + saving > 1.51 * share * between:  # as the interval was rounded
            most = _fits(settings, V, max(MOST_SHARE, share) * between - saving)
            part = max(_fits(settings, V, share * between - saving), min(ENOUGH, most), LEAST_PART)
    return part if part is not None and part < held_out - 1 else None


def _fits(settings: Settings, V: int, seconds: float) -> int:
    """Characters of a part that the nominal machine reads in ``seconds``, in thousands."""
    thousands = 1
    while reading(settings, V, 1000 * thousands, spans_in(1000 * thousands)) < seconds:
        thousands *= 2
    low = thousands // 2
    while thousands - low > 1:
        middle = (low + thousands) // 2
        fits = reading(settings, V, 1000 * middle, spans_in(1000 * middle)) <= seconds
        low, thousands = (middle, thousands) if fits else (low, middle)
    return 1000 * low


def _nominal_total(settings: Settings, V: int, iterations: int | None, expected: float | None) -> float:
    """Seconds of the whole run on the nominal machine; 0: no end."""
    pace = nominal_pace(settings, V)
    ends = [iterations and iterations * pace, expected * pace if expected else settings.time]
    return min((end for end in ends if end), default=0.0)


def _share(total: float) -> float:
    """Maximum share of the time for validations, in a run of ``total`` seconds."""
    return max(SHARE, UNNOTICED / total) if total else SHARE


def _between_validations(settings: Settings, V: int, held_out: int, total: float) -> tuple[float, bool]:
    """Seconds between two validations, and whether each reads the whole text."""
    saving = nominal_saving(settings, V)
    wanted = (total or ENDLESS) / VALIDATIONS
    whole = (nominal_validation(settings, V, held_out) + saving) / _share(total)
    if whole <= wanted * 4 / 3:
        return max(whole, total / REPORTS, 0.0 if total else REPORT_SECONDS), True
    least = reading(settings, V, LEAST_PART, spans_in(LEAST_PART)) + saving
    return max(wanted, min(whole, least / max(MOST_SHARE, _share(total)))), False


def nominal_validation(settings: Settings, V: int, held_out: int) -> float:
    """Seconds of a validation on the nominal machine, including the warm-up of each part."""
    parts = parts_of(held_out - 1)
    return reading(settings, V, held_out, parts, WARM_UP)


def reading(settings: Settings, V: int, characters: int, spans: int, warm_up: int = PART_WARM_UP) -> float:
    """Seconds to read ``characters`` in ``spans`` at once, including the warm-up before each span."""
    read = characters + (warm_up * spans if spans > 1 else 0)
    rate = min(PARTS_FLOPS, STREAM_FLOPS * (1 + spans) / 2)
    slower = 2 if settings.dtype == 'float64' else 1
    return VALIDATION + read * (CHARACTER + Architecture.of(settings, V).forward_flops * slower / rate)


def nominal_saving(settings: Settings, V: int) -> float:
    """Seconds of a checkpoint on the nominal machine."""
    architecture = Architecture.of(settings, V)
    numbers = architecture.parameters * (1 + len(MOMENTS[settings.optimizer])) + math.prod(architecture.rows_shape)
    return SAVE + numbers * np.dtype(settings.dtype).itemsize / SAVE_BYTES


def nominal_pace(settings: Settings, V: int) -> float:
    """Seconds of an iteration on the nominal machine."""
    flops = Architecture.of(settings, V).training_flops * settings.seq_length * settings.streams
    slower = 2 if settings.dtype in settings.abilities.halved_by else 1
    return OVERHEAD + flops * slower / settings.abilities.flops


def round_number(value: float) -> int:
    """The nearest of 1, 2, 5, 10, 20, 50 ... by ratio."""
    value = max(value, 1.0)
    power: int = 10 ** math.floor(math.log10(value))
    return min((power * factor for factor in (1, 2, 5, 10)), key=lambda number: abs(math.log(number / value)))


def tidy(value: float, *, nearest: bool = False) -> int:
    """The largest of 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40 ... up to ``value``, or the nearest by ratio."""
    value = max(value, 1.0)
    power: int = 10 ** math.floor(math.log10(value))
    steps = [int(power * factor) for factor in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)]
    if nearest:
        return min(steps, key=lambda number: abs(math.log(number / value)))
    return max(number for number in steps if number <= value)
