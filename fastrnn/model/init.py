"""Initial values of a model's parameters."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..kernels.batched.orthogonal import orthonormalise
from .architecture import Architecture
from .params import Params

GIST_SCALE = 0.01


class Generator(Protocol):
    """A generator of NumPy's legacy kind."""

    def randn(self, *shape: int) -> NDArray[Any]: ...

    def random_sample(self, size: tuple[int, ...]) -> NDArray[Any]: ...


def gist(architecture: Architecture, rng: Generator) -> Params:
    """0.01 * randn for the matrices, drawn in the gist's order, layer by layer; zeros for the biases."""
    params = Params(architecture)
    for matrix in (params.Wxh, *params.Wih, *params.Whh, params.Why):
        matrix[...] = rng.randn(*matrix.shape) * GIST_SCALE
    return params


def scaled(architecture: Architecture, rng: Generator) -> Params:
    """For larger H: each gate's Whh orthogonal, so that states neither vanish nor explode; other matrices by 1/sqrt(H).

    All biases are 0, an LSTM's forget gates' too: at 1, as Jozefowicz, Zaremba and Sutskever (2015) advise, it learns
    characters later (0.08 bits after 4 epochs: bench/inits.md). The same bits on every machine, which randn and LAPACK
    do not give.
    """
    params = Params(architecture)
    root = np.sqrt(params.H)
    params.Wxh[...] = normal(rng, params.Wxh.shape) / root
    params.Wih[...] = normal(rng, params.Wih.shape) / root
    params.Whh[...] = normal(rng, params.Whh.shape)
    for gate in params.Whh.reshape(-1, params.H, params.H):
        orthonormalise(gate, np.zeros(params.H))
    params.Why[...] = normal(rng, params.Why.shape) / root
    return params


def normal(rng: Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Normal numbers, nearly: sums of twelve uniform ones, of variance 1. A logarithm would be the C library's."""
    total = np.full(shape, -6.0)
    for _ in range(12):
        total += rng.random_sample(shape)
    return total


INITS: dict[str, Callable[[Architecture, Generator], Params]] = {'gist': gist, 'scaled': scaled}  # by Config's names
