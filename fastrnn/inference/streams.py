"""States that are carried on character by character: one by the exact kernels, many at once by the fast ones."""

import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..engines.exact import as_weights
from ..engines.fast import pack
from ..errors import Diverged
from ..kernels.choice import Choice
from ..kernels.exact import buffers
from ..kernels.exact import numpy_functions as native
from ..kernels.exact import rnn as exact
from ..kernels.fast import generate
from ..kernels.team import Team, alone
from ..model.model import Model
from ..model.params import Params
from ..parallel.threads import ThreadTuner
from .prompt import first_character

PIECE = 0.02  # seconds: often enough for the eye and for Ctrl-C, seldom enough to cost nothing
FIRST_PIECE = 64  # steps of the first, while the pace is not known

Result = TypeVar('Result')


class Pace:
    """Cuts work into pieces that each take about PIECE seconds."""

    def __init__(self) -> None:
        self._size = FIRST_PIECE

    def __call__(self, work: Callable[[int], Result], left: int) -> Result:
        """work(size) for the next size, at most ``left``; only its own time counts."""
        size, start = min(self._size, left), time.perf_counter()
        result = work(size)
        seconds = max(time.perf_counter() - start, 1e-9)
        self._size = max(1, min(4 * self._size, int(size * PIECE / seconds)))
        return result


class Stream:
    """One state, from h = 0 on, in float64 and with the reference's bits."""

    def __init__(self, model: Model, prime: NDArray[np.uint32]) -> None:
        params = model.params.astype(np.float64)
        self.h = np.zeros(params.H)  # before character ix
        self.ix = int(prime[-1]) if prime.size else first_character(model)
        self._unread = prime[:-1]
        self._weights, self._literal = as_weights(params), not np.isfinite(params.WxhT).all()
        self._native, self._work = native.find(), buffers.make_work(1, params.H, params.V)

    def absorb(self) -> Iterator[None]:
        """Read the prime, a piece at a time."""
        pace = Pace()
        while self._unread.size:
            pace(self._absorb, self._unread.size)
            yield

    def _absorb(self, size: int) -> None:
        part, self._unread = self._unread[:size], self._unread[size:]
        exact.absorb(self._native, self.h, part, self._weights, self._literal, self._work)

    def draw(self, choice: Choice, rng: np.random.RandomState, size: int) -> NDArray[np.uint32]:
        """So many characters, with one uniform number each. Raises Diverged where probabilities are NaN."""
        uniforms, out = rng.random_sample(size), np.zeros(size, np.uint32)
        drawn = exact.sample(
            self._native, self.h, self.ix, uniforms, self._weights, self._literal, choice, self._work, out
        )
        if drawn < size:
            raise not_finite()
        self.ix = int(out[-1])
        return out


def not_finite() -> Diverged:
    return Diverged("probabilities contain NaN: the model's weights are not finite, or far too large")


class Batch:
    """A model in the fast kernels' form, in its own dtype; streams that share it."""

    def __init__(self, params: Params, choice: Choice, threads: int) -> None:
        dtype: Any = np.result_type(params.flat.dtype, np.float32).type
        params, limits = params.astype(dtype), np.finfo(dtype)
        self._weights, self._packed = pack(params, strips=False)
        # 1e-50 would be 0 in float32
        self._choice = choice._replace(temperature=dtype(np.clip(choice.temperature, limits.tiny, limits.max)))
        self._threads = threads

    def draw(
        self, B: int, length: int, start: Stream, rng: np.random.RandomState, tuner: ThreadTuner
    ) -> Generator[None, None, NDArray[np.uint32]]:
        """Characters (length, B) of B streams that all go on from ``start``, which is not changed; piece by piece."""
        streams, out = (
            generate.make_streams(B, self._weights, self._packed, self._threads),
            np.zeros((length, B), np.uint32),
        )
        streams.hs[:, : start.h.size], streams.ixs[:] = start.h, start.ix
        self._run(alone(), np.zeros((0, B)), streams, out)  # compiles, or loads, before threads do
        pace, done = Pace(), 0
        while done < length:
            done += pace(partial(self._piece, rng, tuner, streams, out[done:]), length - done)
            yield
        return out

    def _piece(
        self,
        rng: np.random.RandomState,
        tuner: ThreadTuner,
        streams: generate.Streams,
        out: NDArray[np.uint32],
        size: int,
    ) -> int:
        uniforms = rng.random_sample((size, out.shape[1]))

        def work(part: slice, team: Team) -> None:
            self._run(team, uniforms[part], streams, out[part])

        tuner.run(size, work)
        if streams.failed.any():
            raise not_finite()
        return size

    def _run(
        self, team: Team, uniforms: NDArray[np.float64], streams: generate.Streams, out: NDArray[np.uint32]
    ) -> None:
        generate.draw(team, self._weights, self._packed, self._choice, uniforms, streams, out)
