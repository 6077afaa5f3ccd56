"""When a run ends, and how the learning rate goes until then."""

import math
import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .config import Config, windows

STEPS = (0.5, 0.75, 0.9)  # of the run, after each of which the step schedule goes on at a third of the rate
FINAL = 0.02  # of the learning rate, at the end of a cosine


class Horizon:
    """The end of a run, by iterations, epochs or time, whichever comes first; and of its schedule, mostly the same."""

    def __init__(self, config: Config, characters: int) -> None:
        self.iterations_per_epoch = windows(characters // config.streams, config.seq_length)
        counts = [config.iterations]
        if config.epochs is not None:
            counts.append(max(1, round(config.epochs * self.iterations_per_epoch)))
        self.iterations = min((count for count in counts if count is not None), default=None)
        self.seconds = config.time
        self._config = config
        self._begun: tuple[int, float] = (0, 0.0)
        self.schedule_ends = self.iterations, self.seconds
        if config.planned is not None:
            self._begun = config.planned[:2]
            if any(config.planned[2:]):
                self.schedule_ends = config.planned[2:]

    def share(self, iteration: int, seconds: float) -> float:
        """How much of the run is done, from 0 to 1; 0 where it has no end."""
        return _share(iteration, seconds, (0, 0.0), (self.iterations, self.seconds))

    def over(self, iteration: int, seconds: float) -> bool:
        by_count = self.iterations is not None and iteration >= self.iterations
        return by_count or (self.seconds is not None and seconds >= self.seconds)

    def rates(self, iteration: int, count: int, seconds: float, pace: float) -> NDArray[np.float64]:
        """Learning rates of the next ``count`` iterations, at ``pace`` seconds each."""
        steps = ((iteration + k, seconds + k * pace) for k in range(count))
        shares = [_share(*step, self._begun, self.schedule_ends) for step in steps]
        return np.array([self._config.learning_rate * self._factor(share) for share in shares])

    @property
    def last_rate(self) -> float:
        """The learning rate at the schedule's end, and from there on."""
        return self._config.learning_rate * self._factor(1.0)

    def _factor(self, share: float) -> float:
        warmup, schedule = self._config.warmup, self._config.schedule
        if share < warmup:
            return (share + 1e-3) / (warmup + 1e-3)
        share = (share - warmup) / (1 - warmup)
        if schedule == 'cosine':
            return FINAL + (1 - FINAL) * 0.5 * (1 + math.cos(math.pi * share))
        if schedule == 'step':
            return float((1 / 3) ** sum(share >= step for step in STEPS))
        return 1.0


def _share(iteration: int, seconds: float, begun: tuple[int, float], ends: tuple[int | None, float | None]) -> float:
    """How much is done of what goes from ``begun`` to the first of ``ends``, in iterations and seconds."""
    by_count = (iteration - begun[0]) / (ends[0] - begun[0]) if ends[0] else 0.0
    by_time = (seconds - begun[1]) / (ends[1] - begun[1]) if ends[1] else 0.0
    return min(1.0, max(by_count, by_time))


def with_planned_schedule(before: Config, after: Config, characters: int) -> Config:
    """``after``, the configuration of the same run with another end: the schedule stays as it was planned before.

    Warns of what becomes of the learning rate, where it has a schedule.
    """
    then, now = Horizon(before, characters), Horizon(after, characters)
    if (then.iterations, then.seconds) == (now.iterations, now.seconds):
        return after
    if before.schedule == 'constant' and not before.warmup:
        return after
    first, since = (0, 0.0) if before.planned is None else before.planned[:2]
    iterations, seconds = then.schedule_ends
    places = [f'iteration {iterations:,}'] if iterations else []
    places += [f'{seconds:g} s'] if seconds else []
    warnings.warn(
        f'the learning rate keeps to its schedule until {" or ".join(places)}, as planned, and stays at '
        f'{then.last_rate:.3g} from there on; for a new cycle to the new end add --schedule {before.schedule}',
        RuntimeWarning,
        stacklevel=4,
    )
    return replace(after, planned=(first, since, iterations, seconds))
