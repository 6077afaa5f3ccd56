"""The recipes that bench/versus.py tries for PyTorch (a model and its training), and the stages of its search."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

Change = dict[str, Any]  # fields of a recipe, or factors for them
FACTORS = {'rate': 'rate', 'B': 'B', 'T': 'T', 'width': 'H'}  # changes that are factors, and their fields
LONG = 300.0  # seconds; from here on few recipes are tried
WIDENED = 2  # number of best recipes of a stage to which changes are applied


@dataclass(frozen=True)
class Recipe:
    """One layer of nn.LSTM or nn.GRU, trained with AdamW."""

    cell: str = 'lstm'
    H: int = 128
    rate: float = 16e-3
    B: int = 32
    T: int = 32
    dropout: float = 0.0  # of the layer's output
    bfloat16: bool = False  # for products, with torch.autocast

    @property
    def words(self) -> str:
        parts = [f'{self.cell.upper()} {self.H}', f'B = {self.B}', f'T = {self.T}', f'rate {self.rate:g}']
        parts += [f'dropout {self.dropout:g}'] * (self.dropout > 0)
        return ', '.join([*parts, *['bfloat16'] * self.bfloat16])

    def changed(self, change: Change) -> 'Recipe':
        factors = {FACTORS[name]: factor for name, factor in change.items() if name in FACTORS}
        values = {name: value for name, value in change.items() if name not in FACTORS}
        scaled = {name: type(getattr(self, name))(getattr(self, name) * factor) for name, factor in factors.items()}
        return replace(self, **values, **scaled)


@dataclass(frozen=True)
class Stage:
    """First recipes, and changes of the best of them."""

    first: tuple[Change, ...]
    changes: tuple[Change, ...]


LSTM_128, LSTM_256, LSTM_512, GRU_128, GRU_256 = (
    {'cell': cell, 'H': H} for cell, H in (('lstm', 128), ('lstm', 256), ('lstm', 512), ('gru', 128), ('gru', 256))
)
SMALL = (LSTM_128, LSTM_256, GRU_128, GRU_256)
STAGES = {  # by seconds of training: up to 14, 10 and 7 recipes
    10.0: Stage((*SMALL, *(model | {'rate': 0.5} for model in SMALL)), ({'T': 0.5}, {'rate': 2}, {'B': 0.5})),
    30.0: Stage(SMALL, ({'rate': 0.5}, {'rate': 2}, {'T': 2})),
    90.0: Stage((LSTM_256, LSTM_512, GRU_256), ({'dropout': 0.2}, {'rate': 0.5})),
}


# For a text that is read once or less, with any times: up to 18, 10 and 3 recipes. B is 16 to 128.
FIRST = Stage(STAGES[10.0].first, ({'B': 2}, {'B': 2}, {'B': 0.5}, {'T': 0.5}, {'rate': 2}))
NEXT = Stage(({}, {'width': 2}, LSTM_256, GRU_256), ({'B': 2}, {'rate': 0.5}, {'rate': 2}))
LAST = Stage(({}, {'rate': 0.5}, {'width': 2, 'rate': 0.5}), ())


def stages(times: Sequence[float]) -> dict[float, Stage]:
    """Stages for a large text, by seconds of training."""
    return {seconds: LAST if seconds >= LONG else NEXT if k else FIRST for k, seconds in enumerate(times)}


def search(stage: Stage, base: Recipe, bits: Callable[[Recipe], float]) -> Recipe:
    """The recipe with the fewest bits per character among all that a stage tries.

    The first recipes have the other settings of ``base``, the best of the stage before. The best two of them then get
    the changes, one after the other; a change that helps stays.
    """
    first = [base.changed(change) for change in stage.first]
    ends = sorted(first, key=lambda recipe: (bits(recipe), recipe.words))[:WIDENED]
    for k, recipe in enumerate(ends):
        for change in stage.changes:
            recipe = min(recipe, recipe.changed(change), key=bits)
        ends[k] = recipe
    return min(ends, key=bits)
