"""The interface of engines, and the engine that the settings name."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..data.stored import Ids
from ..model.architecture import Architecture
from ..model.params import Params
from ..model.state import TrainState
from ..parallel.processes import by_host
from ..settings.options import Settings
from .batched import BatchedEngine as BatchedEngine
from .exact import ExactEngine as ExactEngine
from .reference import ReferenceEngine as ReferenceEngine


class Engine(Protocol):
    """Trains a model on one text."""

    smooth_loss: float

    @staticmethod
    def memory(settings: Settings, architecture: Architecture) -> int:
        """Bytes that the engine needs besides the text."""

    @property
    def params(self) -> Params:
        """The current weights."""

    @property
    def settled(self) -> bool:
        """True once the number of threads is chosen."""

    @property
    def threads(self) -> int:
        """The fastest number of threads so far."""

    def run(self, iterations: int, rates: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Train ``iterations`` iterations (1 or more); returns losses in nats, summed over T, averaged over streams.

        rates: a learning rate for each, if the engine supports schedules.
        """

    def fetch(self, iterations: int) -> None:
        """Load the text for the next ``iterations`` iterations; raises TextLost before any state changes."""

    def state(self) -> TrainState:
        """A copy of the engine's part of the state."""

    def restore(self, state: TrainState) -> None:
        """Continue from a state of a run with the same settings and text; the number of threads may differ."""

    def sample(self, length: int, params: Params | None = None) -> NDArray[np.uint32]:
        """Sample characters from the current state, which only changes the gist's generator.

        params: sample with these instead; only for engines that sample only at the end. Raises Diverged if
        probabilities are NaN.
        """

    def close(self) -> None:
        """Release threads."""


# the names are those of settings/abilities.py, which says what each engine can do
ENGINES: dict[str, Any] = {'exact': ExactEngine, 'batched': BatchedEngine, 'reference': ReferenceEngine}


@by_host  # each host compiles kernels once
def make_engine(settings: Settings, ids: Ids, V: int) -> Engine:
    """The engine that the settings name, for a text with V distinct characters."""
    engine: Engine = ENGINES[settings.engine](settings, ids, V)
    return engine
