"""The batched engine: many streams at once, in float32 or float64, on all cores and in several processes.

The bits depend on the number of shards, but not on the number of threads or processes.
"""

import math
import secrets
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.passes import Passes
from ..data.stored import Ids
from ..kernels.batched import buffers, optimizers, train
from ..kernels.batched.dropout import limit_of, make_dropout
from ..kernels.batched.functions import log1
from ..kernels.batched.packing import pack_weights
from ..kernels.team import Team, alone
from ..model.architecture import Architecture
from ..model.init import INITS
from ..model.overflow import OF_TRAINING
from ..model.params import Params
from ..model.state import MOMENTS, TrainState
from ..parallel.layouts import Layout, layouts_for_streams, tell_of_too_many
from ..parallel.processes import processes
from ..parallel.threads import share_of_processors
from ..parallel.tuner import ThreadTuner
from ..settings.options import MAX_SEED, Settings
from . import compile_ahead
from .batched_streams import FLOPS_PER_THREAD, BatchedStreams, as_weights, make_cell, panels_of, sizes_of
from .shards import Exchange, check_shards, first_stream, shard_shapes, shards_here, slices, streams_per_shard, updated

BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8  # Adam's; a BETA2 of 0.999 learns more slowly (after 2 s 2.66 bits, not 2.64)
LEAD = 256  # characters that other parameters read before they sample


class BatchedEngine:
    """B streams, contiguous parts of the text, trained together by truncated BPTT; processes share them in shards."""

    def __init__(self, settings: Settings, ids: Ids, V: int) -> None:
        check_shards(settings)
        architecture = Architecture.of(settings, V)
        T, B, here = settings.seq_length, settings.streams, shards_here(settings)
        streams = streams_per_shard(settings)
        dtype: Any = np.dtype(settings.dtype).type
        self.cell, self.sizes = make_cell(architecture), sizes_of(architecture)
        if share_of_processors() > 1:
            compile_ahead.start(architecture.cell, dtype)
        self._ids, self._B, self._rate = ids, B, float(settings.learning_rate)
        seed = secrets.randbelow(MAX_SEED) if settings.seed is None else settings.seed
        self._passes = Passes(ids, settings, seed, first_stream(settings), here * streams)
        self._rng = np.random.RandomState(seed)
        self.params = INITS[settings.init](architecture, self._rng).astype(dtype)
        self.grads = Params(architecture.without_rows, dtype)
        self.moments = {letter: np.zeros(updated(self.sizes.N), dtype) for letter in MOMENTS[settings.optimizer]}
        packed = buffers.make_packed(self.sizes, dtype, strips=streams == 1)
        self.network = buffers.Network(self.cell, as_weights(self.params), packed)
        self.optimizer = make_optimizer(settings, architecture, self.moments)
        self.dropout = make_dropout(settings.dropout, seed, dtype)
        self._position = self._steps = 0  # characters that each stream has read in its pass; optimizer steps
        self.work = buffers.make_work(self.sizes, T, streams, dtype, dropout=self.dropout.limit > 0)
        self._exchange = Exchange(settings, self.sizes, self.params.flat, self.grads.flat, self.work.norms)
        self.smooth_loss = log1(float(V)) * T
        self._tuner = ThreadTuner(layouts_of(settings, architecture), (architecture, T, streams, dtype))
        tell_of_too_many(settings.threads, self._tuner.most)
        self._works = [self.work] + [buffers.for_thread(self.work) for _ in range(self._tuner.most - 1)]
        nothing = np.zeros((0, streams))
        self._train(alone(), *self._passes.nothing, nothing[:, 0], nothing)  # compiles or loads before threads start
        pack_weights(alone(), self.network)

    @staticmethod
    def memory(settings: Settings, architecture: Architecture) -> int:
        T, N, itemsize = settings.seq_length, architecture.parameters, np.dtype(settings.dtype).itemsize
        kept = (
            2 * N + math.prod(architecture.rows_shape) + len(MOMENTS[settings.optimizer]) * updated(N)
        )  # parameters, gradients, rows, moments
        kept += sum(math.prod(shape) for shape in shard_shapes(settings, sizes_of(architecture), itemsize).values())
        dropout = limit_of(settings.dropout) > 0
        threads = max(layout.size for layout in layouts_of(settings, architecture))
        sizes, streams = sizes_of(architecture), streams_per_shard(settings)
        of_window = buffers.memory(sizes, T, streams, itemsize, dropout=dropout, threads=threads)
        return kept * itemsize + of_window

    def _train(
        self,
        team: Team,
        windows: NDArray[np.uint32],
        afresh: NDArray[np.bool_],
        rates: NDArray[np.float64],
        losses: NDArray[np.float64],
        done: int = 0,
    ) -> None:
        shards, grads = self._exchange.shards, as_weights(self.grads)
        trainer = buffers.Trainer(self.network, grads, self.optimizer, self.dropout, shards)
        train.train(team, trainer, windows, afresh, self._steps + done, rates, self._works[team.rank], losses)

    def run(self, iterations: int, rates: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Train, with a learning rate for each iteration; returns losses (nats summed over T, mean over streams)."""
        windows, afresh = self._passes.read(self._position, self._steps, iterations)
        rates = np.full(iterations, self._rate) if rates is None else rates
        losses = np.zeros((iterations, self._passes.count))

        def work(block: slice, team: Team) -> None:
            self._train(team, windows[block], afresh[block], rates[block], losses[block], block.start)

        self._tuner.run(iterations, work)
        self._exchange.check()
        self._position, self._steps = self._passes.after(self._position, iterations), self._steps + iterations
        mean = self._mean(losses)
        for loss in mean:
            self.smooth_loss = self.smooth_loss * 0.99 + float(loss) * 0.01
        return mean

    def _mean(self, losses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean over all streams of losses (n, B here); summed in the same order for any number of processes."""
        total = np.zeros(len(losses))
        for here in processes().all(losses):
            for of_stream in here.T:
                total += of_stream
        return total / self._B

    def fetch(self, iterations: int) -> None:
        self._passes.read(self._position, self._steps, iterations)

    def state(self) -> TrainState:
        """The whole state, in the first process; other processes return only their part. Every process must call it."""
        lengths, group = np.diff(slices(self.sizes.N)), processes()
        moments = {letter: group.assemble(moment, lengths) for letter, moment in self.moments.items()}
        carried = np.array(self._carried.transpose(0, 3, 1, 2, 4), order='C').reshape(self._passes.count, -1)
        hidden = group.assemble(carried.ravel(), [carried.size] * group.size)
        return TrainState(
            params=self.params.astype(self.params.flat.dtype),
            moments={
                letter: Params.over(self.grads.architecture, moment.copy())
                for letter, moment in moments.items()
                if moment is not None
            },
            hidden=carried if hidden is None else hidden.reshape(self._B, -1),
            position=self._position,
            steps=self._steps,
            smooth_loss=self.smooth_loss,
            rng=self._rng.get_state(legacy=False),
        )

    def restore(self, state: TrainState) -> None:
        """Restore the first process's state. Every process must call it."""
        lengths, group = np.diff(slices(self.sizes.N)), processes()
        self.params.take(group.agree(state.params))
        for letter, moment in self.moments.items():
            group.distribute(state.moments[letter].flat if group.leads else None, moment, lengths)
        here, L, states, B, H = self._carried.shape
        hidden = np.zeros(here * B * L * states * H, self.params.flat.dtype)
        whole = np.ascontiguousarray(state.hidden, hidden.dtype).ravel() if group.leads else None
        group.distribute(whole, hidden, [hidden.size] * group.size)
        self._carried[...] = hidden.reshape(here, B, L, states, H).transpose(0, 2, 3, 1, 4)
        self._position, self._steps, self.smooth_loss, rng = group.agree(
            (state.position, state.steps, state.smooth_loss, state.rng)
        )
        self._rng.set_state(rng)
        pack_weights(alone(), self.network)

    @property
    def _carried(self) -> NDArray[Any]:
        """The states before the next window, (here, L, states, B, H), for each shard of this process."""
        carried: NDArray[Any] = self._exchange.shards.carried[..., : self.params.H]
        return carried

    def sample(self, length: int, params: Params | None = None) -> NDArray[np.uint32]:
        """Sample from the first stream's state, in the model's dtype, with a copy of the generator.

        A copy, so that extending a run gives the same bits as a longer run. Other parameters (the best ones) first read
        the last LEAD characters from h = 0, because the state belongs to the current parameters.
        """
        p, rng = self._passes.last(self._position, self._steps), np.random.RandomState()
        rng.set_state(self._rng.get_state())
        p = first = p if p + 1 < self._ids.size else 0
        stream = BatchedStreams(self.params if params is None else params)
        if params is None:
            stream.states[:, :, 0] = self._carried[0, :, :, 0]
            stream.recall(self._ids[max(0, p - LEAD) : p])
        else:
            first = max(0, p - LEAD)
        stream.read(self._ids[first : p + 1])
        return stream.draw(rng, length, cause=OF_TRAINING)[:, 0]

    @property
    def settled(self) -> bool:
        return self._tuner.settled

    @property
    def threads(self) -> int:
        return self._tuner.threads

    def close(self) -> None:
        self._tuner.close()


def layouts_of(settings: Settings, architecture: Architecture) -> list[Layout]:
    """Layouts of threads to try: with the configured number of threads, or with any number that might pay."""
    B = streams_per_shard(settings)
    panels = panels_of(architecture, np.dtype(settings.dtype).itemsize, B)
    return layouts_for_streams(B, panels, B * architecture.training_flops, FLOPS_PER_THREAD, settings.threads)


def scoring_memory(architecture: Architecture, itemsize: int) -> int:
    """Bytes of the packed matrices for scoring held-out text."""
    shapes = buffers.packed_shapes(sizes_of(architecture), itemsize, strips=False, backward=False)
    return itemsize * sum(math.prod(shape) for shape in shapes.values())


def make_optimizer(
    settings: Settings, architecture: Architecture, moments: dict[str, NDArray[Any]]
) -> buffers.Optimizer:
    """The optimizer's moments (n,), and its settings in their dtype."""
    sizes = architecture.sizes
    kind: Any = moments['m'].dtype.type
    adam = settings.optimizer == 'adam'
    return buffers.Optimizer(
        optimizers.ADAM if adam else optimizers.ADAGRAD,
        optimizers.CLIP_NORM if settings.clip_norm is not None else optimizers.CLIP_ELEMENTWISE,
        kind(settings.clip if settings.clip_norm is None else settings.clip_norm),
        kind(BETA1),
        kind(BETA2),
        kind(EPSILON),
        kind(settings.weight_decay),
        sizes['WxhT'],
        float(settings.input_rate),
        sizes['WxhT'] + sizes['Wih'] + sizes['Whh'],
        float(settings.hidden_decay),
        moments['m'],
        moments['v'] if adam else np.zeros(0, kind),
        settings.ngram_rate / settings.learning_rate if settings.ngrams else 0.0,
    )
