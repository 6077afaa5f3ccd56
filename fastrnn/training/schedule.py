"""When a run ends, and how the learning rate goes until then."""

import math
import warnings
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..settings.config import Config, windows

STEPS = (0.5, 0.75, 0.9)  # of the run, after each of which the step schedule goes on at a third of the rate
FINAL = 0.02  # of the learning rate, at the end of a cosine
DECAY = 0.2  # of what follows the warm-up, in which wsd (warm-up, stable, decay: Hu et al. 2024) falls to 0


def cos_pi(x: float) -> float:
    """cos(pi x) for 0 <= x <= 1, to a few units in the last place; the C library's bits depend on the machine."""
    y, series = math.pi / 2 * x, 1.0
    for k in range(11, 0, -1):
        series = 1.0 - y * y / (2 * k * (2 * k + 1)) * series
    sine = y * series  # of y
    return 1.0 - 2.0 * sine * sine  # no power: that is the C library's, too


class Cycle(NamedTuple):
    """A schedule's way, from an iteration and second to the first of its ends, after which the rate stays."""

    schedule: str
    first: int
    since: float
    iterations: int | None
    seconds: float | None

    def share(self, iteration: int, seconds: float) -> float:
        """How much of it is done, from 0 to 1; 0 where it has no end."""
        ways = ((iteration, self.first, self.iterations), (seconds, self.since, self.seconds))
        shares = ((now - begin) / (end - begin) if end else 0.0 for now, begin, end in ways)
        return min(1.0, max(shares))


class Horizon:
    """The end of a run, by iterations, epochs or time, whichever comes first; and its schedule's, mostly the same."""

    def __init__(self, config: Config, characters: int) -> None:
        self.iterations_per_epoch = windows(characters // config.streams, config.seq_length)
        counts = [config.iterations]
        if config.epochs is not None:
            counts.append(max(1, round(config.epochs * self.iterations_per_epoch)))
        self.iterations = min((count for count in counts if count is not None), default=None)
        self.seconds = config.time
        self._config = config
        first, since, iterations, seconds = config.planned or (0, 0.0, None, None)
        if not iterations and not seconds:
            iterations, seconds = self.ends
        self.cycles = [Cycle(*cycle) for cycle in config.earlier]  # one after the other
        self.cycles.append(Cycle(config.schedule, first, since, iterations, seconds))

    @property
    def ends(self) -> tuple[int | None, float | None]:
        return self.iterations, self.seconds

    @property
    def cycle(self) -> Cycle:
        """The last one."""
        return self.cycles[-1]

    @property
    def cycle_end(self) -> str:
        """Where the last cycle ends, as it was asked for: such as 'iteration 1,000', or '60 s or 26 epochs'.

        Iterations that are whole epochs were asked for as these, unless the configuration says otherwise.
        """
        iterations, seconds = self.cycle.iterations, self.cycle.seconds
        places = [f'{seconds:g} s'] if seconds else []
        if iterations and iterations != self._config.iterations:
            epochs = round(iterations / self.iterations_per_epoch)
            if iterations == self.iterations and self._config.epochs is not None:
                places.append(f'{self._config.epochs:g} epochs')
            elif iterations == epochs * self.iterations_per_epoch:
                places.append(f'{epochs:,} epochs')
            else:
                places.append(f'iteration {iterations:,}')
        elif iterations:
            places.insert(0, f'iteration {iterations:,}')
        return ' or '.join(places)

    def share(self, iteration: int, seconds: float) -> float:
        """How much of the run is done, from 0 to 1; 0 where it has no end."""
        return Cycle('constant', 0, 0.0, *self.ends).share(iteration, seconds)

    def over(self, iteration: int, seconds: float) -> bool:
        by_count = self.iterations is not None and iteration >= self.iterations
        return by_count or (self.seconds is not None and seconds >= self.seconds)

    def rates(self, iteration: int, count: int, seconds: float, pace: float) -> NDArray[np.float64]:
        """Learning rates of the next ``count`` iterations, at ``pace`` seconds each."""
        return np.array([self._rate(iteration + k, seconds + k * pace) for k in range(count)])

    def _rate(self, iteration: int, seconds: float) -> float:
        """Where a run went back to before its last cycle, it is the rate of that time."""
        cycle = next((cycle for cycle in reversed(self.cycles) if cycle.first <= iteration), self.cycles[0])
        return self._config.learning_rate * self._factor(cycle.schedule, cycle.share(iteration, seconds))

    @property
    def last_rate(self) -> float:
        """The learning rate at the schedule's end, and from there on."""
        return self._config.learning_rate * self._factor(self._config.schedule, 1.0)

    def _factor(self, schedule: str, share: float) -> float:
        warmup = self._config.warmup
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


def with_planned_schedule(before: Config, after: Config, characters: int, halvings: int) -> Config:
    """``after``, the configuration of the same run with another end: the schedule stays as it was planned before.

    Warns of what becomes of the learning rate, where it has a schedule; halvings: how often it was rolled back.
    """
    then, now = Horizon(before, characters), Horizon(after, characters)
    if then.ends == now.ends or (before.schedule == 'constant' and not before.warmup):
        return after
    schedule, first, since, *planned = then.cycle
    ends = zip(planned, now.ends, strict=True)
    if all(new is not None and new < end for end, new in ends if end is not None):
        becomes = ', though the run ends before'
    else:
        becomes = f', and stays at {then.last_rate * 0.5**halvings:.3g} from there on'
    warnings.warn(
        f'the learning rate keeps to its schedule until {then.cycle_end}, as planned{becomes}; '
        f'for a new cycle to the new end add --schedule {schedule}',
        RuntimeWarning,
        stacklevel=5,
    )
    return replace(after, planned=(first, since, then.cycle.iterations, then.cycle.seconds))


def with_new_cycle(before: Config, after: Config, characters: int, iteration: int, seconds: float) -> Config:
    """``after``, with its schedule from here to its end; the same command a second time begins no second cycle."""
    then, now = Horizon(before, characters), Horizon(after, characters)
    under_way = now.ends == then.ends == then.cycle[3:] and then.cycle.first <= iteration
    if under_way and after.schedule == before.schedule:
        return after
    earlier = tuple(cycle for cycle in then.cycles if cycle.first < iteration)
    return replace(after, planned=(iteration, seconds, None, None), earlier=earlier)
