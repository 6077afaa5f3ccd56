"""The architecture of a model: the only place that knows names, shapes, sizes and flop counts."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from ..settings.options import Settings, check


class Cell(NamedTuple):
    gates: int  # G, blocks of H rows of Whh
    blocks: int  # S, of H numbers that a step keeps: the gates, and what of them the two sides do not share
    states: int  # vectors (H,) that are carried from character to character


# after PyTorch: rnn tanh; gru r z n, r multiplies the hidden side of n, which has a separate bias; lstm i f g o
CELLS = {'rnn': Cell(1, 1, 1), 'gru': Cell(3, 4, 1), 'lstm': Cell(4, 4, 2)}


NGRAMS = 'ngrams.weight'  # the name of the rows in files


class Tensor(NamedTuple):
    """Some of the parameters: a matrix, whose name ends in T where it lies transposed, or biases."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Architecture:
    """A kind of model, and its sizes."""

    cell: str
    layers: int  # L
    H: int  # hidden units of a layer
    V: int  # vocabulary
    ngrams: int = 0  # highest order of the contexts that have rows of logits; 0: there are none
    ngram_rows: int = 0  # of each order, from 2 on

    def __post_init__(self) -> None:
        if self.cell not in CELLS:  # to the letter, as files have it
            raise ValueError(f'cell is {self.cell!r}; it must be one of {", ".join(CELLS)}')
        check('layers', self.layers)
        check('ngrams', self.ngrams)

    @classmethod
    def of(cls, settings: Settings, V: int) -> 'Architecture':
        """The one that settings ask for, of a text of V distinct characters."""
        ngrams, rows = (settings.ngrams, settings.ngram_rows) if settings.ngrams > 1 else (0, 0)  # one alone has none
        return cls(settings.cell, settings.layers, settings.hidden_size, V, ngrams, rows)

    @property
    def is_gist(self) -> bool:
        """Whether it is the gist's: one layer of tanh."""
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
        """As they lie in a flat buffer, one after the other, each C-contiguous; the gist's model has five of them."""
        L, H, V, G = self.layers, self.H, self.V, self.kind.gates
        return (
            Tensor('WxhT', (V, G * H)),  # so that the column of Wxh that a one-hot x picks is contiguous
            Tensor('Wih', (L - 1, G * H, H)),  # of the layers above the first
            Tensor('Whh', (L, G * H, H)),
            Tensor('Why', (V, H)),
            Tensor('bh', (L, G * H)),
            Tensor('bhn', (L, (self.kind.blocks - G) * H)),  # of the hidden side of the last gate, where it has its own
            Tensor('by', (V,)),
        )

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Numbers in each tensor."""
        return {tensor.name: tensor.size for tensor in self.tensors}

    @property
    def parameters(self) -> int:
        """N, the number of parameters without the rows of n-grams."""
        return sum(self.sizes.values())

    @property
    def rows_shape(self) -> tuple[int, int]:
        """Of the rows of n-grams, order by order."""
        return max(0, self.ngrams - 1) * self.ngram_rows, self.V

    @property
    def all_parameters(self) -> int:
        """The number of parameters, with the rows of n-grams."""
        return self.parameters + math.prod(self.rows_shape)

    @property
    def without_rows(self) -> 'Architecture':
        """Of gradients and moments, which rows have none of."""
        return replace(self, ngrams=0, ngram_rows=0)

    @property
    def file_shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the parameters by their names in files: the gist's for its model, PyTorch's for any other."""
        if self.is_gist:
            return gist_shapes(self.H, self.V)
        return torch_shapes(self) | ({NGRAMS: self.rows_shape} if self.ngrams else {})

    def state_shape(self, B: int) -> tuple[int, int]:
        """Of what B streams carry from character to character: h of each layer, of an LSTM h and c."""
        return B, self.layers * self.kind.states * self.H

    @property
    def forward_flops(self) -> int:
        """Of the products for one character: an addition and a multiplication a weight; Wxh is only looked up."""
        return 2 * (self.sizes['Wih'] + self.sizes['Whh'] + self.sizes['Why'])

    @property
    def training_flops(self) -> int:
        """Of the products for one character: backward, one as large for the states, and one for the weights."""
        return 3 * self.forward_flops


def in_words(cell: str, layers: int, H: int) -> str:
    """Such as 'H=100' of the gist's kind, 'lstm H=256', 'gru 2 x 128'."""
    if layers > 1:
        return f'{cell} {layers} x {H}'
    return f'H={H}' if cell == 'rnn' else f'{cell} H={H}'


def gist_shapes(H: int, V: int) -> dict[str, tuple[int, ...]]:
    """Of the gist's parameters, by name; biases are columns."""
    return {'Wxh': (H, V), 'Whh': (H, H), 'Why': (V, H), 'bh': (H, 1), 'by': (V, 1)}


def torch_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Of the parameters by the names that they have in ``torch.nn.RNN``, ``GRU`` and ``LSTM``, and in ``Linear``."""
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
