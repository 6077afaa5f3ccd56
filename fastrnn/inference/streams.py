"""States that are carried on character by character: one, or many at once."""

import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..engines.batched import pack, sizes_of
from ..engines.exact import as_weights
from ..kernels.batched import generate
from ..kernels.exact import buffers
from ..kernels.exact import numpy_functions as native
from ..kernels.exact import rnn as exact
from ..kernels.sampling import Choice
from ..kernels.team import Team, alone
from ..model.model import Model
from ..model.overflow import not_finite
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


class Stream(Protocol):
    """One state, from h = 0 on, and the character that it reads next."""

    ix: int

    def absorb(self) -> Iterator[None]:
        """Read the prime, a piece at a time."""

    def draw(self, choice: Choice, rng: np.random.RandomState, size: int) -> NDArray[np.uint32]:
        """So many characters, with one uniform number each. Raises Diverged where probabilities are NaN."""

    @property
    def states(self) -> NDArray[Any]:
        """(L, states, H)."""


def make_stream(model: Model, prime: NDArray[np.uint32]) -> Stream:
    """By the exact kernels where they know the model."""
    return ExactStream(model, prime) if model.params.architecture.is_gist else BatchedStream(model, prime)


class ExactStream:
    """In float64 and with the reference's bits."""

    def __init__(self, model: Model, prime: NDArray[np.uint32]) -> None:
        params = model.params.astype(np.float64)
        self.h = np.zeros(params.H)  # before character ix
        self.ix = int(prime[-1]) if prime.size else first_character(model)
        self._unread = prime[:-1]
        self._weights, self._literal = as_weights(params), not np.isfinite(params.WxhT).all()
        self._native, self._work = native.find(), buffers.make_work(1, params.H, params.V)

    def absorb(self) -> Iterator[None]:
        pace = Pace()
        while self._unread.size:
            pace(self._absorb, self._unread.size)
            yield

    def _absorb(self, size: int) -> None:
        part, self._unread = self._unread[:size], self._unread[size:]
        exact.absorb(self._native, self.h, part, self._weights, self._literal, self._work)

    def draw(self, choice: Choice, rng: np.random.RandomState, size: int) -> NDArray[np.uint32]:
        uniforms, out = rng.random_sample(size), np.zeros(size, np.uint32)
        drawn = exact.sample(
            self._native, self.h, self.ix, uniforms, self._weights, self._literal, choice, self._work, out
        )
        if drawn < size:
            raise not_finite()
        self.ix = int(out[-1])
        return out

    @property
    def states(self) -> NDArray[Any]:
        return self.h[None, None]


class BatchedStream:
    """By the batched kernels, in the model's own dtype."""

    def __init__(self, model: Model, prime: NDArray[np.uint32]) -> None:
        params = _in_float(model.params)
        self.ix = int(prime[-1]) if prime.size else first_character(model)
        self._unread, self._H = prime, params.H
        self._network = pack(params, strips=True)
        self._streams = generate.make_streams(sizes_of(params.architecture), 1, params.flat.dtype, 1)

    def absorb(self) -> Iterator[None]:
        pace = Pace()
        while self._unread.size > 1:
            pace(self._absorb, self._unread.size - 1)
            yield

    def _absorb(self, size: int) -> None:
        inputs, targets, self._unread = self._unread[:size], self._unread[1 : size + 1], self._unread[size:]
        arrays = (np.array(part[:, None], np.uint32) for part in (inputs, targets))
        generate.score(alone(), self._network, *arrays, self._streams, np.zeros((size, 1)))

    def draw(self, choice: Choice, rng: np.random.RandomState, size: int) -> NDArray[np.uint32]:
        streams, out = self._streams, np.zeros((size, 1), np.uint32)
        streams.ixs[0], choice = self.ix, _in_range(choice, self._network.weights.flat.dtype)
        uniforms = rng.random_sample((size, 1))
        generate.draw(alone(), self._network, choice, uniforms, streams, out)
        if streams.failed.any():
            raise not_finite()
        self.ix = int(out[-1, 0])
        return out[:, 0]

    @property
    def states(self) -> NDArray[Any]:
        states: NDArray[Any] = self._streams.hs[:, :, 0, : self._H]
        return states


def _in_float(params: Params) -> Params:
    """In the model's own dtype, or float32 for less."""
    return params.astype(np.result_type(params.flat.dtype, np.float32))


def _in_range(choice: Choice, dtype: Any) -> Choice:
    """The temperature as a number of the dtype: 1e-50 would be 0 in float32."""
    limits = np.finfo(dtype)
    return choice._replace(temperature=limits.dtype.type(np.clip(choice.temperature, limits.tiny, limits.max)))


class Batch:
    """A model in the batched kernels' form, in its own dtype; streams that share it."""

    def __init__(self, params: Params, choice: Choice, threads: int) -> None:
        params = _in_float(params)
        self._network, self._sizes = pack(params, strips=False), sizes_of(params.architecture)
        self._choice, self._threads = _in_range(choice, params.flat.dtype), threads

    def draw(
        self, B: int, length: int, start: Stream, rng: np.random.RandomState, tuner: ThreadTuner
    ) -> Generator[None, None, NDArray[np.uint32]]:
        """Characters (length, B) of B streams that all go on from ``start``, which is not changed; piece by piece."""
        streams = generate.make_streams(self._sizes, B, self._network.weights.flat.dtype, self._threads)
        streams.hs[..., : self._sizes.H], streams.ixs[:] = start.states[:, :, None], start.ix
        out = np.zeros((length, B), np.uint32)
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
        generate.draw(team, self._network, self._choice, uniforms, streams, out)
