"""A model: weights, and what is needed to use them on text."""

from dataclasses import dataclass

from .params import Params


@dataclass(frozen=True)
class Model:
    """Weights, and what is needed to use them on text."""

    params: Params
    chars: str  # character k of the vocabulary
    unit: str = 'character'

    def __repr__(self) -> str:
        params = self.params
        return f'<fastrnn.Model: H={params.H}, {params.V:,} {self.unit}s, {params.flat.dtype}>'
