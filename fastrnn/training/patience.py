"""When a run ends before its end: its held-out bits have long stopped falling."""

from ..settings.config import Config
from .schedule import Horizon

MARGIN = 0.01  # of the best: a validation that is worse by less counts as no sign of overfitting
BEGINNING = 0.1  # of the run, in which nothing is counted


def count_worse(
    worse: int, validation: float, best: float | None, horizon: Horizon, iteration: int, seconds: float
) -> int:
    """How many validations in a row, this one the last, were clearly worse than the best.

    One that comes near the best begins the count anew. So a run that stays on a plateau as long as its learning rate is
    high goes on, and finds its new bests where the rate falls; so does one whose validations only scatter. Overfitting
    goes past any margin, and stays there. In the first tenth of a run, the warm-up's, nothing is counted.
    """
    begins = bool(horizon.iterations or horizon.seconds) and horizon.share(iteration, seconds) < BEGINNING
    return 0 if best is None or begins or validation < best * (1 + MARGIN) else worse + 1


def ended_early(config: Config, worse: int) -> bool:
    """Whether patience is lost after so many."""
    return config.patience is not None and worse >= config.patience
