"""The fast engine: many streams at once, float32 or float64, over all cores; the bits do not depend on their number."""

import time
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.stored import Ids
from ..data.windows import Part, Windows
from ..kernels.fast import optimizers
from ..kernels.fast import train as batched
from ..kernels.team import Team, alone
from ..model.architecture import Architecture
from ..model.init import INITS
from ..model.params import Params
from ..model.state import MOMENTS, TrainState
from ..parallel.threads import ThreadTuner, counts_for_streams
from ..settings.config import Config
from .exact import draw_from

BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8  # of Adam; a BETA2 of 0.999 is slower to learn (2.66 for 2.64 after 2 s)
FLOPS_PER_THREAD = 200_000  # of a step of time; less is not worth waking a thread for


class FastEngine:
    """B streams, contiguous parts of the text, trained together by truncated BPTT."""

    def __init__(self, config: Config, ids: Ids, V: int) -> None:
        architecture = Architecture.of(config, V)
        H, T, B = architecture.H, config.seq_length, config.streams
        dtype: Any = np.dtype(config.dtype).type
        self._windows, self._rate = Windows(ids, T, B), float(config.learning_rate)
        self._rng = np.random.RandomState(config.seed)
        self.params = INITS[config.init](architecture, self._rng).astype(dtype)
        self.grads = Params(architecture, dtype)
        self.moments = {letter: Params(architecture, dtype) for letter in MOMENTS[config.optimizer]}
        self._views, self._grad_views = as_views(self.params), as_views(self.grads)
        self.packed = batched.make_packed(B, H, V, dtype)
        self.optimizer = make_optimizer(config, self.moments)
        self.position = np.zeros(2, np.int64)  # see batched.train
        self.work = batched.make_work(T, B, H, V, architecture.parameters, dtype)
        self.smooth_loss = float(np.log(V)) * T
        sizes = counts_for_streams(B, B * architecture.training_flops, FLOPS_PER_THREAD)
        if config.threads and B > 1:
            sizes = [config.threads]
        self._works = [self.work] + [batched.for_thread(self.work) for _ in range(max(sizes) - 1)]
        self._tuner = ThreadTuner(sizes)
        batched.pack_weights(alone(), self._views, self.packed)
        self._train(alone(), ids[:0], self.position, np.zeros(0), np.zeros(0))  # compiles, or loads, before threads do

    def _train(
        self,
        team: Team,
        ids: NDArray[Any],
        position: NDArray[np.int64],
        rates: NDArray[np.float64],
        losses: NDArray[np.float64],
    ) -> None:
        batched.train(
            team,
            ids,
            self._views,
            self.packed,
            self._grad_views,
            self.optimizer,
            rates,
            position,
            self._works[team.rank],
            losses,
        )

    def run(self, iterations: int, rates: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """So many iterations, at one learning rate each; returns their losses (nats summed over T, mean of streams)."""
        parts = self._windows.fetch(int(self.position[0]), iterations)
        rates = np.full(iterations, self._rate) if rates is None else rates
        losses, done = np.zeros(iterations), 0
        for part in parts:
            block = slice(done, done + part.iterations)
            self._run(part, rates[block], losses[block])
            done += part.iterations
        for loss in losses:
            self.smooth_loss = self.smooth_loss * 0.99 + float(loss) * 0.01
        return losses

    def _run(self, part: Part, rates: NDArray[np.float64], losses: NDArray[np.float64]) -> None:
        position, done = part.enter(self.position), 0
        while done < losses.size:
            threads, most = self._tuner.choose(losses.size - done)
            block = slice(done, done + most)
            start = time.perf_counter()
            threads.run(partial(self._train, ids=part.ids, position=position, rates=rates[block], losses=losses[block]))
            self._tuner.report(threads, most, time.perf_counter() - start)
            done += most
        self.position[:] = part.leave(position)

    def fetch(self, iterations: int) -> None:
        self._windows.fetch(int(self.position[0]), iterations)

    def state(self) -> TrainState:
        return TrainState(
            params=self.params.astype(self.params.flat.dtype),
            moments={letter: moment.astype(moment.flat.dtype) for letter, moment in self.moments.items()},
            hidden=self.work.hs[0, :, : self.params.H].copy(),
            position=int(self.position[0]),
            steps=int(self.position[1]),
            smooth_loss=self.smooth_loss,
            rng=self._rng.get_state(legacy=False),
        )

    def restore(self, state: TrainState) -> None:
        self.params.flat[:] = state.params.flat
        for letter, moment in self.moments.items():
            moment.flat[:] = state.moments[letter].flat
        self.work.hs[0, :, : self.params.H] = state.hidden
        self.position[:] = state.position, state.steps
        self.smooth_loss = state.smooth_loss
        self._rng.set_state(state.rng)
        batched.pack_weights(alone(), self._views, self.packed)

    def sample(self, length: int) -> NDArray[np.intp]:
        """Drawn by the exact engine's kernel from the first stream's state, and by a copy of the generator.

        So a run that is lengthened later is the longer run.
        """
        p = int(self.position[0])
        ids = self._windows.ids
        first = int(ids[p if p + 1 < ids.size else 0])
        state = self.work.hs[0, 0, : self.params.H].astype(np.float64)
        rng = np.random.RandomState()
        rng.set_state(self._rng.get_state())
        return draw_from(self.params.astype(np.float64), rng, state, first, length)

    def close(self) -> None:
        self._tuner.close()


def as_views(params: Params) -> batched.Params:
    return batched.Params(params.flat, params.WxhT, params.Whh, params.Why, params.bh, params.by)


def make_optimizer(config: Config, moments: dict[str, Params]) -> batched.Optimizer:
    """The optimizer's moments, and the settings in their dtype."""
    kind = moments['m'].flat.dtype.type
    adam = config.optimizer == 'adam'
    return batched.Optimizer(
        optimizers.ADAM if adam else optimizers.ADAGRAD,
        optimizers.CLIP_NORM if config.clip_norm is not None else optimizers.CLIP_ELEMENTWISE,
        kind(config.clip if config.clip_norm is None else config.clip_norm),
        kind(BETA1),
        kind(BETA2),
        kind(EPSILON),
        kind(config.weight_decay),
        moments['m'].flat,
        moments['v'].flat if adam else np.zeros(0, kind),
    )
