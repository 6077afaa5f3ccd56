"""What was decided about a run: nothing is left open, and each decision has a line that says why."""

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

GO_ON, STOP, ROLLBACK = 'go on', 'stop', 'rollback'  # at a divergence; the gist goes on
ROLLBACKS = 10  # in a run, at most
COUNTS = ('characters', 'V', 'held_out', 'memory', 'halvings')
MARGIN = 0.01  # of the best: a validation that is worse by less counts as no sign of overfitting
BEGINNING = 0.1  # of the run, the warm-up's, in which patience counts nothing
# Of a later cycle of the schedule, likewise: while its rate is high, validations are worse than the best of the cycle
# before. An LSTM of 128 on Shakespeare, lengthened 8 times: 40 in a row of 140, until 40 % of the cycle.
AGAIN = 0.75


@dataclass(frozen=True)
class Job(Settings):
    """A run as it will be; made by ``resolve``, and of an earlier one by the functions of ``changes.py``."""

    print_every: int = 100
    validate_every: int = 100
    save_every: int = 100
    text_name: str | None = None
    characters: int = 0  # that it trains on
    V: int = 0  # distinct ones, with those that only old weights know
    held_out: int = 0  # characters
    memory: int = 0  # bytes beside the text
    segments: tuple[Segment, ...] = ()  # of the schedule
    halvings: int = 0  # of the learning rate, after divergences
    on_divergence: str = GO_ON
    spent: float = 0.0  # seconds of the run that trials took
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False)  # why, by the name of what was decided

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in COUNTS:
            check_integer(name, getattr(self, name), 0)
        for name in ('print_every', 'validate_every', 'save_every'):
            check_integer(name, getattr(self, name), 1)
        check_number('spent', self.spent + 1.0, math.inf)
        if self.on_divergence not in (GO_ON, STOP, ROLLBACK) or not isinstance(self.text_name, str | None):
            raise ValueError(f'on_divergence is {self.on_divergence!r}, text_name {self.text_name!r}')
        object.__setattr__(self, 'segments', tuple(map(checked, self.segments)))

    @property
    def architecture(self) -> Architecture:
        return Architecture.of(self, self.V)

    @property
    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self) | {'segments': [list(segment) for segment in self.segments]}

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the training, as checkpoints keep it."""
        return {row.name: getattr(self, row.name) for row in fields(Settings)}

    # --- the end ---

    @cached_property
    def iterations_per_epoch(self) -> int:
        return pass_over(self.characters, self).windows

    @cached_property
    def ends(self) -> tuple[int | None, float | None]:
        """Iterations, by their number or that of epochs, and seconds; whichever comes first."""
        return ends_of(self, self.characters), self.time

    def share(self, iteration: int, seconds: float) -> float:
        """How much of the run is done, from 0 to 1; 0 where it has no end."""
        return Segment('constant', 0, 0.0, *self.ends).share(iteration, seconds)

    def at_end(self, iteration: int, seconds: float) -> bool:
        iterations, time = self.ends
        return (iterations is not None and iteration >= iterations) or (time is not None and seconds >= time)

    def lost_patience(self, worse: int) -> bool:
        """Whether so many validations in a row that were worse than the best end it early."""
        return self.patience is not None and worse >= self.patience

    def over(self, iteration: int, seconds: float, worse: int = 0) -> bool:
        return self.at_end(iteration, seconds) or self.lost_patience(worse)

    def count_worse(self, worse: int, validation: float, best: float | None, iteration: int, seconds: float) -> int:
        """How many validations in a row, this one the last, were clearly worse than the best.

        One that comes near the best begins the count anew. So a run that stays on a plateau as long as its learning
        rate is high goes on, and finds its new bests where the rate falls; so does one whose validations only scatter.
        Overfitting goes past any margin, and stays there.
        """
        here = self.segment_at(iteration)
        of, least = (here, AGAIN) if here.first else (self, BEGINNING)
        begins = any(self.ends) and of.share(iteration, seconds) < least
        return 0 if best is None or begins or validation < best * (1 + MARGIN) else worse + 1

    # --- the learning rate ---

    @property
    def segment(self) -> Segment:
        """The last one."""
        return self.segments[-1]

    def rates(self, iteration: int, count: int, seconds: float, pace: float) -> 'NDArray[np.float64]':
        """Learning rates of the next ``count`` iterations, at ``pace`` seconds each."""
        import numpy as np  # only here: those who only look at a run do without it

        rates = np.array([self._rate(iteration + k, seconds + k * pace) for k in range(count)])
        return rates * 0.5**self.halvings

    def _rate(self, iteration: int, seconds: float) -> float:
        return self.learning_rate * self.segment_at(iteration).factor(self.warmup, iteration, seconds)

    def segment_at(self, iteration: int) -> Segment:
        """Where a run went back to before its last segment, it is that of that time."""
        return next((segment for segment in reversed(self.segments) if segment.first <= iteration), self.segments[0])

    @property
    def end_in_words(self) -> str:
        """Where the last segment ends, as it was asked for: such as 'iteration 1,000', or '60 s or 26 epochs'.

        Iterations that are whole epochs were asked for as these, unless the job says otherwise.
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
    """After how many iterations a training on a text of so many characters ends, if any number ends it."""
    counts = [settings.iterations]
    if settings.epochs is not None:
        counts.append(max(1, round(settings.epochs * pass_over(characters, settings).windows)))
    return min((count for count in counts if count is not None), default=None)
