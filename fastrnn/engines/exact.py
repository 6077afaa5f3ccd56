"""The exact engine: the gist's loop in compiled kernels, bit-identical to the reference."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.stored import Ids
from ..data.windows import Part, Windows
from ..kernels.exact import buffers
from ..kernels.exact import numpy_functions as native
from ..kernels.exact import rnn as exact
from ..kernels.exact.numpy_functions import gemv, gemv_t
from ..kernels.team import Team, alone, span
from ..model.architecture import Architecture
from ..model.init import gist
from ..model.overflow import OF_TRAINING
from ..model.params import Params
from ..model.state import TrainState
from ..parallel.layouts import Layout, counts_for_rows, tell_of_too_many
from ..parallel.tuner import ThreadTuner
from ..settings.options import Settings
from .exact_stream import ExactStream, as_weights, on_lines

ROWS_PER_THREAD = 24  # two threads: 81 us instead of 95 at H=50, but 73 instead of 74 at H=37


class ExactEngine:
    """The compiled kernels, bit-identical to the reference for any number of threads."""

    def __init__(self, settings: Settings, ids: Ids, V: int) -> None:
        architecture = Architecture.of(settings, V)
        H, T = architecture.H, settings.seq_length
        self._windows, self._rate = Windows(ids, T), float(settings.learning_rate)
        self._rng = np.random.RandomState(settings.seed)
        self.params, self.moments = on_lines(gist(architecture, self._rng)), on_lines(Params(architecture))
        self._weights, self._moments = as_weights(self.params), as_weights(self.moments)
        self._native = native.find()
        self.smooth_loss = float(-np.log(1.0 / V) * T)
        self.position = np.zeros(2, np.int64)  # see exact.train
        self._work = buffers.make_work(T, H, V)
        self._hidden = self._work.hs[:1, :H]
        sizes = counts_for_rows(H, ROWS_PER_THREAD, settings.threads, exact.GRAIN)
        sizes = [size for size in sizes if self._same_bits(size)] or [1]
        tell_of_too_many(settings.threads, max(sizes))
        self._works = [self._work] + [buffers.for_thread(self._work) for _ in range(max(sizes) - 1)]
        self._tuner = ThreadTuner([Layout(size) for size in sizes])
        self._alone = alone()
        self._train(self._alone, ids[:0], self.position, np.zeros(0))  # compiles or loads kernels before threads start

    @staticmethod
    def memory(settings: Settings, architecture: Architecture) -> int:
        window = buffers.memory(settings.seq_length, architecture.H, architecture.V)
        return window + 8 * (2 * architecture.parameters + 2 * settings.sample_length)

    def _same_bits(self, size: int) -> bool:
        """True if BLAS computes the same bits for each thread's part of a product as for the whole product.

        False if its kernels group rows differently, or above the size at which BLAS starts its own threads.
        """
        if size == 1:
            return True
        rng = np.random.default_rng(0)
        H = self.params.H
        if size * exact.GRAIN > H:
            return False
        A, x, whole, parts = rng.standard_normal((H, H)), rng.standard_normal(H), np.zeros(H), np.zeros(H)
        spans = [slice(*span(alone()._replace(rank=rank, size=size), H, exact.GRAIN)) for rank in range(size)]
        gemv(self._native, A, x, whole)
        for part in spans:
            gemv(self._native, A[part], x, parts[part])
        same = np.array_equal(whole, parts)
        gemv_t(self._native, A, x, whole)
        for part in spans:
            gemv_t(self._native, A[:, part], x, parts[part])
        return same and np.array_equal(whole, parts)

    def _train(self, team: Team, ids: NDArray[Any], position: NDArray[np.int64], losses: NDArray[np.float64]) -> float:
        return float(
            exact.train(
                self._native,
                team,
                ids,
                self._weights,
                self._moments,
                self._rate,
                self.smooth_loss,
                position,
                self._works[team.rank],
                losses,
            )
        )

    def run(self, iterations: int, rates: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        parts = self._windows.fetch(int(self.position[0]), iterations)
        if rates is not None:
            self._rate = float(rates[0])  # the gist's rate is constant, except after a divergence
        return np.concatenate([self._run(part) for part in parts])

    def _run(self, part: Part) -> NDArray[np.float64]:
        losses, position = np.zeros(part.iterations), part.enter(self.position)

        def work(block: slice, team: Team) -> None:
            smooth_loss = self._train(team, part.ids, position, losses[block])
            if team.rank == 0:  # all threads have read it by now
                self.smooth_loss = smooth_loss

        self._tuner.run(losses.size, work)
        self.position[:] = part.leave(position)
        return losses

    def fetch(self, iterations: int) -> None:
        self._windows.fetch(int(self.position[0]), iterations)

    def state(self) -> TrainState:
        return TrainState(
            params=self.params.astype(np.float64),
            moments={'m': self.moments.astype(np.float64)},
            hidden=self._hidden.copy(),
            position=int(self.position[0]),
            steps=0,
            smooth_loss=self.smooth_loss,
            rng=self._rng.get_state(legacy=False),
        )

    def restore(self, state: TrainState) -> None:
        self.params.flat[:] = state.params.flat
        self.moments.flat[:] = state.moments['m'].flat
        self._hidden[:] = state.hidden
        self.position[:] = state.position, not state.finite
        self.smooth_loss = state.smooth_loss
        self._rng.set_state(state.rng)

    def sample(self, length: int, params: Params | None = None) -> NDArray[np.uint32]:
        p, T, ids, h = int(self.position[0]), self._work.xs.shape[0], self._windows.ids, self._hidden[0].copy()
        if p + T + 1 >= ids.size:
            p, h[:] = 0, 0.0
        stream = ExactStream(self._native, self._weights, self._work, h)
        stream.read(ids[p : p + 1])
        return stream.draw(self._rng, length, cause=OF_TRAINING)

    @property
    def settled(self) -> bool:
        return self._tuner.settled

    @property
    def threads(self) -> int:
        return self._tuner.threads

    def close(self) -> None:
        self._tuner.close()
