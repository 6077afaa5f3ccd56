"""The shards of a run that this process trains, and the exchanges of its kernels with other processes."""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels.batched.buffers import Sizes, padded
from ..kernels.batched.optimizers import CHUNK
from ..kernels.batched.shards import GRADIENTS, NORMS, PARAMETERS, Shards
from ..parallel.group import parts
from ..parallel.launcher import OR_ALONE
from ..parallel.processes import processes
from ..settings.options import Settings


def check_shards(settings: Settings) -> None:
    """Raise ValueError if the shards don't divide the streams, or the processes don't divide the shards."""
    shards, B, count = settings.shards or 1, settings.streams, processes().size
    if shards > 1 and settings.ngrams > 1:
        cure = f'use --ngrams 0, {OR_ALONE}' if count > 1 else 'use --ngrams 0 or --shards 1'
        raise ValueError(f'n-grams need a single shard, but shards is {shards:,}: {cure}')
    if count > 1 and not settings.takes('shards'):
        raise ValueError(
            f'engine {settings.engine} trains in one process, not in {count:,}: add --preset fast, {OR_ALONE}'
        )
    if shards > B:
        raise ValueError(
            f'shards is {shards:,}, but there are only {B:,} streams: use fewer --shards or more --streams'
        )
    if B % shards:
        lower, upper = B // shards * shards, -(-B // shards) * shards
        raise ValueError(
            f"{B:,} streams can't be divided into {shards:,} equal shards: use --streams {lower:,} or {upper:,}, "
            'or other --shards'
        )
    if shards % count:
        fitting = ' or '.join(f'{n:,}' for n in range(1, shards + 1) if shards % n == 0)
        raise ValueError(
            f"{shards:,} shards can't be divided among {count:,} processes: start {fitting} processes, or a run with "
            f'--shards {-(-shards // count) * count:,}, {OR_ALONE}'
        )


def streams_per_shard(settings: Settings) -> int:
    return settings.streams // (settings.shards or 1)


def shards_here(settings: Settings) -> int:
    """Number of shards that this process trains."""
    return (settings.shards or 1) // processes().size


def first_stream(settings: Settings) -> int:
    """The first stream that this process trains."""
    return processes().rank * shards_here(settings) * streams_per_shard(settings)


def slices(parameters: int) -> NDArray[np.int64]:
    """The start of each process's slice of the flat parameters, and the end of the last."""
    return parts(parameters, processes().size, CHUNK)


def updated(parameters: int) -> int:
    """Number of parameters that this process updates."""
    cuts = slices(parameters)
    return int(cuts[processes().rank + 1] - cuts[processes().rank])


def shard_shapes(settings: Settings, sizes: Sizes, itemsize: int) -> dict[str, tuple[int, ...]]:
    """Shapes of those arrays of :class:`Shards` that have the weights' dtype."""
    shards, here, N = settings.shards or 1, shards_here(settings), sizes.N
    return {
        'sent': (here * N * (here > 1),),
        'gathered': (shards * updated(N) * (processes().size > 1),),
        'carried': (here, sizes.L, sizes.states, streams_per_shard(settings), padded(sizes.H, itemsize)),
    }


class Exchange:
    """This process's shards as kernels take them, and the exchanges that kernels call.

    Kernels call a C function, ``int f(int what)``, by its address. Exceptions can't pass through a kernel, so f keeps
    the error and returns 1, which ends the kernel. Then :meth:`check` raises the error.
    """

    def __init__(
        self, settings: Settings, sizes: Sizes, params: NDArray[Any], gradient: NDArray[Any], norms: NDArray[np.float64]
    ) -> None:
        """params and gradient: flat, (N,); norms: those of the chunks of the gradient."""
        group, kind, here, B = processes(), params.dtype, shards_here(settings), streams_per_shard(settings)
        arrays = {name: np.zeros(shape, kind) for name, shape in shard_shapes(settings, sizes, kind.itemsize).items()}
        if group.size == 1:
            arrays['gathered'] = arrays['sent']
        sent, gathered = arrays['sent'] if here > 1 else gradient, arrays['gathered']
        bounds, chunks = slices(sizes.N), np.diff(parts(norms.size, group.size))
        lengths = np.diff(bounds)
        each = [here * int(lengths[group.rank])] * group.size  # numbers from each process
        self._calls: dict[int, Callable[[], None]] = {
            GRADIENTS: lambda: processes().exchange(sent, here * lengths, gathered, each),
            NORMS: lambda: processes().collect(norms, chunks),
            PARAMETERS: lambda: processes().collect(params, lengths),
        }
        self._failure: BaseException | None = None
        address = None
        if group.size > 1:  # keeps the function alive; a reference cycle
            self._function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(self._exchange)
            address = ctypes.cast(self._function, ctypes.c_void_p).value
        self.shards = Shards(
            first=group.rank * here * B,
            streams=settings.streams,
            rank=group.rank,
            bounds=bounds,
            exchange=address or 0,
            failed=np.zeros(1, np.int64),
            **arrays,
        )

    def _exchange(self, what: int) -> int:
        try:
            self._calls[what]()
        except BaseException as error:
            self._failure = error
            return 1
        return 0

    def check(self) -> None:
        """Raise the error of a failed exchange."""
        if self._failure is not None:
            failure, self._failure, self.shards.failed[0] = self._failure, None, 0
            raise failure
