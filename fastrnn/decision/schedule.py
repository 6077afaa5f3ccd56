"""The learning-rate schedule of a run, as a sequence of segments."""

import math
from typing import Any, NamedTuple

from ..settings.checks import check_integer, check_number
from ..settings.options import TABLE

STEPS = (0.5, 0.75, 0.9)  # of a segment: the step schedule divides the rate by 3 at each
FINAL = 0.02  # of the learning rate, at the end of a cosine
DECAY = 0.2  # of the time after the warm-up, in which wsd (warm-up, stable, decay: Hu et al. 2024) falls to 0


class Segment(NamedTuple):
    """A schedule from a start (iteration and seconds) to the first of its ends; after it the rate stays."""

    schedule: str
    first: int
    since: float
    iterations: int | None
    seconds: float | None
    peak: float = 1.0  # factor of the learning rate; early configurations don't have it

    @property
    def ends(self) -> tuple[int | None, float | None]:
        return self.iterations, self.seconds

    def share(self, iteration: int, seconds: float) -> float:
        """Completed share of the segment, from 0 to 1; 0 if it has no end."""
        ways = ((iteration, self.first, self.iterations), (seconds, self.since, self.seconds))
        shares = ((now - begin) / (end - begin) if end else 0.0 for now, begin, end in ways)
        return min(1.0, max(shares))

    def factor(self, warmup: float, iteration: int, seconds: float) -> float:
        """Factor of the learning rate at this time; ``warmup``: the share in which the rate rises."""
        return self.peak * factor(self.schedule, warmup, self.share(iteration, seconds))


def checked(segment: Any) -> Segment:
    """A segment read from a run's files. Raises ValueError if it is invalid."""
    try:
        schedule, first, since, iterations, seconds, peak = Segment(*segment)
        schedule = TABLE['schedule'].kind.check('schedule', schedule)
        first, since, peak = check_integer('segment', first, 0), float(since), check_number('segment', peak, 1.0)
        ends = iterations and check_integer('segment', iterations, 0), seconds and float(seconds)
        if not 0 <= since < math.inf or not 0 <= (ends[1] or 0.0) < math.inf:
            raise ValueError
    except (TypeError, ValueError) as error:
        raise ValueError(f'a segment is {segment}; it must have a schedule, a start and an end') from error
    return Segment(schedule, first, since, ends[0] or None, ends[1] or None, peak)


def cos_pi(x: float) -> float:
    """cos(pi x) for 0 <= x <= 1, to a few units in the last place; the C library's bits differ between machines."""
    y, series = math.pi / 2 * x, 1.0
    for k in range(11, 0, -1):
        series = 1.0 - y * y / (2 * k * (2 * k + 1)) * series
    sine = y * series  # of y
    return 1.0 - 2.0 * sine * sine  # not ``**``: that also calls the C library


def factor(schedule: str, warmup: float, share: float) -> float:
    """Factor of the learning rate at a completed ``share`` of the segment, of which ``warmup`` is its warm-up."""
    if share < warmup:
        return (share + 1e-3) / (warmup + 1e-3)
    share = (share - warmup) / (1 - warmup)
    if schedule == 'cosine':
        return FINAL + (1 - FINAL) * 0.5 * (1 + cos_pi(share))
    if schedule == 'linear':
        return 1 - share
    if schedule == 'wsd':
        return min(1.0, (1 - share) / DECAY)
    if schedule == 'step':
        return float(1 / 3 ** sum(share >= step for step in STEPS))
    return 1.0
