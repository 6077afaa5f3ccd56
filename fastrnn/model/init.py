"""Initial values of a model's parameters."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .architecture import Architecture
from .params import Params

GIST_SCALE = 0.01


class Normal(Protocol):
    """A generator of NumPy's legacy kind."""

    def randn(self, *shape: int) -> NDArray[Any]: ...


def gist(architecture: Architecture, rng: Normal) -> Params:
    """0.01 * randn for the matrices, drawn in the gist's order; zeros for the biases."""
    params = Params(architecture)
    for matrix in (params.Wxh, params.Whh, params.Why):
        matrix[...] = rng.randn(*matrix.shape) * GIST_SCALE
    return params


def scaled(architecture: Architecture, rng: Normal) -> Params:
    """For larger H: Whh orthogonal, so that states neither vanish nor explode; Wxh, Why by 1/sqrt(H)."""
    params = Params(architecture)
    root = np.sqrt(params.H)
    params.Wxh[...] = rng.randn(*params.Wxh.shape) / root
    Q, R = np.linalg.qr(rng.randn(*params.Whh.shape))
    params.Whh[...] = Q * np.sign(np.diag(R))
    params.Why[...] = rng.randn(*params.Why.shape) / root
    return params


INITS: dict[str, Callable[[Architecture, Normal], Params]] = {'gist': gist, 'scaled': scaled}  # by Config's names
