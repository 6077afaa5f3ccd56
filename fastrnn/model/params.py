"""A model's parameters: one flat buffer with five named views; and the state of a training run."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]


class Normal(Protocol):
    """A generator of NumPy's legacy kind."""

    def randn(self, *shape: int) -> Floats: ...


class Params:
    """Wxh Whh Why bh by (or gradients, or an optimizer's memory, of them) in one array ``flat``.

    The views share its memory. Wxh is kept transposed, so that the column that a one-hot x picks is
    contiguous: ``WxhT`` (V, H); ``Wxh`` is the view in the gist's shape (H, V).
    """

    def __init__(self, H: int, V: int, flat: Floats | None = None) -> None:
        shapes = {'WxhT': (V, H), 'Whh': (H, H), 'Why': (V, H), 'bh': (H,), 'by': (V,)}
        sizes = [int(np.prod(shape)) for shape in shapes.values()]
        self.flat: Floats = np.zeros(sum(sizes)) if flat is None else flat
        if self.flat.shape != (sum(sizes),):
            raise ValueError(f'flat has shape {self.flat.shape}, but H={H} and V={V} need ({sum(sizes)},)')
        parts = np.split(self.flat, np.cumsum(sizes)[:-1])
        self.WxhT, self.Whh, self.Why, self.bh, self.by = (
            part.reshape(shape) for part, shape in zip(parts, shapes.values(), strict=True)
        )

    def __reduce__(self) -> tuple[Any, ...]:  # the views of a copy share its own memory
        return Params, (self.H, self.V, self.flat)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Params):
            return NotImplemented
        sizes = (self.H, self.V, self.flat.dtype) == (other.H, other.V, other.flat.dtype)
        return sizes and bool(np.array_equal(self.flat, other.flat))

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
    def H(self) -> int:
        return self.bh.size

    @property
    def V(self) -> int:
        return self.by.size

    def astype(self, dtype: Any) -> 'Params':
        """A copy in another precision."""
        return Params(self.H, self.V, self.flat.astype(dtype))

    @classmethod
    def gist(cls, H: int, V: int, rng: Normal) -> 'Params':
        """0.01 * randn for the matrices, drawn in the gist's order; zeros for the biases."""
        params = cls(H, V)
        params.Wxh[...] = rng.randn(H, V) * 0.01
        params.Whh[...] = rng.randn(H, H) * 0.01
        params.Why[...] = rng.randn(V, H) * 0.01
        return params

    @classmethod
    def scaled(cls, H: int, V: int, rng: Normal) -> 'Params':
        """For larger H: Whh orthogonal, so that states neither vanish nor explode; Wxh, Why by 1/sqrt(H)."""
        params = cls(H, V)
        params.Wxh[...] = rng.randn(H, V) / np.sqrt(H)
        Q, R = np.linalg.qr(rng.randn(H, H))
        params.Whh[...] = Q * np.sign(np.diag(R))
        params.Why[...] = rng.randn(V, H) / np.sqrt(H)
        return params


@dataclass(frozen=True)
class TrainState:
    """Between two iterations, all that a run needs to go on as if it had not stopped; arrays are copies.

    The first half is the engine's, the second the loop's.
    """

    params: Params
    memory: dict[str, Params]  # the optimizer's: 'm', and with Adam 'v', in the letters of its paper
    hidden: Floats  # (B, H), each stream's
    position: int  # where in each stream the next window starts
    steps: int  # of the optimizer, which corrects Adam's bias by them
    smooth_loss: float  # nats, summed over T
    rng: dict[str, Any]  # of NumPy's legacy generator: RandomState.get_state(legacy=False)

    iteration: int = 0  # how many are done
    seconds: float = 0.0  # of training, so far
    halvings: int = 0  # of the learning rate, after divergences
    best: float | None = None  # lowest validation so far, bits per character
    verified: bool = True  # good to come back to
    log_lines: int = 0  # records that were logged by then

    @property
    def finite(self) -> bool:
        """Whether every number in it is."""
        arrays = [self.params.flat, self.hidden, *(memory.flat for memory in self.memory.values())]
        return all(np.isfinite(array).all() for array in arrays) and bool(np.isfinite(self.smooth_loss))
