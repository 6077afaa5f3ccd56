"""What bench/versus.py lets PyTorch try: recipes, each a model and how it is trained, and the stages of a search."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

Change = dict[str, Any]  # fields of a recipe, or factors of them
FACTORS = {'rate': 'rate', 'B': 'B', 'T': 'T', 'width': 'H'}  # changes that are factors, and of which field
LONG = 300.0  # seconds from which on hardly anything is tried
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
        factors = {FACTORS[name]: factor for name, factor in change.items() if name in FACTORS}
        values = {name: value for name, value in change.items() if name not in FACTORS}
        scaled = {name: type(getattr(self, name))(getattr(self, name) * factor) for name, factor in factors.items()}
        return replace(self, **values, **scaled)


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


# Of a text that is read once or less, for any times: at most 18, 10 and 3 recipes. B is 16 to 128.
FIRST = Stage(STAGES[10.0].first, ({'B': 2}, {'B': 2}, {'B': 0.5}, {'T': 0.5}, {'rate': 2}))
NEXT = Stage(({}, {'width': 2}, LSTM_256, GRU_256), ({'B': 2}, {'rate': 0.5}, {'rate': 2}))
LAST = Stage(({}, {'rate': 0.5}, {'width': 2, 'rate': 0.5}), ())


def stages(times: Sequence[float]) -> dict[float, Stage]:
    """Of a large text, by seconds of training."""
    return {seconds: LAST if seconds >= LONG else NEXT if k else FIRST for k, seconds in enumerate(times)}


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
