"""What a run tells as it goes."""

import math
from dataclasses import dataclass, field
from typing import Any

from ..settings.options import bits_per_character

QUOTED = 20  # characters of a sample that a repr shows


@dataclass(frozen=True, repr=False)
class Record:
    """What has happened up to and including one iteration. Equal ones differ in nothing but the time that it took."""

    iteration: int  # n, counted from 0
    loss: float  # of that iteration, in nats, summed over T, averaged over streams
    smooth_loss: float  # a running mean: of each loss a thousandth is mixed in, as in the gist; fast: a hundredth
    mean_loss: float  # of the iterations since the last report
    sample: str | None  # drawn just before the iteration, where one was due
    report: bool  # whether a line is due for this iteration
    characters: int  # trained on so far
    seconds: float = field(compare=False)  # since the start, without compiling
    seq_length: int  # T
    epoch: float = 0.0  # passes over the text
    learning_rate: float = 0.0
    validation: float | None = None  # bits per character of the held-out text, where it was evaluated
    best: float | None = None  # lowest of them so far
    validated: int | None = None  # characters of the held-out text that both are of
    validation_part: float | None = None  # bits of the part that other validations read; None: they read all of it
    share: float = field(default=0.0, compare=False)  # of the run, where it has an end
    last: bool = False

    def __repr__(self) -> str:
        """One line, of what there is: a sample's start, a validation if one was due."""
        parts = [f'iteration={self.iteration}', f'seconds={self.seconds:.2f}']
        parts.append(f'bits_per_character={self.bits_per_character:.3f}')
        if self.validation is not None:
            parts.append(f'validation={self.validation:.3f}')
            parts += [] if self.best is None else [f'best={self.best:.3f}']
        if self.sample is not None:
            parts.append(f'sample={self.sample[:QUOTED]!r}{"…" * (len(self.sample) > QUOTED)}')
        return f'Record({", ".join(parts)})'

    @property
    def bits_per_character(self) -> float:
        """Of the iterations since the last report (until the first, since the start)."""
        return bits_per_character(self.mean_loss, self.seq_length)

    @property
    def smooth_bits_per_character(self) -> float:
        """Of the smooth loss, for what is told or checked between two reports: a mean has just begun anew there."""
        return bits_per_character(self.smooth_loss, self.seq_length)

    @property
    def due(self) -> bool:
        """Whether it is logged: a report, a sample, a validation, or the run's last."""
        return self.report or self.last or self.sample is not None or self.validation is not None

    @property
    def facts(self) -> dict[str, Any]:
        """The record for logs and for other programs; numbers that are not finite are None."""
        values: dict[str, Any] = {
            'iteration': self.iteration + 1,
            'epoch': self.epoch,
            'characters': self.characters,
            'seconds': round(self.seconds, 3),
            'train': self.bits_per_character,
            'validation': self.validation,
            'best': self.best,
            'validated': self.validated,
            'loss': self.loss,
            'learning_rate': self.learning_rate,
            'characters_per_second': round(self.characters / max(self.seconds, 1e-9), 1),
        }
        if self.validation_part is not None:
            values['validation_part'] = self.validation_part
        if self.sample is not None:
            values['sample'] = self.sample
        return {key: None if isinstance(x, float) and not math.isfinite(x) else x for key, x in values.items()}
