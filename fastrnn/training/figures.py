"""A run's losses since the last report, and its best validation; all part of the state."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..decision.job import Job
from ..model.state import TrainState


@dataclass
class Figures:
    """Fields with the names of ``TrainState``, which documents them."""

    loss_sum: float = 0.0
    losses: int = 0
    best: float | None = None
    best_iteration: int | None = None
    worse: int = 0
    best_whole: float | None = None
    report_sum: float = 0.0
    report_losses: int = 0

    @classmethod
    def of(cls, state: TrainState) -> 'Figures':
        return cls(**{field.name: getattr(state, field.name) for field in fields(cls)})

    def add(self, losses: NDArray[np.float64]) -> None:
        for loss in losses.tolist():  # one by one: bits must not depend on block ends, and sum() compensates
            self.loss_sum += loss
        self.losses += losses.size

    @property
    def mean_loss(self) -> float:
        """Mean since the last report."""
        return self.loss_sum / self.losses

    def closing_mean(self, print_every: int) -> float:
        """The last report's mean. Less than half an interval is too short, and joins the report before."""
        if self._short(print_every) and self.report_losses:
            return (self.report_sum + self.loss_sum) / (self.report_losses + self.losses)
        return self.mean_loss

    def report(self, print_every: int) -> None:
        """Start a new sum of losses."""
        if not self._short(print_every):
            self.report_sum, self.report_losses = 0.0, 0
        self.report_sum, self.report_losses = self.report_sum + self.loss_sum, self.report_losses + self.losses
        self.loss_sum, self.losses = 0.0, 0

    def _short(self, print_every: int) -> bool:
        return 2 * self.losses < print_every

    def worse_with(self, bits: float, job: Job, iteration: int, seconds: float) -> int:
        """The number of consecutive validations worse than the best, including this one."""
        return job.count_worse(self.worse, bits, self.best, iteration, seconds)

    def validated(self, bits: float, job: Job, iteration: int, seconds: float) -> bool:
        """Record a validation at this iteration and time; True if it is the best."""
        self.worse = self.worse_with(bits, job, iteration, seconds)
        if not np.isfinite(bits) or (self.best is not None and bits >= self.best):
            return False
        self.choose(bits, iteration)
        return True

    def choose(self, bits: float, iteration: int, whole: float | None = None) -> None:
        """Make this iteration's model the best: ``bits`` comparable to all validations, ``whole`` of the whole text."""
        self.best, self.best_iteration, self.best_whole = bits, iteration, whole
