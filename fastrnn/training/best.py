"""The weights of the best model of a run, by its held-out text: kept in memory, where the run is kept nowhere else."""

import warnings
from typing import Protocol

from ..model.params import Params


class BestWeights(Protocol):
    """Where the weights with the lowest validation so far are."""

    def keep(self, params: Params, bits: float) -> None:
        """Note these, the present ones, as the best, of so many bits per character."""

    def take(self, bits: float) -> Params | None:
        """Those of so many bits, not to be changed; None, with a warning, if they are not there."""


class InMemory:
    """One copy of them."""

    def __init__(self) -> None:
        self._params: Params | None = None
        self._bits: float | None = None

    def keep(self, params: Params, bits: float) -> None:
        if self._params is None:
            self._params = params.astype(params.flat.dtype)
        else:
            self._params.take(params)
        self._bits = bits

    def take(self, bits: float) -> Params | None:
        if bits == self._bits:
            return self._params
        lost = 'the weights of the best validation are not in memory; the last model is taken in its place'
        warnings.warn(lost, RuntimeWarning, stacklevel=2)
        return None
