"""A block of iterations that is trained, but whose record is not complete yet."""

from dataclasses import dataclass, field

from ..inference.held_out import Reading
from ..model.params import Params


@dataclass
class Block:
    """Completed iterations without a record: the held-out text may have to be read first."""

    loss: float  # of the last iteration
    rate: float
    sample: str | None
    readings: list[Reading] = field(default_factory=list)  # in order; the last one may be incomplete
    best: Params | None = None  # weights of the best model so far, if the last reading is for them

    def read_piece(self) -> bool:
        """Read the next piece of the held-out text; False if there is none."""
        return bool(self.readings) and self.readings[-1].read_piece()
