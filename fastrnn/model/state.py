"""The state of a training run."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .params import Params

MOMENTS = {'adagrad': 'm', 'adam': 'mv'}  # of each optimizer, in the letters of Adam's paper


@dataclass(frozen=True)
class TrainState:
    """All that a run needs, between two iterations, to resume as if it had not stopped; arrays are copies.

    The first half is the engine's, the second the loop's.
    """

    params: Params
    moments: dict[str, Params]  # the optimizer's, by letter
    hidden: NDArray[Any]  # (B, H), each stream's
    position: int  # where in each stream the next window starts
    steps: int  # of the optimizer, which corrects Adam's bias by them
    smooth_loss: float  # nats, summed over T
    rng: dict[str, Any]  # of NumPy's legacy generator: RandomState.get_state(legacy=False)

    iteration: int = 0  # completed iterations
    seconds: float = 0.0  # of training, so far
    halvings: int = 0  # of the learning rate, after divergence
    best: float | None = None  # lowest validation so far, bits per character; of a part of the text, if that is read
    verified: bool = True  # safe for a rollback
    log_lines: int = 0  # records that were logged by then
    loss_sum: float = 0.0  # of the iterations since the last report, nats, summed over T
    losses: int = 0  # how many those are
    worse: int = 0  # validations in a row that were worse than the best, see decision/job.py
    best_iteration: int | None = None  # how many were done at the best validation; None: not known, or there was none
    best_whole: float | None = None  # the best model's bits on the whole held-out text, if only a part is read before
    report_sum: float = 0.0  # loss_sum of the last full report
    report_losses: int = 0  # how many losses that report covered

    @property
    def finite(self) -> bool:
        """True if every number in it is finite."""
        numbers = bool(np.isfinite(self.hidden).all() and np.isfinite(self.smooth_loss))
        return numbers and all(params.finite for params in (self.params, *self.moments.values()))
