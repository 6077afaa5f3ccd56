"""What trains: one interface, and the engine that a configuration asks for."""

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
        """Bytes that it holds beside the text, whose length does not matter."""

    @property
    def params(self) -> Params:
        """The weights as they are now."""

    @property
    def settled(self) -> bool:
        """Whether it has found out by itself how many threads pay."""

    @property
    def threads(self) -> int:
        """How many threads it uses, as far as it has found out."""

    def run(self, iterations: int, rates: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """So many iterations (1 or more); returns their losses in nats, summed over T, averaged over streams.

        rates: a learning rate for each, where the engine can follow a schedule.
        """

    def fetch(self, iterations: int) -> None:
        """Have in memory what so many iterations read; raises TextLost, before anything has moved."""

    def state(self) -> TrainState:
        """The engine's part of the state, copied."""

    def restore(self, state: TrainState) -> None:
        """Go on from a state of a run of the same configuration and text; another number of threads will do."""

    def sample(self, length: int, params: Params | None = None) -> NDArray[np.uint32]:
        """Characters drawn from the present state, which stays as it is but for the gist's generator.

        params: to draw by in place of its own, which only engines are given that sample at the end alone. Raises
        Diverged where probabilities are NaN.
        """

    def close(self) -> None:
        """Let go of threads."""


# by the names of settings/abilities.py, which says what each does
ENGINES: dict[str, Any] = {'exact': ExactEngine, 'batched': BatchedEngine, 'reference': ReferenceEngine}


@by_host  # kernels are compiled once on each
def make_engine(settings: Settings, ids: Ids, V: int) -> Engine:
    """The engine that settings names, for a text of V distinct characters."""
    engine: Engine = ENGINES[settings.engine](settings, ids, V)
    return engine
