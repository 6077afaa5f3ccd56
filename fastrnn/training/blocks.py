"""Some iterations of a run that are done, on the way to their record."""

from dataclasses import dataclass, field

from ..inference.held_out import Reading
from ..model.params import Params


@dataclass
class Block:
    """Iterations that are done, and whose record is still due: the held-out text may have to be read first."""

    loss: float  # of the last of them
    rate: float
    sample: str | None
    readings: list[Reading] = field(default_factory=list)  # one after the other, the last is under way
    best: Params | None = None  # weights of the best model so far, if the last reading is theirs

    def read_piece(self) -> bool:
        """Whether there was a piece of the held-out text to read."""
        return bool(self.readings) and self.readings[-1].read_piece()
