"""When a run ends, and how the learning rate goes until then."""

import math

import numpy as np
from numpy.typing import NDArray

from .config import Config, windows

STEPS = (0.5, 0.75, 0.9)  # of the run, after each of which the step schedule goes on at a third of the rate
FINAL = 0.02  # of the learning rate, at the end of a cosine


class Horizon:
    """The end of a run, by iterations, epochs or time, whichever comes first."""

    def __init__(self, config: Config, characters: int) -> None:
        self.iterations_per_epoch = windows(characters // config.streams, config.seq_length)
        ends = [config.iterations]
        if config.epochs is not None:
            ends.append(max(1, round(config.epochs * self.iterations_per_epoch)))
        self.iterations = min((end for end in ends if end is not None), default=None)
        self.seconds = config.time
        self._config = config

    def share(self, iteration: int, seconds: float) -> float:
        """How much of the run is done, from 0 to 1; 0 where it has no end."""
        by_count = iteration / self.iterations if self.iterations else 0.0
        by_time = seconds / self.seconds if self.seconds else 0.0
        return min(1.0, max(by_count, by_time))

    def over(self, iteration: int, seconds: float) -> bool:
        by_count = self.iterations is not None and iteration >= self.iterations
        return by_count or (self.seconds is not None and seconds >= self.seconds)

    def rates(self, iteration: int, count: int, seconds: float, pace: float) -> NDArray[np.float64]:
        """Learning rates of the next ``count`` iterations, at ``pace`` seconds each."""
        shares = [self.share(iteration + k, seconds + k * pace) for k in range(count)]
        return np.array([self._config.learning_rate * self._factor(share) for share in shares])

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
