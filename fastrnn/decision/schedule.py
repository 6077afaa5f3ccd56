"""How the learning rate goes over a run: its segments, one after the other."""

import math
from typing import Any, NamedTuple

from ..settings.checks import check_integer, check_number
from ..settings.options import TABLE

STEPS = (0.5, 0.75, 0.9)  # of a segment, after each of which the step schedule goes on at a third of the rate
FINAL = 0.02  # of the learning rate, at the end of a cosine
DECAY = 0.2  # of what follows the warm-up, in which wsd (warm-up, stable, decay: Hu et al. 2024) falls to 0


class Segment(NamedTuple):
    """A schedule's way, from an iteration and second to the first of its ends, after which the rate stays."""

    schedule: str
    first: int
    since: float
    iterations: int | None
    seconds: float | None
    peak: float = 1.0  # of the learning rate; configurations of commit 3089190 and before have none

    @property
    def ends(self) -> tuple[int | None, float | None]:
        return self.iterations, self.seconds

    def share(self, iteration: int, seconds: float) -> float:
        """How much of it is done, from 0 to 1; 0 where it has no end."""
        ways = ((iteration, self.first, self.iterations), (seconds, self.since, self.seconds))
        shares = ((now - begin) / (end - begin) if end else 0.0 for now, begin, end in ways)
        return min(1.0, max(shares))

    def factor(self, warmup: float, iteration: int, seconds: float) -> float:
        """Of the learning rate, then; ``warmup``: the share of it in which the rate rises."""
        return self.peak * factor(self.schedule, warmup, self.share(iteration, seconds))


def checked(segment: Any) -> Segment:
    """One as it comes from a run's files. Raises ValueError where it is none."""
    try:
        schedule, first, since, iterations, seconds, peak = Segment(*segment)
        schedule = TABLE['schedule'].kind.check('schedule', schedule)
        first, since, peak = check_integer('segment', first, 0), float(since), check_number('segment', peak, 1.0)
        ends = iterations and check_integer('segment', iterations, 0), seconds and float(seconds)
        if not 0 <= since < math.inf or not 0 <= (ends[1] or 0.0) < math.inf:
            raise ValueError
    except (TypeError, ValueError) as error:
        raise ValueError(f'a segment is {segment}; it must be a schedule with its start and its end') from error
    return Segment(schedule, first, since, ends[0] or None, ends[1] or None, peak)


def cos_pi(x: float) -> float:
    """cos(pi x) for 0 <= x <= 1, to a few units in the last place; the C library's bits depend on the machine."""
    y, series = math.pi / 2 * x, 1.0
    for k in range(11, 0, -1):
        series = 1.0 - y * y / (2 * k * (2 * k + 1)) * series
    sine = y * series  # of y
    return 1.0 - 2.0 * sine * sine  # no power: that is the C library's, too


def factor(schedule: str, warmup: float, share: float) -> float:
    """Of the learning rate, where a share of the segment is done, of which ``warmup`` is its warm-up."""
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
