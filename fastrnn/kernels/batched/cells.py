"""The classes of cells by name."""

from .cell import Cell
from .gru import Gru
from .lstm import Lstm
from .rnn import Rnn

CELLS: dict[str, type[Cell]] = {'rnn': Rnn, 'gru': Gru, 'lstm': Lstm}
