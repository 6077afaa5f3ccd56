"""A model's parameters: one flat buffer, and views of it by name."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .architecture import Architecture, gist_shapes

Floats = NDArray[Any]


class Params:
    """Parameters, or gradients or moments of them, in one array ``flat`` (N,), zeros at first.

    The views share its memory. With L layers and G gates a cell, in PyTorch's order: ``WxhT`` (V, G*H), the lowest
    layer's rows by character, and ``Wxh``, the same transposed; ``Wih`` (L-1, G*H, H), what the others take from the
    layer below; ``Whh`` (L, G*H, H); ``Why`` (V, H); ``bh`` (L, G*H); ``bhn`` (L, H), for the hidden side of a GRU's
    last gate, (L, 0) for other cells; ``by`` (V,). ``rows`` (R, V), of n-grams, are a separate array, and none
    of gradients and moments.
    """

    def __init__(self, architecture: Architecture, dtype: DTypeLike = np.float64) -> None:
        self._lay_out(architecture, np.zeros(architecture.parameters, dtype), None)

    @classmethod
    def over(cls, architecture: Architecture, flat: Floats, rows: Floats | None = None) -> 'Params':
        """Views of a buffer that is there, and rows, which are zeros if they are not given."""
        params = cls.__new__(cls)
        params._lay_out(architecture, flat, rows)
        return params

    def _lay_out(self, architecture: Architecture, flat: Floats, rows: Floats | None) -> None:
        N = architecture.parameters
        if flat.shape != (N,):
            raise ValueError(f'flat has shape {flat.shape}, but {architecture} needs ({N},)')
        self.architecture, self.flat = architecture, flat
        self.rows = np.zeros(architecture.rows_shape, flat.dtype) if rows is None else rows
        if self.rows.shape != architecture.rows_shape:
            raise ValueError(f'rows have shape {self.rows.shape}, but {architecture} needs {architecture.rows_shape}')
        parts = np.split(flat, np.cumsum(list(architecture.sizes.values()))[:-1])
        self.by_name = {
            tensor.name: part.reshape(tensor.shape) for tensor, part in zip(architecture.tensors, parts, strict=True)
        }
        self.WxhT, self.Wih, self.Whh, self.Why, self.bh, self.bhn, self.by = self.by_name.values()

    def __reduce__(self) -> tuple[Any, ...]:  # the views of a copy share its own memory
        return Params.over, (self.architecture, self.flat, self.rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Params):
            return NotImplemented
        same_kind = (self.architecture, self.flat.dtype) == (other.architecture, other.flat.dtype)
        return same_kind and np.array_equal(self.flat, other.flat) and np.array_equal(self.rows, other.rows)

    __hash__ = None  # type: ignore[assignment]  # they change

    def __repr__(self) -> str:
        return f'Params({self.architecture}, {self.flat.dtype})'

    @property
    def Wxh(self) -> Floats:
        return self.WxhT.T

    @property
    def by_gist_name(self) -> dict[str, Floats]:
        """Views in the gist's shapes, where biases are columns; raises ValueError for any other model."""
        if not self.architecture.is_gist:
            raise ValueError(f'{self.architecture} is not one layer of tanh')
        arrays, shapes = (self.Wxh, self.Whh, self.Why, self.bh, self.by), gist_shapes(self.H, self.V)
        return {name: array.reshape(shape) for (name, shape), array in zip(shapes.items(), arrays, strict=True)}

    @property
    def H(self) -> int:
        return self.architecture.H

    @property
    def V(self) -> int:
        return self.architecture.V

    def astype(self, dtype: DTypeLike) -> 'Params':
        """A copy in another precision."""
        return Params.over(self.architecture, self.flat.astype(dtype), self.rows.astype(dtype))

    def take(self, other: 'Params') -> None:
        """Become the same as another of the same architecture, in place."""
        self.flat[:], self.rows[:] = other.flat, other.rows

    @property
    def finite(self) -> bool:
        """Whether every number is."""
        return bool(np.isfinite(self.flat).all() and np.isfinite(self.rows).all())
