"""Spans of a text under a model, many at once by the batched engine's streams: the surprisal of each character."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.ids import check_ids
from ..data.stored import Ids
from ..engines.batched_streams import BatchedStreams, make_tuner
from ..model.params import Params
from ..parallel.processes import Processes, parts, processes
from ..parallel.threads import ThreadTuner
from ..system.pauses import paused

SLICE = 1 << 16, 2e10  # characters, and flops, of a slice: some 0.2 s, between which an interrupt gets through

Positions = NDArray[np.int64]


class Scorer:
    """A model in the kernels' form that scores up to B spans at once; results do not depend on the threads."""

    def __init__(
        self,
        params: Params,
        B: int,
        threads: int | None = None,
        tuner: ThreadTuner | None = None,
        *,
        shared: bool = False,
    ) -> None:
        """``tuner``: of :func:`make_tuner`, which stays open; it knows from one scorer to the next what pays.

        ``shared``: all processes take a part of the spans each, and get all numbers.
        """
        self._B, self._V = B, params.V
        self._tuner, self._closes_tuner = tuner or make_tuner(params.architecture, B, threads), tuner is None
        self._slice = max(1, int(min(SLICE[0], SLICE[1] / params.architecture.forward_flops)) // B)
        group = processes() if shared else Processes()
        self._all, self._together, count, rank = group.all, group.together, group.size, group.rank
        self._here = slice(*parts(B, count)[rank : rank + 2].tolist())  # the spans that are scored by this process
        self._streams = BatchedStreams(params, self._here.stop - self._here.start, self._tuner)
        nothing = np.zeros((0, *self._streams.ix.shape), np.uint32)
        with paused():
            self._streams.score(nothing, nothing)  # compiles, or loads
            self._together(lambda: None)  # others may have to compile

    def score(
        self, ids: Ids, begins: Positions, ends: Positions, warm_up: int = 0
    ) -> Iterator[tuple[Positions, NDArray[np.float64]]]:
        """Positions k and surprisals of ids[k+1], in nats, for k of all spans begins[b] ... ends[b]-1, up to B spans.

        Each starts from h = 0, ``warm_up`` characters before its begin, or at the text's. (A begin that is not the
        text's has to be as far from it.) Raises ValueError for ids that the model does not have.
        """
        B, count = self._B, begins.size
        starts = np.concatenate([begins, np.full(B - count, ends[-1])])
        stops = np.concatenate([ends, np.full(B - count, ends[-1])])
        self._streams.states[...] = 0
        first = -warm_up if starts.any() else 0  # one span from the text's begin has nothing before it
        longest = int((stops - starts).max())
        while first < longest:
            stop = min(first + self._slice, 0 if first < 0 else longest)
            at = starts + np.arange(first, stop)[:, None]
            surprisals = self._run(ids, np.clip(at, 0, ids.size - 2))
            if first < 0:
                self._streams.states[:, :, (at[:, self._here] < 0).any(0)] = 0  # it is still before the text's begin
            else:
                counted = at < stops
                yield at[counted], surprisals[counted]
            first = stop

    def _run(self, ids: Ids, at: Positions) -> NDArray[np.float64]:
        """Surprisals of all spans; ``at`` (n, B)."""
        inputs, targets = self._together(lambda: self._read(ids, at[:, self._here]))
        found = self._all(self._streams.score(inputs, targets))
        return np.concatenate(found, axis=1) if len(found) > 1 else found[0]

    def _read(self, ids: Ids, at: Positions) -> NDArray[np.uint32]:
        """Inputs and targets, (2, n, here). Raises TextLost, and ValueError for ids that the model does not have."""
        inputs, targets = both = np.empty(
            (2, *at.shape), np.uint32
        )  # so that the kernel is compiled once for all texts
        for b, low in enumerate(at[0]):
            part = ids[low : at[-1, b] + 2]
            check_ids(part, self._V, first=int(low))
            inputs[:, b], targets[:, b] = part[at[:, b] - low], part[at[:, b] - low + 1]
        return both

    def close(self) -> None:
        if self._closes_tuner:
            self._tuner.close()

    def __enter__(self) -> 'Scorer':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
