"""Which shards of a run's streams this process trains, and how its kernels meet those of the others."""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels.batched.buffers import Sizes, Work, padded
from ..kernels.batched.optimizers import CHUNK
from ..kernels.batched.shards import GRADIENTS, NORMS, Shards
from ..parallel.launcher import OR_ALONE
from ..parallel.processes import parts, processes
from ..settings.options import Settings


def check_shards(config: Settings) -> None:
    """Raise ValueError where streams can't be cut into such shards, or these be shared by the processes there are."""
    shards, B, count = config.shards or 1, config.streams, processes().size
    if count > 1 and not config.takes('shards'):
        raise ValueError(
            f'engine {config.engine} trains in one process, not in {count:,}: add --preset fast, {OR_ALONE}'
        )
    if shards > B:
        raise ValueError(
            f'shards is {shards:,}, but there are {B:,} streams to share: take fewer --shards or more --streams'
        )
    if B % shards:
        lower, upper = B // shards * shards, -(-B // shards) * shards
        raise ValueError(
            f'{B:,} streams are not {shards:,} shards of equal size: take --streams {lower:,} or {upper:,}, or other '
            '--shards'
        )
    if shards % count:
        fitting = ' or '.join(f'{n:,}' for n in range(1, shards + 1) if shards % n == 0)
        raise ValueError(
            f'{count:,} processes can not share {shards:,} shards evenly: start {fitting} processes, or a run with '
            f'--shards {-(-shards // count) * count:,}, {OR_ALONE}'
        )


def of_shard(config: Settings) -> int:
    """How many streams a shard has."""
    return config.streams // (config.shards or 1)


def owned(config: Settings) -> int:
    """How many of the shards are this process's."""
    return (config.shards or 1) // processes().size


def slices(parameters: int) -> NDArray[np.int64]:
    """Where each process's slice of the flat parameters begins, and the last one's end."""
    return parts(parameters, processes().size, CHUNK)


def updated(parameters: int) -> int:
    """How many parameters this process updates."""
    cuts = slices(parameters)
    return int(cuts[processes().rank + 1] - cuts[processes().rank])


def shard_shapes(config: Settings, sizes: Sizes, itemsize: int) -> dict[str, tuple[int, ...]]:
    """Of the arrays of :class:`Shards` that hold numbers of the weights' dtype."""
    shards, own, N = config.shards or 1, owned(config), sizes.N
    return {
        'sent': (own * N * (own > 1),),
        'gathered': (shards * updated(N) * (processes().size > 1),),
        'carried': (own, sizes.L, sizes.states, of_shard(config), padded(sizes.H, itemsize)),
    }


class Meeting:
    """The shards of a process as kernels take them, and what they call to meet the others."""

    def __init__(
        self, config: Settings, sizes: Sizes, weights: NDArray[Any], gradient: NDArray[Any], work: Work
    ) -> None:
        """weights and gradient: flat, (N,)."""
        kind, group = weights.dtype, processes()
        arrays = {name: np.zeros(shape, kind) for name, shape in shard_shapes(config, sizes, kind.itemsize).items()}
        if group.size == 1:
            arrays['gathered'] = arrays['sent']
        own, B = owned(config), of_shard(config)
        cuts, self._failure = slices(sizes.N), list[BaseException]()
        self._weights, self._norms = weights, work.norms
        self._sent = arrays['sent'] if own > 1 else gradient
        lengths = np.diff(cuts)
        self._to, self._of = own * lengths, [own * int(lengths[group.rank])] * group.size
        self._lengths, self._chunks = lengths, np.diff(parts(len(work.norms), group.size))
        address = None
        if group.size > 1:  # it lives as long as its address; a cycle, for which the garbage collector has to come
            self._called = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(self._exchange)
            address = ctypes.cast(self._called, ctypes.c_void_p).value
        self.shards = Shards(
            first=group.rank * own * B,
            streams=config.streams,
            rank=group.rank,
            bounds=cuts,
            exchange=address or 0,
            failed=np.zeros(1, np.int64),
            **arrays,
        )

    def _exchange(self, what: int) -> int:
        """Called by kernels; nothing can be raised through them."""
        try:
            if what == GRADIENTS:
                processes().exchange(self._sent, self._to, self.shards.gathered, self._of)
            elif what == NORMS:
                processes().collect(self._norms, self._chunks)
            else:
                processes().collect(self._weights, self._lengths)
        except BaseException as error:
            self._failure.append(error)
            return 1
        return 0

    def check(self) -> None:
        """Raise what an exchange has met with."""
        if self._failure:
            self.shards.failed[0] = 0
            raise self._failure.pop()
