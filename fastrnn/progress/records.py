"""The records that a run yields while it trains."""

import math
from dataclasses import dataclass, field
from typing import Any

from ..settings.options import bits_per_character

QUOTED = 20  # characters of a sample that a repr shows


@dataclass(frozen=True, repr=False)
class Record:
    """The progress up to and including one iteration. Comparison with == ignores times."""

    iteration: int  # n, counted from 0
    loss: float  # of that iteration, in nats, summed over T, averaged over streams
    smooth_loss: float  # running mean with weight 0.001 for each loss, as in the gist; fast: 0.01
    mean_loss: float  # of the iterations since the last report
    sample: str | None  # drawn just before the iteration, if one was due
    report: bool  # True if a report is due
    characters: int  # trained on so far
    seconds: float = field(compare=False)  # since the start, without compiling
    seq_length: int  # T
    epoch: float = 0.0  # passes over the text
    learning_rate: float = 0.0
    validation: float | None = None  # bits per character on held-out text, if it was evaluated
    best: float | None = None  # lowest validation so far
    validated: int | None = None  # held-out characters on which both were measured
    validation_part: float | None = None  # bits on the part that other validations read; None: they read everything
    share: float = field(default=0.0, compare=False)  # of the run that is done, if the run has an end
    last: bool = False

    def __repr__(self) -> str:
        """One line, with the validation and the start of the sample if they were due."""
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
        """Training bits per character since the last report, or since the start."""
        return bits_per_character(self.mean_loss, self.seq_length)

    @property
    def smooth_bits_per_character(self) -> float:
        """Bits per character of the smooth loss. Between reports it is steadier than the mean, which restarts there."""
        return bits_per_character(self.smooth_loss, self.seq_length)

    @property
    def due(self) -> bool:
        """True if it is logged: a report, a sample, a validation, or the last record."""
        return self.report or self.last or self.sample is not None or self.validation is not None

    @property
    def facts(self) -> dict[str, Any]:
        """The record as JSON values, for logs and other programs; None replaces NaN and infinity."""
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
