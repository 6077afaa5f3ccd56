"""Some iterations of a run that are done, on the way to their record."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Block:
    """Iterations that are done, and whose record is still due: the held-out text may have to be scored first."""

    loss: float  # of the last of them
    rate: float
    sample: str | None
    scoring: Iterator[tuple[Any, NDArray[np.float64]]] | None  # positions in the held-out text, and nats, in parts
    nats: float = 0.0

    def score_part(self) -> bool:
        """Whether there was a part to score."""
        part = None if self.scoring is None else next(self.scoring, None)
        if part is None:
            return False
        self.nats += float(part[1].sum())
        return True
