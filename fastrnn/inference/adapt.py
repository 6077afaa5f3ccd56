"""Dynamic evaluation: scores a text with weights that learn while they read.

Each window is scored first, then its gradients update the weights: no surprisal depends on later characters. The
model itself never changes.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..data.ids import check_ids
from ..data.stored import Ids
from ..engines.batched_streams import FLOPS_PER_THREAD, as_weights, make_cell, panels_of, sizes_of
from ..errors import Diverged
from ..kernels.batched import adapt, buffers
from ..kernels.batched.dropout import make_dropout
from ..kernels.batched.ngrams import NOTHING
from ..kernels.batched.packing import pack_weights
from ..kernels.team import Team, alone
from ..model.overflow import LARGEST
from ..model.params import Params
from ..parallel.layouts import layouts_for_streams
from ..parallel.tuner import ThreadTuner
from ..system.interrupts import remembered
from ..system.pauses import paused
from .scorer import Positions

T = 32  # characters per window
# LSTM 192 trained on 1 MB, bits on 100,000 held-out characters, static and adapted: Shakespeare 2.220 and 2.007,
# C 2.724 and 1.377, Python 2.596 and 1.505. Adapted with a rate of 0.002: 2.001, 1.461 and 1.597
RATE, DECAY, MEMORY, EPSILON = 0.003, 0.001, 1000, 1e-8
ROWS_RATE = 0.1  # plain SGD on rows of the n-gram table
SLICE = 1 << 16, 5e9  # limits of a slice: characters and flops, about 0.1 s; interrupts are handled between slices


class AdaptingStream:
    """One stream that reads a text in order, and a copy of the model's weights that learns from it."""

    def __init__(self, params: Params, tuner: ThreadTuner) -> None:
        """Start from h = 0. Threads share hidden units; their number does not change the results."""
        architecture, dtype = params.architecture, params.flat.dtype
        sizes, kind = sizes_of(architecture), dtype.type
        self.params, self._tuner = params.astype(dtype), tuner
        packed = buffers.make_packed(sizes, dtype, strips=True)
        self._adapter = adapt.Adapter(
            buffers.Network(make_cell(architecture), as_weights(self.params), packed),
            as_weights(Params(architecture.without_rows, dtype)),
            make_dropout(0.0, 0, kind),
            adapt.OneStream(),
            self.params.flat.copy(),
            np.zeros_like(params.flat),
            MEMORY,
            ROWS_RATE,
            kind(RATE),
            kind(EPSILON),
            kind(DECAY),
        )
        work = buffers.make_work(sizes, T, 1, dtype)
        self._works = [work] + [buffers.for_thread(work) for _ in range(tuner.most - 1)]
        self._windows = 0  # windows read so far
        with paused():
            self.score(np.zeros((0, sizes.K + T + 1), np.uint32))  # compiles or loads the kernels before threads start
        pack_weights(alone(), self._adapter.network)

    def score(self, windows: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Surprisals (n, T), in nats, of the last T characters of windows (n, K + T + 1), uint32; changes the weights.

        The first K ids of a window are its context for n-grams.
        """
        nats = np.zeros((len(windows), T))

        def work(part: slice, team: Team) -> None:
            buffers_of_thread, number = self._works[team.rank], self._windows + part.start
            adapt.adapt(team, self._adapter, windows[part], number, buffers_of_thread, nats[part])

        if len(nats):
            self._tuner.run(len(nats), work)
        else:
            work(slice(0, 0), alone())
        self._windows += len(nats)
        return nats


def adapted_slices(params: Params, ids: Ids) -> Iterator[tuple[Positions, NDArray[np.float64]]]:
    """Yield positions k and surprisals of ids[k+1] in nats, in pieces; interrupts are handled between pieces.

    One stream reads the whole text, from h = 0. Memory does not grow with the text. Raises ValueError for ids outside
    the model's vocabulary, Diverged if the weights diverge.
    """
    n, flops, before = ids.size - 1, params.architecture.training_flops, max(0, params.architecture.ngrams - 1)
    windows = max(1, int(min(SLICE[0], SLICE[1] / flops)) // T)
    with closing(tuner_for_one(params)) as tuner:
        stream = AdaptingStream(params, tuner)
        for first in range(0, n, windows * T):
            stop = min(first + windows * T, n)
            begin = max(0, first - before)
            part = ids[begin : stop + 1]
            check_ids(part, params.V, first=begin)
            count = -(-(stop - first) // T)
            padded = np.zeros(before + count * T + 1, np.uint32)  # zeros after the text's end are scored but not used
            padded[:before] = NOTHING
            start = before - (first - begin)
            padded[start : start + part.size] = part
            found = stream.score(sliding_window_view(padded, before + T + 1)[::T].copy()).reshape(-1)[: stop - first]
            _check(found, first)
            yield np.arange(first, stop), found


def _check(found: NDArray[np.float64], first: int) -> None:
    """Raise Diverged if nats, of characters from ids[first + 1] on, are not finite or far too large."""
    limit = LARGEST * math.log(2)
    with np.errstate(over='ignore', invalid='ignore'):
        if found.mean() < limit:
            return
        k = first + int((~(found < limit)).argmax())
    raise Diverged(f'the weights diverged while adapting, at character {k + 1:,}: evaluate the text without adapting')


def tuner_for_one(params: Params, threads: int | None = None) -> ThreadTuner:
    """A tuner for one stream that trains; with ``threads`` None, it chooses the fastest number of threads."""
    architecture = params.architecture
    panels = panels_of(architecture, params.flat.itemsize, 1)
    return ThreadTuner(layouts_for_streams(1, panels, architecture.training_flops, FLOPS_PER_THREAD, threads))


def adapted_nats(params: Params, ids: Ids, follow: Callable[[float], object] = float) -> NDArray[np.float64]:
    """The surprisals of ``adapted_slices`` in one array, (n-1,); ``follow`` is called with the share done."""
    with remembered():
        found = np.empty(ids.size - 1)
        for at, values in adapted_slices(params, ids):
            found[at] = values
            follow((int(at[-1]) + 1) / found.size)
        return found
