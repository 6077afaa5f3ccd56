"""What a run has come to: its losses since the last report, and its best validation; all of it belongs to the state."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..model.state import TrainState
from .patience import count_worse
from .schedule import Horizon


@dataclass
class Figures:
    """By the names of :class:`TrainState`, which says what each is."""

    loss_sum: float = 0.0
    losses: int = 0
    best: float | None = None
    best_iteration: int | None = None
    worse: int = 0

    @classmethod
    def of(cls, state: TrainState) -> 'Figures':
        return cls(**{field.name: getattr(state, field.name) for field in fields(cls)})

    def add(self, losses: NDArray[np.float64]) -> None:
        for loss in losses.tolist():  # in order: no bit may depend on where a block ends, and sum() compensates
            self.loss_sum += loss
        self.losses += losses.size

    @property
    def mean_loss(self) -> float:
        return self.loss_sum / self.losses

    def report(self) -> None:
        """Losses are added up anew from here on."""
        self.loss_sum, self.losses = 0.0, 0

    def validated(self, bits: float, horizon: Horizon, iteration: int, seconds: float) -> bool:
        """Take in a validation after so many iterations and seconds; whether it is the best."""
        self.worse = count_worse(self.worse, bits, self.best, horizon, iteration, seconds)
        if not np.isfinite(bits) or (self.best is not None and bits >= self.best):
            return False
        self.best, self.best_iteration = bits, iteration
        return True
