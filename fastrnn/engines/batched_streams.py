"""Reads, scores and samples text with the batched engine's kernels, many states at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels.batched import buffers, generate
from ..kernels.batched.cell import Cell
from ..kernels.batched.cells import CELLS
from ..kernels.batched.ngrams import NOTHING
from ..kernels.batched.packing import pack_weights
from ..kernels.sampling import Choice
from ..kernels.team import Team, alone
from ..model.architecture import Architecture
from ..model.overflow import OF_MODEL, not_finite
from ..model.params import Params
from ..parallel.layouts import ALONE, layouts_for_streams
from ..parallel.tuner import ThreadTuner
from ..system.pauses import paused
from . import compile_ahead

FLOPS_PER_THREAD = 200_000  # per time step; less does not pay for waking a thread


class BatchedStreams:
    """B states of a model, in its dtype, and the character that each reads next."""

    def __init__(self, params: Params, B: int = 1, tuner: ThreadTuner | None = None) -> None:
        """Starts from h = 0. The tuner's threads share streams and units without changing bits; default: one thread."""
        architecture, self._tuner = params.architecture, tuner or ThreadTuner([ALONE])
        self._network = pack(params, strips=B == 1)
        self._dtype, self._V = params.flat.dtype, params.V
        self._streams = generate.make_streams(sizes_of(architecture), B, self._dtype, self._tuner.most)
        self.states: NDArray[Any] = self._streams.hs[..., : params.H]  # (L, states, B, H)
        self.ix: NDArray[np.int32] = self._streams.ixs  # (B,)
        self.recent: NDArray[np.uint32] = self._streams.recent  # (B, n), the last n characters read, for n-grams

    def begin(self, streams: Any = slice(None)) -> None:
        """Reset some streams: h = 0, and no characters before."""
        self._streams.hs[:, :, streams] = 0
        self.recent[streams] = NOTHING

    def recall(self, ids: NDArray[Any]) -> None:
        """Set the characters before the next one to the last of ``ids`` (n,), in each stream; states stay."""
        last = ids[max(0, ids.size - self.recent.shape[1]) :]
        self.recent[:, self.recent.shape[1] - last.size :] = last

    def read(self, ids: NDArray[Any]) -> None:
        """In each stream, read all characters (n,) except the last, which is read next; n >= 1."""
        each = np.repeat(np.asarray(ids, np.uint32)[:, None], self.ix.size, axis=1)
        if ids.size > 1:
            self.score(each[:-1], each[1:])
        self.ix[:] = ids[-1]

    def score(self, inputs: NDArray[np.uint32], targets: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Surprisals (n, B) in nats of targets (n, B), each after its input (n, B); updates the states."""
        surprisals = np.zeros(inputs.shape)

        def work(part: slice, team: Team) -> None:
            generate.score(team, self._network, inputs[part], targets[part], self._streams, surprisals[part])

        self._run(work, *inputs.shape)
        return surprisals

    def follow(self, ids: NDArray[np.uint32]) -> NDArray[Any]:
        """The states (n, L, states, B, H) after each of n characters, which all streams read; by this thread alone."""
        found, surprisals, team = (
            np.empty((ids.size, *self.states.shape), self._dtype),
            np.zeros((1, self.ix.size)),
            alone(),
        )
        self.score(*np.zeros((2, 0, self.ix.size), np.uint32))  # compiles, or loads
        for k, ix in enumerate(ids):  # 15 us a character more than the kernel, by `score` 45
            each = np.full(surprisals.shape, ix)
            generate.score(team, self._network, each, each, self._streams, surprisals)
            found[k] = self.states
        return found

    def draw(
        self, rng: np.random.RandomState, length: int, choice: Choice | None = None, *, cause: str = OF_MODEL
    ) -> NDArray[np.uint32]:
        """Sample characters (length, B), step by step, with one uniform number of ``rng`` each.

        Raises Diverged, with this cause, if a probability is NaN.
        """
        choice = _in_range(choice or Choice(1.0, self._V, 1.0), self._dtype)
        shape = length, self.ix.size
        uniforms, out = rng.random_sample(shape), np.zeros(shape, np.uint32)

        def work(part: slice, team: Team) -> None:
            generate.draw(team, self._network, choice, uniforms[part], self._streams, out[part])

        self._run(work, *shape)
        if self._streams.failed.any():
            raise not_finite(cause)
        return out

    def _run(self, work: Callable[[slice, Team], None], steps: int, B: int) -> None:
        """Call work(part, team) for parts of range(steps)."""
        with paused():
            compile_ahead.wait()
            work(slice(0), alone())  # compiles or loads kernels before threads start
        if B:
            self._tuner.run(steps, work)


def _in_range(choice: Choice, dtype: Any) -> Choice:
    """Clip the temperature to the range of the dtype: 1e-50 would be 0 in float32."""
    limits = np.finfo(dtype)
    return choice._replace(temperature=limits.dtype.type(np.clip(choice.temperature, limits.tiny, limits.max)))


def make_tuner(
    params: Params, B: int, threads: int | None = None, flops_per_thread: int = FLOPS_PER_THREAD
) -> ThreadTuner:
    """A tuner for B streams of a model; without ``threads`` it finds the fastest number."""
    architecture, flops = params.architecture, B * params.architecture.forward_flops
    panels = panels_of(architecture, params.flat.itemsize, B)
    return ThreadTuner(layouts_for_streams(B, panels, flops, flops_per_thread, threads))


def panels_of(architecture: Architecture, itemsize: int, B: int) -> int:
    """Number of column panels (strips for one stream) of a layer's hidden units, which threads can share."""
    return buffers.packed_shapes(sizes_of(architecture), itemsize, strips=B == 1)['WhhT'][2]


def make_cell(architecture: Architecture) -> Cell:
    """The type by which kernels are chosen, with its sizes."""
    return CELLS[architecture.cell](architecture.kind.gates, architecture.kind.blocks)


def sizes_of(architecture: Architecture) -> buffers.Sizes:
    return buffers.Sizes(
        *architecture.kind,
        architecture.layers,
        architecture.H,
        architecture.V,
        architecture.parameters,
        max(0, architecture.ngrams - 1),
        architecture.rows_shape[0],
    )


def as_weights(params: Params) -> buffers.Weights:
    return buffers.Weights(params.flat, **params.by_name, rows=params.rows)


def pack(params: Params, *, strips: bool) -> buffers.Network:
    """Parameters packed for forward kernels; ``strips``: for a single stream."""
    packed = buffers.make_packed(sizes_of(params.architecture), params.flat.dtype, strips=strips, backward=False)
    network = buffers.Network(make_cell(params.architecture), as_weights(params), packed)
    pack_weights(alone(), network)
    return network
