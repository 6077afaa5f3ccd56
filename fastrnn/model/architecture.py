"""What a model is made of: the only place that knows names, shapes, sizes and flop counts."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ..settings.config import Config


class Cell(NamedTuple):
    gates: int  # G, blocks of H rows of Whh
    states: int  # vectors (H,) that are carried from character to character


CELLS = {'rnn': Cell(1, 1)}
MOST_LAYERS = 1


class Tensor(NamedTuple):
    """Some of the parameters: a matrix, whose name ends in T where it lies transposed, or a bias."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def gist_name(self) -> str:
        """The gist's, and that in files."""
        return self.name.removesuffix('T')

    @property
    def gist_shape(self) -> tuple[int, ...]:
        """The gist's, and that in files: there biases are columns."""
        if len(self.shape) == 1:
            return (*self.shape, 1)
        return self.shape if self.name == self.gist_name else self.shape[::-1]

    def as_in_the_gist(self, array: NDArray[Any]) -> NDArray[Any]:
        """A view of the array in the gist's shape."""
        return array.reshape(self.gist_shape) if self.name == self.gist_name else array.T


@dataclass(frozen=True)
class Architecture:
    """A kind of model, and its sizes."""

    cell: str
    layers: int  # L
    H: int  # hidden units
    V: int  # vocabulary

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise ValueError(f'the cell is {self.cell!r}; it must be one of {", ".join(CELLS)}')
        if not 1 <= self.layers <= MOST_LAYERS:
            raise ValueError(f'there are {self.layers} layers; there must be from 1 to {MOST_LAYERS}')

    @classmethod
    def of(cls, config: Config, V: int) -> 'Architecture':
        """The one that a configuration asks for, of a text of V distinct characters."""
        return cls('rnn', 1, config.hidden_size, V)

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """As they lie in a flat buffer, one after the other, each C-contiguous."""
        H, V, GH = self.H, self.V, CELLS[self.cell].gates * self.H
        return (
            Tensor('WxhT', (V, GH)),  # so that the column of Wxh that a one-hot x picks is contiguous
            Tensor('Whh', (GH, H)),
            Tensor('Why', (V, H)),
            Tensor('bh', (GH,)),
            Tensor('by', (V,)),
        )

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Numbers in each tensor."""
        return {tensor.name: tensor.size for tensor in self.tensors}

    @property
    def parameters(self) -> int:
        """N, how many there are."""
        return sum(self.sizes.values())

    def state_shape(self, B: int) -> tuple[int, int]:
        """Of what B streams carry from character to character."""
        return B, self.layers * CELLS[self.cell].states * self.H

    @property
    def forward_flops(self) -> int:
        """Of the products for one character: an addition and a multiplication a weight; Wxh is only looked up."""
        return 2 * (self.sizes['Whh'] + self.sizes['Why'])

    @property
    def training_flops(self) -> int:
        """Of the products for one character: backward, one as large for the states, and one for the weights."""
        return 3 * self.forward_flops


GIST_NAMES = tuple(tensor.gist_name for tensor in Architecture('rnn', 1, 1, 1).tensors)
