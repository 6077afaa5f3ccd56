"""The text that a validation reads: all held-out text, or the same part of it each time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.stored import Ids
from ..engines.batched_streams import make_tuner
from ..model.params import Params
from ..parallel.tuner import ThreadTuner
from ..settings.options import bits_per_character
from .evaluate import PARTS, slices, tuner_for
from .scorer import Positions, Scorer

SPAN = 256  # characters; minimum length of a span of the part; there are at most PARTS spans
WARM_UP = 128  # characters read before a span; with 64, bits of LSTM and GRU already differ by less than 0.0001


@dataclass
class Reading:
    """One model's surprisals of the held-out text, in pieces. Interrupts are handled between pieces."""

    characters: int  # predicted characters
    pieces: Iterator[tuple[Any, NDArray[np.float64]]] = field(repr=False)
    nats: float = 0.0

    def read_piece(self) -> bool:
        """Read the next piece; False if there is none."""
        piece = next(self.pieces, None)
        if piece is None:
            return False
        self.nats += float(piece[1].sum())
        return True

    @property
    def bits(self) -> float:
        """Bits per character, after the last piece."""
        return bits_per_character(self.nats, self.characters)


class HeldOut:
    """The held-out text of a run.

    The part is up to 64 spans, evenly spread over the text, each of 256 characters or more. It ranks the checkpoints
    of a run as well with 4,096 characters as the first 32,768 do, and its mean is closer to that of the whole text.
    (Shakespeare: standard deviations of differences between two checkpoints are 0.008 and 0.007 bits.)
    """

    def __init__(self, ids: Ids, part: int | None, threads: int | None) -> None:
        """``part``: number of characters in the part; None: every validation reads all."""
        self.ids, self.part, self._threads = ids, part, threads
        self._tuners: dict[bool, ThreadTuner] = {}  # True: for the whole text, False: for the part

    def read(self, params: Params, *, whole: bool) -> Reading:
        """A reading of the whole text or of the part. All processes make this call together."""
        if whole or self.part is None:
            if True not in self._tuners:
                self._tuners[True] = tuner_for(params, self.ids, self._threads)
            return Reading(self.ids.size - 1, slices(params, self.ids, tuner=self._tuners[True], shared=True))
        begins, ends = spans_of(self.ids.size - 1, self.part)
        if False not in self._tuners:
            self._tuners[False] = make_tuner(params, begins.size, self._threads)
        return Reading(self.part, self._pieces(params, begins, ends))

    def _pieces(self, params: Params, begins: Positions, ends: Positions) -> Iterator[tuple[Any, NDArray[np.float64]]]:
        scorer = Scorer(params, begins.size, self._tuners[False], shared=True)
        yield from scorer.score(self.ids, begins, ends, WARM_UP)

    def close(self) -> None:
        for tuner in self._tuners.values():
            tuner.close()


def spans_in(part: int) -> int:
    """Number of spans in a part of ``part`` characters."""
    return min(PARTS, max(1, part // SPAN))


def spans_of(n: int, part: int) -> tuple[Positions, Positions]:
    """Starts and ends of the spans of a part, among n predicted characters; part < n."""
    k = np.arange(spans_in(part) + 1)
    begins = n * k[:-1] // (k.size - 1)
    return begins, begins + np.diff(part * k // (k.size - 1))
