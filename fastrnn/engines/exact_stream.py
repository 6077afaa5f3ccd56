"""Reads and samples text with the exact engine's kernels, bit-identical to the reference."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels.arrays import aligned_zeros
from ..kernels.exact import buffers
from ..kernels.exact import numpy_functions as native
from ..kernels.exact import rnn as exact
from ..kernels.sampling import Choice
from ..model.overflow import OF_MODEL, not_finite
from ..model.params import Params


class ExactStream:
    """A state of the gist's model, in float64, and the character that it reads next."""

    def __init__(
        self, addresses: native.Native, weights: buffers.Weights, work: buffers.Work, h: NDArray[np.float64]
    ) -> None:
        """Changes h (H,) in place. Rows of ``work`` are scratch space, except hidden states and gradients."""
        self.states, self.ix = h, 0
        self._native, self._weights, self._work = addresses, weights, work
        self._literal = not np.isfinite(weights.WxhT).all()  # one-hot products with inf or NaN

    @classmethod
    def of(cls, params: Params) -> 'ExactStream':
        """A stream with its own copy of a model, from h = 0."""
        params = on_lines(params)
        return cls(native.find(), as_weights(params), buffers.make_work(1, params.H, params.V), np.zeros(params.H))

    def read(self, ids: NDArray[Any] | Sequence[int]) -> None:
        """Read all characters (n,) except the last, which is read next; n >= 1."""
        ids = np.asarray(ids, np.uint32)  # one type, so that only one kernel is compiled
        if ids.size > 1:
            exact.absorb(self._native, self.states, ids[:-1], self._weights, self._literal, self._work)
        self.ix = int(ids[-1])

    def draw(self, rng: Any, length: int, choice: Choice | None = None, *, cause: str = OF_MODEL) -> NDArray[np.uint32]:
        """Sample characters (length,), with one uniform number of ``rng`` each; without a choice, as the gist does.

        Raises Diverged, with this cause, if a probability is NaN, after using as many numbers as the gist would.
        """
        choice = choice or Choice(1.0, self._weights.by.size, 1.0)
        before, uniforms, out = rng.get_state(), rng.random_sample(length), np.zeros(length, np.uint32)
        drawn = exact.sample(
            self._native, self.states, self.ix, uniforms, self._weights, self._literal, choice, self._work, out
        )
        if drawn < length:
            rng.set_state(before)
            rng.random_sample(drawn)
            raise not_finite(cause)
        self.ix = int(out[-1]) if length else self.ix
        return out


def on_lines(params: Params) -> Params:
    """A copy in float64 whose Whh starts at a cache line.

    NumPy's memory may start 16 bytes off, so that vectors of Whh cross lines (an iteration at H=100: 95 us, not 84).
    """
    flat = aligned_zeros(-params.WxhT.size % 8 + params.flat.size)[-params.flat.size :]
    flat[:] = params.flat
    return Params.over(params.architecture, flat)


def as_weights(params: Params) -> buffers.Weights:
    """A model's parameters, or their moments, as the kernels take them."""
    return buffers.Weights(params.WxhT, params.Whh[0], params.Why, params.bh[0], params.by)
