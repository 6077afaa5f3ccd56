"""What bench/versus.py lets PyTorch try: recipes, each a model and how it is trained, and the stages of a search."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

Change = dict[str, Any]  # fields of a recipe
FACTORS = {'rate', 'B', 'T'}  # of which a change is a factor
WIDENED = 2  # of the first recipes of a stage: the best, to which each change is tried


@dataclass(frozen=True)
class Recipe:
    """One layer of nn.LSTM or nn.GRU, and its AdamW."""

    cell: str = 'lstm'
    H: int = 128
    rate: float = 16e-3
    B: int = 32
    T: int = 32
    dropout: float = 0.0  # of what the layer hands to the output
    bfloat16: bool = False  # products, by torch.autocast

    @property
    def words(self) -> str:
        parts = [f'{self.cell.upper()} {self.H}', f'B = {self.B}', f'T = {self.T}', f'rate {self.rate:g}']
        parts += [f'dropout {self.dropout:g}'] * (self.dropout > 0)
        return ', '.join([*parts, *['bfloat16'] * self.bfloat16])

    def changed(self, change: Change) -> 'Recipe':
        factors = {
            name: type(getattr(self, name))(getattr(self, name) * change[name]) for name in FACTORS & change.keys()
        }
        return replace(self, **(change | factors))


@dataclass(frozen=True)
class Stage:
    """Recipes to begin with, and changes of the best of them."""

    first: tuple[Change, ...]
    changes: tuple[Change, ...]


LSTM_128, LSTM_256, LSTM_512, GRU_128, GRU_256 = (
    {'cell': cell, 'H': H} for cell, H in (('lstm', 128), ('lstm', 256), ('lstm', 512), ('gru', 128), ('gru', 256))
)
SMALL = (LSTM_128, LSTM_256, GRU_128, GRU_256)
STAGES = {  # by seconds of training: at most 14, 10 and 7 recipes
    10.0: Stage((*SMALL, *(model | {'rate': 0.5} for model in SMALL)), ({'T': 0.5}, {'rate': 2}, {'B': 0.5})),
    30.0: Stage(SMALL, ({'rate': 0.5}, {'rate': 2}, {'T': 2})),
    90.0: Stage((LSTM_256, LSTM_512, GRU_256), ({'dropout': 0.2}, {'rate': 0.5})),
}


def search(stage: Stage, base: Recipe, bits: Callable[[Recipe], float]) -> Recipe:
    """The recipe with the fewest bits per character of all that a stage tries.

    The first ones are trained otherwise as ``base``, the best of the stage before. To the best two of them the changes
    are made one after another; one that helps stays when the next is tried.
    """
    first = [base.changed(change) for change in stage.first]
    ends = sorted(first, key=lambda recipe: (bits(recipe), recipe.words))[:WIDENED]
    for k, recipe in enumerate(ends):
        for change in stage.changes:
            recipe = min(recipe, recipe.changed(change), key=bits)
        ends[k] = recipe
    return min(ends, key=bits)
