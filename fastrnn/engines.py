"""The two ways to run the gist's iterations: the compiled kernels, and the reference itself."""

import os
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from . import reference
from .config import Config
from .errors import Diverged
from .kernels import exact, native
from .kernels.native import gemv, gemv_t
from .kernels.team import Crew, Team, alone, span
from .model import Params

ROWS_PER_THREAD = 24  # two threads: 81 us for 95 at H=50, but 73 for 74 at H=37
WAKE, TRY = 3, 12  # iterations of a trial: until all threads are awake, and timed
TRY_EVERY = 64  # blocks between two trials of another number of threads


class Engine(Protocol):
    """Trains one stream by the gist's loop."""

    smooth_loss: float

    def run(self, iterations: int) -> NDArray[np.float64]:
        """So many iterations (1 or more); returns their losses in nats, summed over T."""

    def sample(self, length: int) -> NDArray[np.intp]:
        """Characters drawn from the present state, which stays as it is."""

    def close(self) -> None:
        """Let go of threads."""


def draw(
    rng: Any,
    addresses: native.Native,
    h: NDArray[np.float64],
    seed_ix: int,
    length: int,
    weights: exact.Weights,
    literal: bool,
    work: exact.Work,
) -> NDArray[np.intp]:
    """Sample as the gist does, from h (H,), which is changed in place, with one uniform of ``rng`` a character.

    Raises Diverged where a probability is NaN, having used up as many uniforms as the gist would have.
    """
    out = np.zeros(length, np.intp)
    before = rng.get_state()
    drawn = exact.sample(addresses, h, seed_ix, rng.random_sample(length), weights, literal, work, out)
    if drawn < length:
        rng.set_state(before)
        rng.random_sample(drawn)
        raise Diverged('probabilities contain NaN: the training has diverged, take a smaller learning rate')
    return out


class ExactEngine:
    """The compiled kernels, which give the reference's bits for any number of threads."""

    def __init__(self, config: Config, ids: NDArray[np.uint16], V: int) -> None:
        H, T = config.hidden_size, config.seq_length
        self._ids, self._rate = ids, float(config.learning_rate)
        self._rng = np.random.RandomState(config.seed)
        self.params, self.mems = Params.gist(H, V, self._rng), Params(H, V)
        self._weights, self._memory = as_weights(self.params), as_weights(self.mems)
        self._native = native.find()
        self.smooth_loss = float(-np.log(1.0 / V) * T)
        self.position = np.zeros(2, np.int64)  # see exact.train
        self._work = exact.make_work(T, H, V)
        sizes = [config.threads] if config.threads else thread_counts(H)
        sizes = [size for size in sizes if self._same_bits(size)] or [1]
        self._works = [self._work] + [exact.for_thread(self._work) for _ in range(max(sizes) - 1)]
        self._crews = Crews(sizes)
        self._alone = alone()
        self._train(self._alone, np.zeros(0))  # compiles, or loads, before any thread waits for another

    def _same_bits(self, size: int) -> bool:
        """Whether BLAS gives the same bits for a thread's part of a product as for the whole.

        It does but for kernels that group rows otherwise, and above the size at which it starts threads.
        """
        if size == 1:
            return True
        rng = np.random.default_rng(0)
        H = self.params.bh.size
        if size * exact.GRAIN > H:
            return False
        A, x, whole, parts = rng.standard_normal((H, H)), rng.standard_normal(H), np.zeros(H), np.zeros(H)
        spans = [slice(*span(Team(rank, size, np.zeros(16, np.int64), 0), H, exact.GRAIN)) for rank in range(size)]
        gemv(self._native, A, x, whole)
        for part in spans:
            gemv(self._native, A[part], x, parts[part])
        same = np.array_equal(whole, parts)
        gemv_t(self._native, A, x, whole)
        for part in spans:
            gemv_t(self._native, A[:, part], x, parts[part])
        return same and np.array_equal(whole, parts)

    def _train(self, team: Team, losses: NDArray[np.float64]) -> float:
        return float(
            exact.train(
                self._native,
                team,
                self._ids,
                self._weights,
                self._memory,
                self._rate,
                self.smooth_loss,
                self.position,
                self._works[team.rank],
                losses,
            )
        )

    def run(self, iterations: int) -> NDArray[np.float64]:
        losses = np.zeros(iterations)
        done = 0
        while done < iterations:
            crew, most = self._crews.choose(iterations - done)
            block = losses[done : done + most]
            start = time.perf_counter()
            self.smooth_loss = crew.run(partial(self._train, losses=block))
            self._crews.report(crew, block.size, time.perf_counter() - start)
            done += block.size
        return losses

    def sample(self, length: int) -> NDArray[np.intp]:
        p, literal = self.position
        ids, T = self._ids, self._work.xs.shape[0]
        wraps = p + T + 1 >= ids.size
        h = np.zeros_like(self.params.bh) if wraps else self._work.hs[0].copy()
        seed_ix = int(ids[0 if wraps else p])
        return draw(self._rng, self._native, h, seed_ix, length, self._weights, bool(literal), self._work)

    def close(self) -> None:
        self._crews.close()


class Crews:
    """Finds by trying how many threads pay: it depends on the machine, on H and on who else computes."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._crews = [Crew(size) for size in sizes]
        self._seconds = dict.fromkeys(sizes, 0.0)  # an iteration's
        self._trials = [(crew, length) for crew in self._crews for length in (WAKE, TRY)]
        self._blocks = 0

    def choose(self, iterations: int) -> tuple[Crew, int]:
        """Who is to run, and how many of so many iterations."""
        if len(self._crews) == 1:
            return self._crews[0], iterations
        if iterations <= WAKE:  # threads would take longer to wake
            return min(self._crews, key=lambda crew: crew.size), iterations
        self._blocks += 1
        if self._blocks % TRY_EVERY == 0:
            other = self._crews[self._blocks // TRY_EVERY % len(self._crews)]
            self._trials = [(other, WAKE), (other, TRY)]
        if self._trials:
            crew, length = self._trials.pop(0)
            return crew, min(length, iterations)
        return min(self._crews, key=lambda crew: self._seconds[crew.size]), iterations

    def report(self, crew: Crew, iterations: int, seconds: float) -> None:
        """How long the iterations took together; the first few after waking do not count."""
        if iterations > WAKE:
            self._seconds[crew.size] = seconds / iterations

    def close(self) -> None:
        for crew in self._crews:
            crew.close()


def as_weights(params: Params) -> exact.Weights:
    return exact.Weights(params.WxhT, params.Whh, params.Why, params.bh, params.by)


def thread_counts(H: int) -> list[int]:
    """Numbers of threads worth trying: 1, 2, 4 ... as far as processors and rows go."""
    most = min(processors(), H // ROWS_PER_THREAD)
    return [1] + [size for size in (2, 4, 8) if size <= most]


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ReferenceEngine:
    """The reference's own functions, for comparison. Uses NumPy's global generator, as the gist does."""

    def __init__(self, config: Config, ids: NDArray[np.uint16], V: int) -> None:
        np.random.seed(config.seed)
        self._ids, self._T, self._rate = ids.tolist(), config.seq_length, config.learning_rate
        self._model = reference.init(V, config.hidden_size)
        self._mems = [np.zeros_like(param) for param in self._model]
        self.smooth_loss = float(-np.log(1.0 / V) * self._T)
        self._p, self._hprev = 0, np.zeros((config.hidden_size, 1))

    def _window(self) -> tuple[list[int], list[int]]:
        p, T = self._p, self._T
        if p + T + 1 >= len(self._ids):
            self._p = p = 0
            self._hprev = np.zeros_like(self._hprev)
        return self._ids[p : p + T], self._ids[p + 1 : p + T + 1]

    @np.errstate(all='ignore')  # the trainer warns, once
    def run(self, iterations: int) -> NDArray[np.float64]:
        losses = np.zeros(iterations)
        for n in range(iterations):
            losses[n], *grads, self._hprev = reference.lossFun(*self._window(), self._hprev, self._model)
            self.smooth_loss = self.smooth_loss * 0.999 + losses[n] * 0.001
            reference.adagrad(self._model, grads, self._mems, self._rate)
            self._p += self._T
        return losses

    @np.errstate(all='ignore')
    def sample(self, length: int) -> NDArray[np.intp]:
        inputs, _ = self._window()
        try:
            return np.array(reference.sample(self._hprev, inputs[0], length, self._model), np.intp)
        except ValueError as error:  # np.random.choice was given NaN
            raise Diverged(f'{error}: the training has diverged, take a smaller learning rate') from error

    def close(self) -> None:
        pass


def make_engine(config: Config, ids: NDArray[np.uint16], V: int) -> Engine:
    return ExactEngine(config, ids, V) if config.engine == 'exact' else ReferenceEngine(config, ids, V)
