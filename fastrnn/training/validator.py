"""What a run reads of its held-out text after a block, and which of its models is the best."""

from typing import NamedTuple

from ..decision.job import Job
from ..inference.held_out import HeldOut, Reading
from ..model.params import Params
from ..parallel.processes import processes
from .best import BestWeights
from .blocks import Block
from .figures import Figures


class Validated(NamedTuple):
    """The validation fields of a ``Record``, with the same names."""

    validation: float
    validated: int
    validation_part: float | None


class Validator:
    """Compares models by bits of the same characters: of the whole held-out text, or of the same part of it.

    If a run compares by a part, its end compares by the whole text: the last model, or the best one before it, is the
    best.
    """

    def __init__(self, job: Job, held_out: HeldOut | None, store: BestWeights) -> None:
        self._job, self._held_out, self._store = job, held_out, store
        self.lost = False  # the best weights were requested but missing

    def best(self, figures: Figures) -> Params | None:
        """The best weights; None if there was no validation, or if they are missing."""
        if figures.best is None:
            return None
        found = self._store.take(figures.best)
        self.lost = found is None
        return found

    def next_reading(
        self, block: Block, params: Params, figures: Figures, iteration: int, seconds: float
    ) -> Reading | None:
        """The next reading after a block whose validation is due; None if there are no more.

        First the text, or the part. At the end of a run that compares by a part, the whole text follows: with the
        last model, then with the best one if it is another.
        """
        held_out, done = self._held_out, len(block.readings)
        if held_out is None:
            return None
        if done == 0:
            return held_out.read(params, whole=False)
        bits = block.readings[0].bits
        worse = figures.worse_with(bits, self._job, iteration, seconds)
        if held_out.part is None or not self._job.over(iteration, seconds, worse):
            return None
        if done == 1:
            return held_out.read(params, whole=True)
        if done == 2 and figures.best is not None and not bits < figures.best:
            block.best = processes().lead(lambda: self.best(figures))
            if block.best is not None and figures.best_whole is None:
                return held_out.read(block.best, whole=True)
        return None

    def take(
        self, block: Block, params: Params, figures: Figures, iteration: int, seconds: float
    ) -> tuple[Validated, float | None]:
        """Evaluate the readings of a block; returns its record's fields, and the best bits of the same characters."""
        first, *rest = block.readings
        best = figures.validated(first.bits, self._job, iteration, seconds)
        if rest:
            last = rest[0].bits
            figures.best_whole = last if best else rest[1].bits if len(rest) > 1 else figures.best_whole
            if not best and figures.best_whole is not None and last < figures.best_whole:
                figures.choose(first.bits, iteration, last)
                best = True
        if best:
            self._store.keep(params, first.bits)
            self.lost = False
        part = None if self._job.validate_part is None else first.bits
        reading = block.readings[min(1, len(rest))]
        return Validated(reading.bits, reading.characters, part), figures.best_whole if rest else figures.best

    def close(self) -> None:
        if self._held_out is not None:
            self._held_out.close()
