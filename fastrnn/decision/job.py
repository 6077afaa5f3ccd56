"""What was decided about a run: every setting has a value, and every decision a reason."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..model.architecture import Architecture
from ..settings.checks import check_integer, check_number
from ..settings.options import Settings
from ..settings.passes import pass_over
from .schedule import Segment, checked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GO_ON, STOP, ROLLBACK = 'go on', 'stop', 'rollback'  # after a divergence; the gist continues
ROLLBACKS = 10  # limit per run
COUNTS = ('characters', 'V', 'held_out', 'memory', 'halvings')
MARGIN = 0.01  # relative to the best: a validation that is worse by less does not count as overfitting
BEGINNING = 0.1  # of the run (its warm-up), in which patience is ignored
# The same for a later cycle of the schedule: while its rate is high, validations are worse than the previous cycle's
# best. An LSTM of 128 on Shakespeare, extended to 8 times: 40 of 140 in a row, until 40 % of the cycle.
AGAIN = 0.75


@dataclass(frozen=True)
class Job(Settings):
    """A run with every setting decided. ``resolve`` makes a new one; ``changes.py`` makes one from an earlier one."""

    print_every: int = 100
    validate_every: int = 100
    save_every: int = 100
    text_name: str | None = None
    characters: int = 0  # of the training text
    V: int = 0  # distinct characters, including those of the old model
    held_out: int = 0  # characters
    memory: int = 0  # bytes, without the text
    segments: tuple[Segment, ...] = ()  # of the learning-rate schedule
    halvings: int = 0  # of the learning rate, after divergences
    on_divergence: str = GO_ON
    spent: float = 0.0  # seconds of the run's time spent on trials
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False)  # reason for each decision, by name

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in COUNTS:
            check_integer(name, getattr(self, name), 0)
        for name in ('print_every', 'validate_every', 'save_every'):
            check_integer(name, getattr(self, name), 1)
        check_number('spent', self.spent + 1.0, math.inf)
        if self.on_divergence not in (GO_ON, STOP, ROLLBACK) or not isinstance(self.text_name, str | None):
            raise ValueError(f'on_divergence {self.on_divergence!r} or text_name {self.text_name!r} is invalid')
        object.__setattr__(self, 'segments', tuple(map(checked, self.segments)))

    @property
    def architecture(self) -> Architecture:
        return Architecture.of(self, self.V)

    @property
    def facts(self) -> dict[str, Any]:
        """All fields, for JSON."""
        return asdict(self) | {'segments': [list(segment) for segment in self.segments]}

    @property
    def settings(self) -> dict[str, Any]:
        """The fields that decide the training, as checkpoints store them."""
        return {row.name: getattr(self, row.name) for row in fields(Settings)}

    # --- the end ---

    @cached_property
    def iterations_per_epoch(self) -> int:
        return pass_over(self.characters, self).windows

    @cached_property
    def ends(self) -> tuple[int | None, float | None]:
        """Iterations (from iterations or epochs) and seconds; the run ends at whichever comes first."""
        return ends_of(self, self.characters), self.time

    def share(self, iteration: int, seconds: float) -> float:
        """Completed share of the run, from 0 to 1; 0 if it has no end."""
        return Segment('constant', 0, 0.0, *self.ends).share(iteration, seconds)

    def at_end(self, iteration: int, seconds: float) -> bool:
        iterations, time = self.ends
        return (iterations is not None and iteration >= iterations) or (time is not None and seconds >= time)

    def lost_patience(self, worse: int) -> bool:
        """True if ``worse`` consecutive validations worse than the best end the run early."""
        return self.patience is not None and worse >= self.patience

    def over(self, iteration: int, seconds: float, worse: int = 0) -> bool:
        return self.at_end(iteration, seconds) or self.lost_patience(worse)

    def count_worse(self, worse: int, validation: float, best: float | None, iteration: int, seconds: float) -> int:
        """The number of consecutive validations, including this one, that are clearly worse than the best.

        A validation near the best resets the count. So a run that stays on a plateau while its learning rate is high
        continues, and improves when the rate falls. Noise alone does not stop a run either. Overfitting exceeds any
        margin for good.
        """
        here = self.segment_at(iteration)
        of, least = (here, AGAIN) if here.first else (self, BEGINNING)
        begins = any(self.ends) and of.share(iteration, seconds) < least
        return 0 if best is None or begins or validation < best * (1 + MARGIN) else worse + 1

    # --- the learning rate ---

    @property
    def segment(self) -> Segment:
        """The last segment."""
        return self.segments[-1]

    def rates(self, iteration: int, count: int, seconds: float, pace: float) -> 'NDArray[np.float64]':
        """Learning rates of the next ``count`` iterations, at ``pace`` seconds each."""
        import numpy as np  # only here: those who only look at a run do without it

        rates = np.array([self._rate(iteration + k, seconds + k * pace) for k in range(count)])
        return rates * 0.5**self.halvings

    def _rate(self, iteration: int, seconds: float) -> float:
        return self.learning_rate * self.segment_at(iteration).factor(self.warmup, iteration, seconds)

    def segment_at(self, iteration: int) -> Segment:
        """The segment of an iteration. After a rollback before the last segment, that is an earlier one."""
        return next((segment for segment in reversed(self.segments) if segment.first <= iteration), self.segments[0])

    @property
    def end_in_words(self) -> str:
        """The end of the last segment in words, such as 'iteration 1,000', or '60 s or 26 epochs'.

        A whole number of epochs is shown as epochs, unless the job has iterations.
        """
        iterations, seconds = self.segment.ends
        places = [f'{seconds:g} s'] if seconds else []
        if iterations and iterations != self.iterations:
            epochs = round(iterations / self.iterations_per_epoch)
            if iterations == self.ends[0] and self.epochs is not None:
                places.append(f'{self.epochs:g} epochs')
            elif iterations == epochs * self.iterations_per_epoch:
                places.append(f'{epochs:,} epochs')
            else:
                places.append(f'iteration {iterations:,}')
        elif iterations:
            places.insert(0, f'iteration {iterations:,}')
        return ' or '.join(places)


def ends_of(settings: Settings, characters: int) -> int | None:
    """The iteration at which training on ``characters`` characters ends; None if only the time ends it, or nothing."""
    counts = [settings.iterations]
    if settings.epochs is not None:
        counts.append(max(1, round(settings.epochs * pass_over(characters, settings).windows)))
    return min((count for count in counts if count is not None), default=None)
