"""A model's parameters: one flat buffer, and views of it by name."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .architecture import Architecture

Floats = NDArray[Any]


class Params:
    """Parameters, or gradients or moments of them, in one array ``flat`` (N,), zeros at first.

    The views share its memory: ``WxhT`` (V, H), ``Whh`` (H, H), ``Why`` (V, H), ``bh`` (H,), ``by`` (V,); and ``Wxh``
    (H, V), as the gist has it.
    """

    def __init__(self, architecture: Architecture, dtype: DTypeLike = np.float64) -> None:
        self._lay_out(architecture, np.zeros(architecture.parameters, dtype))

    @classmethod
    def over(cls, architecture: Architecture, flat: Floats) -> 'Params':
        """Views of a buffer that is there."""
        params = cls.__new__(cls)
        params._lay_out(architecture, flat)
        return params

    def _lay_out(self, architecture: Architecture, flat: Floats) -> None:
        N = architecture.parameters
        if flat.shape != (N,):
            raise ValueError(f'flat has shape {flat.shape}, but {architecture} needs ({N},)')
        self.architecture, self.flat = architecture, flat
        parts = np.split(flat, np.cumsum(list(architecture.sizes.values()))[:-1])
        self.by_name = {
            tensor.name: part.reshape(tensor.shape) for tensor, part in zip(architecture.tensors, parts, strict=True)
        }
        self.WxhT, self.Whh, self.Why, self.bh, self.by = self.by_name.values()

    def __reduce__(self) -> tuple[Any, ...]:  # the views of a copy share its own memory
        return Params.over, (self.architecture, self.flat)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Params):
            return NotImplemented
        same_kind = (self.architecture, self.flat.dtype) == (other.architecture, other.flat.dtype)
        return same_kind and bool(np.array_equal(self.flat, other.flat))

    __hash__ = None  # type: ignore[assignment]  # they change

    def __repr__(self) -> str:
        return f'Params(H={self.H}, V={self.V}, {self.flat.dtype})'

    @property
    def Wxh(self) -> Floats:
        return self.WxhT.T

    @property
    def views(self) -> tuple[Floats, ...]:
        """Wxh, Whh, Why, bh, by."""
        return self.Wxh, self.Whh, self.Why, self.bh, self.by

    @property
    def by_gist_name(self) -> dict[str, Floats]:
        """The same in the gist's shapes."""
        tensors = self.architecture.tensors
        return {tensor.gist_name: tensor.as_in_the_gist(self.by_name[tensor.name]) for tensor in tensors}

    @property
    def H(self) -> int:
        return self.architecture.H

    @property
    def V(self) -> int:
        return self.architecture.V

    def astype(self, dtype: DTypeLike) -> 'Params':
        """A copy in another precision."""
        return Params.over(self.architecture, self.flat.astype(dtype))
