"""The reference's own functions behind the interface of an engine, for comparison."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from .. import reference
from ..data.stored import Ids
from ..data.windows import Part, Windows
from ..model.architecture import Architecture
from ..model.overflow import OF_TRAINING, not_finite
from ..model.params import Params
from ..model.state import TrainState
from ..settings.options import Settings
from ..system.forks import SharedLock
from .exact import ExactEngine

_GLOBAL = SharedLock()  # only one engine at a time uses NumPy's global generator


class ReferenceEngine:
    """The reference's own functions, for comparison.

    They use NumPy's global generator. Each engine sets its own state there while it samples.
    """

    def __init__(self, settings: Settings, ids: Ids, V: int) -> None:
        self._architecture = Architecture.of(settings, V)
        self._rng = np.random.RandomState(settings.seed).get_state(legacy=False)
        self._windows, self._T = Windows(ids, settings.seq_length), settings.seq_length
        self._rate = settings.learning_rate
        with self._lent_generator():
            self._model = reference.init(V, settings.hidden_size)
        self._moments = [np.zeros_like(param) for param in self._model]
        self.smooth_loss = float(-np.log(1.0 / V) * self._T)
        self._p, self._hprev = 0, np.zeros(self._architecture.state_shape(1)).T

    @staticmethod
    def memory(settings: Settings, architecture: Architecture) -> int:
        """Its temporary arrays are about as large as the exact engine's buffers."""
        return ExactEngine.memory(settings, architecture)

    @contextmanager
    def _lent_generator(self) -> Iterator[None]:
        with _GLOBAL:
            before = np.random.get_state(legacy=False)
            np.random.set_state(self._rng)
            try:
                yield
            finally:
                self._rng = np.random.get_state(legacy=False)
                np.random.set_state(before)

    def _wrap(self) -> None:
        if self._p + self._T + 1 >= self._windows.ids.size:
            self._p, self._hprev = 0, np.zeros_like(self._hprev)

    def fetch(self, iterations: int) -> None:
        self._windows.fetch(self._p, iterations)

    @np.errstate(all='ignore')  # the training loop warns once
    def run(self, iterations: int, rates: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        parts, losses = self._windows.fetch(self._p, iterations), []
        if rates is not None:
            self._rate = float(rates[0])
        for part in parts:
            for _ in range(part.iterations):
                losses.append(self._step(part))
        return np.array(losses)

    def _step(self, part: Part) -> float:
        self._wrap()
        window = part.ids[self._p - part.offset :][: self._T + 1].tolist()
        loss, *grads, self._hprev = reference.lossFun(window[:-1], window[1:], self._hprev, self._model)
        self.smooth_loss = self.smooth_loss * 0.999 + loss * 0.001
        reference.adagrad(self._model, grads, self._moments, self._rate)
        self._p += self._T
        return float(loss)

    @np.errstate(all='ignore')
    def sample(self, length: int, params: Params | None = None) -> NDArray[np.uint32]:
        self._wrap()
        first = int(self._windows.ids[self._p])
        try:
            with self._lent_generator():
                return np.array(reference.sample(self._hprev, first, length, self._model), np.uint32)
        except ValueError as error:  # np.random.choice got NaN
            raise not_finite(OF_TRAINING) from error

    @property
    def params(self) -> Params:
        return self._as_params(self._model)

    def state(self) -> TrainState:
        return TrainState(
            params=self.params,
            moments={'m': self._as_params(self._moments)},
            hidden=self._hprev.T.copy(),
            position=self._p,
            steps=0,
            smooth_loss=float(self.smooth_loss),
            rng=self._rng,
        )

    def restore(self, state: TrainState) -> None:
        for arrays, params in ((self._model, state.params), (self._moments, state.moments['m'])):
            for array, view in zip(arrays, params.by_gist_name.values(), strict=True):
                array[...] = view
        self._p, self._hprev = state.position, state.hidden.T.copy()
        self.smooth_loss = state.smooth_loss
        self._rng = state.rng

    @property
    def settled(self) -> bool:
        return True

    @property
    def threads(self) -> int:
        return 1

    def close(self) -> None:
        pass

    def _as_params(self, arrays: Sequence[NDArray[np.float64]]) -> Params:
        params = Params(self._architecture)
        for view, array in zip(params.by_gist_name.values(), arrays, strict=True):
            view[...] = array
        return params
