"""The weights of a run's best model by held-out text; in memory, for runs that are not saved in a folder."""

import warnings
from typing import Protocol

from ..model.params import Params


class BestWeights(Protocol):
    """Stores the weights with the lowest validation so far."""

    def keep(self, params: Params, bits: float) -> None:
        """Store the current weights as the best, with their bits per character."""

    def take(self, bits: float) -> Params | None:
        """The weights with these bits, not to be changed; None, with a warning, if they are missing."""


class InMemory:
    """Stores a copy in memory."""

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
        lost = 'the weights of the best validation are not in memory; using the last model instead'
        warnings.warn(lost, RuntimeWarning, stacklevel=2)
        return None
