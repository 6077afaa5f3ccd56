"""Scores many spans of a text at once, on the batched engine's streams."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..data.ids import check_ids
from ..data.stored import Ids
from ..engines.batched_streams import BatchedStreams
from ..model.params import Params
from ..parallel.group import Processes, parts
from ..parallel.processes import processes
from ..parallel.tuner import ThreadTuner
from ..system.pauses import paused

SLICE = 1 << 16, 2e10  # limits of a slice: characters and flops, about 0.2 s; interrupts are handled between slices

Positions = NDArray[np.int64]


class Scorer:
    """Scores up to B spans at once, on the tuner's threads. The number of threads does not change the results."""

    def __init__(self, params: Params, B: int, tuner: ThreadTuner, *, shared: bool = False) -> None:
        """``shared``: each process scores a part of the spans and gets all results."""
        self._B, self._V, self._group = B, params.V, processes() if shared else Processes()
        self._slice = max(1, int(min(SLICE[0], SLICE[1] / params.architecture.forward_flops)) // B)
        first, stop = parts(B, self._group.size)[self._group.rank :][:2].tolist()
        self._here = slice(first, stop)  # the spans that this process scores
        self._streams = BatchedStreams(params, stop - first, tuner)
        nothing = np.zeros((0, *self._streams.ix.shape), np.uint32)
        with paused():
            self._streams.score(nothing, nothing)  # compiles or loads the kernels
            self._group.together(lambda: None)  # wait for processes that compile

    def score(
        self, ids: Ids, begins: Positions, ends: Positions, warm_up: int = 0
    ) -> Iterator[tuple[Positions, NDArray[np.float64]]]:
        """Yield positions k, (n,), and surprisals of ids[k+1] in nats, (n,), for all k of up to B spans.

        Span b has k = begins[b] ... ends[b]-1. It is read from h = 0, from ``warm_up`` characters before it. Each span
        must start at the start of the text or at least ``warm_up`` characters after it. Raises ValueError for ids
        outside the model's vocabulary.
        """
        B, count = self._B, begins.size
        starts = np.concatenate([begins, np.full(B - count, ends[-1])])
        stops = np.concatenate([ends, np.full(B - count, ends[-1])])
        self._streams.begin()
        first = -warm_up if starts.any() else 0  # nothing comes before the start of the text
        longest = int((stops - starts).max())
        while first < longest:
            stop = min(first + self._slice, 0 if first < 0 else longest)
            at = starts + np.arange(first, stop)[:, None]
            surprisals = self._run(ids, np.clip(at, 0, ids.size - 2))
            if first < 0:
                self._streams.begin((at[:, self._here] < 0).any(0))  # reset streams still before the text's start
            else:
                counted = at < stops
                yield at[counted], surprisals[counted]
            first = stop

    def _run(self, ids: Ids, at: Positions) -> NDArray[np.float64]:
        """Surprisals (n, B) of all spans at positions ``at`` (n, B)."""
        inputs, targets = self._group.together(lambda: self._read(ids, at[:, self._here]))
        found = self._group.all(self._streams.score(inputs, targets))
        return np.concatenate(found, axis=1) if len(found) > 1 else found[0]

    def _read(self, ids: Ids, at: Positions) -> NDArray[np.uint32]:
        """Inputs and targets, (2, n, spans of this process), uint32. Raises TextLost, and ValueError for bad ids."""
        inputs, targets = both = np.empty((2, *at.shape), np.uint32)
        for b, low in enumerate(at[0]):
            part = ids[low : at[-1, b] + 2]
            check_ids(part, self._V, first=int(low))
            inputs[:, b], targets[:, b] = part[at[:, b] - low], part[at[:, b] - low + 1]
        return both
