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
    """Draw the matrices as 0.01 * randn in the gist's order, layer by layer; biases are 0."""
    params = Params(architecture)
    for matrix in (params.Wxh, *params.Wih, *params.Whh, params.Why):
        matrix[...] = rng.randn(*matrix.shape) * GIST_SCALE
    return params


def scaled(architecture: Architecture, rng: Generator) -> Params:
    """Initialise for larger H: each gate's Whh is orthogonal, so that states neither vanish nor explode.

    Other matrices are normal with standard deviation 1/sqrt(H). All biases are 0, also those of an LSTM's forget gates:
    with 1, as Jozefowicz, Zaremba and Sutskever (2015) advise, training is slower (0.08 bits worse after 4 epochs:
    bench/inits.md). The weights are bit-identical on every machine; those from randn and LAPACK would not be.
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
    """Nearly normal numbers of variance 1: sums of 12 uniform ones. Logarithms differ between C libraries."""
    total = np.full(shape, -6.0)
    for _ in range(12):
        total += rng.random_sample(shape)
    return total


INITS: dict[str, Callable[[Architecture, Generator], Params]] = {'gist': gist, 'scaled': scaled}  # by Config's names
