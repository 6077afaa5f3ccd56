"""The architecture of a model: the only place that knows names, shapes, sizes and flop counts."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from ..settings.options import Settings, check


class Cell(NamedTuple):
    gates: int  # G, blocks of H rows of Whh
    blocks: int  # S, blocks of H numbers that each step stores: the gates, and for a GRU the hidden side of n
    states: int  # vectors (H,) that are carried from character to character


# gates as in PyTorch: rnn tanh; gru r z n, r multiplies the hidden side of n, which has a separate bias; lstm i f g o
CELLS = {'rnn': Cell(1, 1, 1), 'gru': Cell(3, 4, 1), 'lstm': Cell(4, 4, 2)}


NGRAMS = 'ngrams.weight'  # the name of the n-grams' rows in files


class Tensor(NamedTuple):
    """A group of parameters: matrices or biases. The name of a transposed matrix ends in T."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Architecture:
    """The cell of a model, and its sizes."""

    cell: str
    layers: int  # L
    H: int  # hidden units of a layer
    V: int  # vocabulary
    ngrams: int = 0  # highest order of the n-grams with rows of logits; 0: no n-grams
    ngram_rows: int = 0  # rows for each order from 2 up

    def __post_init__(self) -> None:
        if self.cell not in CELLS:  # exact, as the name is written to files
            raise ValueError(f'cell is {self.cell!r}; it must be one of {", ".join(CELLS)}')
        check('layers', self.layers)
        check('ngrams', self.ngrams)

    @classmethod
    def of(cls, settings: Settings, V: int) -> 'Architecture':
        """The architecture for settings and a text of V distinct characters."""
        ngrams, rows = (settings.ngrams, settings.ngram_rows) if settings.ngrams > 1 else (0, 0)  # order 1 has no rows
        return cls(settings.cell, settings.layers, settings.hidden_size, V, ngrams, rows)

    @property
    def is_gist(self) -> bool:
        """True for the gist's model: one tanh layer without n-grams."""
        return self.cell == 'rnn' and self.layers == 1 and not self.ngrams

    @property
    def words(self) -> str:
        rows = f' and {self.ngrams}-grams' if self.ngrams else ''
        return in_words(self.cell, self.layers, self.H) + rows

    @property
    def kind(self) -> Cell:
        return CELLS[self.cell]

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors in their order in a flat buffer, each C-contiguous. The gist's model has no Wih and bhn."""
        L, H, V, G = self.layers, self.H, self.V, self.kind.gates
        return (
            Tensor('WxhT', (V, G * H)),  # transposed, so that a character's column of Wxh is contiguous
            Tensor('Wih', (L - 1, G * H, H)),  # for the layers above the first
            Tensor('Whh', (L, G * H, H)),
            Tensor('Why', (V, H)),
            Tensor('bh', (L, G * H)),
            Tensor('bhn', (L, (self.kind.blocks - G) * H)),  # GRU only: biases of the hidden side of n
            Tensor('by', (V,)),
        )

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The number of parameters in each tensor."""
        return {tensor.name: tensor.size for tensor in self.tensors}

    @property
    def parameters(self) -> int:
        """N, the number of parameters without the rows of n-grams."""
        return sum(self.sizes.values())

    @property
    def rows_shape(self) -> tuple[int, int]:
        """The shape of the rows of n-grams, order by order."""
        return max(0, self.ngrams - 1) * self.ngram_rows, self.V

    @property
    def all_parameters(self) -> int:
        """The number of parameters, with the rows of n-grams."""
        return self.parameters + math.prod(self.rows_shape)

    @property
    def without_rows(self) -> 'Architecture':
        """The architecture without n-grams, for gradients and moments: rows don't have any."""
        return replace(self, ngrams=0, ngram_rows=0)

    @property
    def file_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by their names in files: the gist's names for its model, else PyTorch's."""
        if self.is_gist:
            return gist_shapes(self.H, self.V)
        return torch_shapes(self) | ({NGRAMS: self.rows_shape} if self.ngrams else {})

    def state_shape(self, B: int) -> tuple[int, int]:
        """The shape of the state of B streams: h of each layer, and for an LSTM h and c."""
        return B, self.layers * self.kind.states * self.H

    @property
    def forward_flops(self) -> int:
        """Flops of the matrix products for one character: 2 per weight; Wxh is only indexed."""
        return 2 * (self.sizes['Wih'] + self.sizes['Whh'] + self.sizes['Why'])

    @property
    def training_flops(self) -> int:
        """Flops per character in training: the forward pass, and as many again for states and for weights."""
        return 3 * self.forward_flops


def in_words(cell: str, layers: int, H: int) -> str:
    """An architecture in words: 'H=100' (tanh), 'lstm H=256', 'gru 2 x 128'."""
    if layers > 1:
        return f'{cell} {layers} x {H}'
    return f'H={H}' if cell == 'rnn' else f'{cell} H={H}'


def gist_shapes(H: int, V: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the gist's parameters by name; biases are columns."""
    return {'Wxh': (H, V), 'Whh': (H, H), 'Why': (V, H), 'bh': (H, 1), 'by': (V, 1)}


def torch_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters by their names in PyTorch's ``RNN``, ``GRU``, ``LSTM`` and ``Linear``."""
    H, V, rows = architecture.H, architecture.V, architecture.kind.gates * architecture.H
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(architecture.layers):
        shapes |= {
            f'rnn.weight_ih_l{layer}': (rows, H if layer else V),
            f'rnn.weight_hh_l{layer}': (rows, H),
            f'rnn.bias_ih_l{layer}': (rows,),
            f'rnn.bias_hh_l{layer}': (rows,),
        }
    return shapes | {'output.weight': (V, H), 'output.bias': (V,)}


GIST_NAMES = tuple(gist_shapes(1, 1))
