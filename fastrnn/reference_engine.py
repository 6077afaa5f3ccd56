"""The reference's own functions behind the interface of an engine, for comparison."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import reference
from .config import Config
from .errors import Diverged
from .model import Params, TrainState


class ReferenceEngine:
    """The reference's own functions, for comparison. Uses NumPy's global generator, as the gist does."""

    def __init__(self, config: Config, ids: NDArray[Any], V: int) -> None:
        np.random.seed(config.seed)
        self._ids, self._T, self._rate = ids.tolist(), config.seq_length, config.learning_rate
        self._model = reference.init(V, config.hidden_size)
        self._mems = [np.zeros_like(param) for param in self._model]
        self.smooth_loss = float(-np.log(1.0 / V) * self._T)
        self._p, self._hprev = 0, np.zeros((config.hidden_size, 1))

    def _window(self) -> tuple[list[int], list[int]]:
        p, T = self._p, self._T
        if p + T + 1 >= len(self._ids):
            self._p = p = 0
            self._hprev = np.zeros_like(self._hprev)
        return self._ids[p : p + T], self._ids[p + 1 : p + T + 1]

    @np.errstate(all='ignore')  # the trainer warns, once
    def run(self, iterations: int, rates: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        losses = np.zeros(iterations)
        if rates is not None:
            self._rate = float(rates[0])
        for n in range(iterations):
            losses[n], *grads, self._hprev = reference.lossFun(*self._window(), self._hprev, self._model)
            self.smooth_loss = self.smooth_loss * 0.999 + losses[n] * 0.001
            reference.adagrad(self._model, grads, self._mems, self._rate)
            self._p += self._T
        return losses

    @np.errstate(all='ignore')
    def sample(self, length: int) -> NDArray[np.intp]:
        inputs, _ = self._window()
        try:
            return np.array(reference.sample(self._hprev, inputs[0], length, self._model), np.intp)
        except ValueError as error:  # np.random.choice was given NaN
            raise Diverged(f'{error}: the training has diverged, take a smaller learning rate') from error

    @property
    def params(self) -> Params:
        return _as_params(self._model)

    def state(self) -> TrainState:
        return TrainState(
            params=self.params,
            memory={'m': _as_params(self._mems)},
            hidden=self._hprev.T.copy(),
            position=self._p,
            steps=0,
            smooth_loss=float(self.smooth_loss),
            rng=np.random.get_state(legacy=False),
        )

    def restore(self, state: TrainState) -> None:
        for arrays, params in ((self._model, state.params), (self._mems, state.memory['m'])):
            for array, view in zip(arrays, params.views, strict=True):
                array[...] = view.reshape(array.shape)
        self._p, self._hprev = state.position, state.hidden.T.copy()
        self.smooth_loss = state.smooth_loss
        np.random.set_state(state.rng)

    def close(self) -> None:
        pass


def _as_params(arrays: Sequence[NDArray[np.float64]]) -> Params:
    params = Params(arrays[3].size, arrays[4].size)
    for view, array in zip(params.views, arrays, strict=True):
        view[...] = array.reshape(view.shape)
    return params
