"""What a validation reads: the whole held-out text, or always the same part of a long one."""

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

SPAN = 256  # characters of a span of the part, at least, until there are PARTS spans
WARM_UP = 128  # characters that are read before a span: after 64, bits of LSTM and GRU differ by less than 0.0001


@dataclass
class Reading:
    """One model's surprisals of the held-out text, which come in pieces; between two, an interrupt gets through."""

    characters: int  # that are predicted
    pieces: Iterator[tuple[Any, NDArray[np.float64]]] = field(repr=False)
    nats: float = 0.0

    def read_piece(self) -> bool:
        """Whether there was one."""
        piece = next(self.pieces, None)
        if piece is None:
            return False
        self.nats += float(piece[1].sum())
        return True

    @property
    def bits(self) -> float:
        """Bits per character, once all is read."""
        return bits_per_character(self.nats, self.characters)


class HeldOut:
    """The held-out text of a run.

    The part is spread evenly over the text: spans of 256 characters or more, up to 64 of them. Between the checkpoints
    of a run, 4,096 characters so spread rank as well as the first 32,768 (Shakespeare, standard deviations of
    differences between two checkpoints: 0.008 and 0.007 bits), and their level is nearer to the whole text's.
    """

    def __init__(self, ids: Ids, part: int | None, threads: int | None) -> None:
        """``part``: characters of the part; None: the whole text is read always."""
        self.ids, self.part, self._threads = ids, part, threads
        self._tuners: dict[bool, ThreadTuner] = {}  # of readings of the whole text, and of the part

    def read(self, params: Params, *, whole: bool) -> Reading:
        """A reading of the whole text, or of the part, by all processes together."""
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
    """Where the spans of a part start and end, of n characters that are predicted; part < n."""
    k = np.arange(spans_in(part) + 1)
    begins = n * k[:-1] // (k.size - 1)
    return begins, begins + np.diff(part * k // (k.size - 1))
