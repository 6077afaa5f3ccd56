"""A model: weights, and what is needed to use them on text."""

from dataclasses import dataclass, field
from functools import cached_property

from ..data.vocabulary import Vocabulary
from .about import About
from .params import Params


@dataclass(frozen=True)
class Model:
    """Weights, and what is needed to use them on text."""

    params: Params  # views by name, Whh and the like
    chars: str  # character k of the vocabulary
    unit: str = 'character'
    about: About = field(default_factory=About, compare=False)  # where it comes from, as far as its file tells

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.chars, self.unit)

    def __repr__(self) -> str:
        params = self.params
        return f'<fastrnn.Model: {params.architecture.words}, {params.V:,} {self.unit}s, {params.flat.dtype}>'


def check_model(value: object) -> None:
    """Raise ValueError, in one line, for what is no model, such as the name of a file."""
    if not isinstance(value, Model):
        raise ValueError(f'the model is a {type(value).__name__}; pass what fastrnn.load_model(path) returns')
