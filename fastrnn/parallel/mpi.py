"""Processes that MPI has started, on one host or many (mpi4py, Dalcin and Fang 2021)."""

import math
import os
import pickle
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from ..errors import in_a_line
from .processes import Processes
from .threads import processors

T = TypeVar('T')
GRACE = 3.0  # seconds in which all processes should have come to the same end


def library() -> str:
    """The MPI that is loaded, in a few words."""
    return ' '.join(MPI.Get_library_version().split('\n')[0].split()[:4]).rstrip(',')


class MPIProcesses(Processes):
    """All of a launcher's, each on processors of its own where there are enough."""

    def __init__(self) -> None:
        self._world, self._ends = MPI.COMM_WORLD.Dup(), MPI.COMM_WORLD.Dup()
        self.rank, self.size = self._world.Get_rank(), self._world.Get_size()
        self.host = socket.gethostname()
        self._here = self._world.Split_type(MPI.COMM_TYPE_SHARED)
        self._crowded = self._bind()
        self.on_host = self._here.Get_size()
        self._leading = self._left = False
        hook = sys.excepthook

        def excepthook(*error: Any) -> None:
            hook(*error)
            self.leave(1)

        sys.excepthook = excepthook

    def _bind(self) -> bool:
        """Take a share of the host's processors, where its processes have the same ones; whether there are too few.

        Threads spin where they wait: two on one processor would hold up each other.
        """
        if not hasattr(os, 'sched_setaffinity'):
            return False
        sets = self._here.allgather(sorted(os.sched_getaffinity(0)))
        rank, count, mine = self._here.Get_rank(), len(sets), sets[self._here.Get_rank()]
        if any(other != mine for other in sets) or count == 1:  # bound by the launcher, or alone
            return bool(sum(len(set(mine) & set(other)) > 0 for other in sets) > len(mine))
        first, last = rank * len(mine) // count, (rank + 1) * len(mine) // count
        os.sched_setaffinity(0, mine[first:last] or [mine[rank % len(mine)]])
        return count > len(mine)

    def agree(self, value: T) -> T:
        agreed: T = self._world.bcast(value)
        return agreed

    def lead(self, call: Callable[[], T]) -> T:
        if self._leading:  # called by what is led: the others do not come here
            return call()
        value, error = None, None
        if self.rank == 0:
            self._leading = True
            try:
                value = call()
            except Exception as raised:
                error = raised
            finally:
                self._leading = False
        value, told = self._world.bcast((value, None if error is None else _portable(error)))
        if told is not None:
            raise error or told
        return cast(T, value)

    def together(self, call: Callable[[], T]) -> T:
        result, error = None, None
        try:
            result = call()
        except Exception as raised:
            error = raised
        self._raise_any(error)
        return cast(T, result)

    def _raise_any(self, error: Exception | None) -> None:
        """The error of this process, where all have one, or the first one has; else that of the first that has."""
        errors = self._world.allgather(None if error is None else _portable(error))
        failed = [rank for rank, found in enumerate(errors) if found is not None]
        if not failed:
            return
        if error is not None and len(failed) == self.size:
            raise error
        rank = failed[0]
        host, first = self._world.bcast(self.host, rank), errors[rank]
        if rank > 0:
            first = _with_message(first, f'process {rank} on {host}: {first}')
        raise (error if error is not None and self.rank == 0 else first)

    def by_host(self, call: Callable[[], T]) -> T:
        if self._here.Get_rank() == 0:
            found = self.together(call)
            self.together(lambda: None)
            return found
        self.together(lambda: None)
        return self.together(call)

    def all(self, value: T) -> list[T]:
        values: list[T] = self._world.allgather(value)
        return values

    def check_same(self, what: str, value: object, cure: str) -> None:
        found = self._world.allgather((value, self.host))
        for rank, (other, host) in enumerate(found):
            if other != found[0][0]:
                first = f'{found[0][0]} on {found[0][1]} (process 0)'
                raise ValueError(f'{what} differs: {first}, but {other} on {host} (process {rank}); {cure}')

    # --- arrays ---

    def exchange(self, sent: NDArray[Any], to: Any, received: NDArray[Any], of: Any) -> None:
        self._wait(self._world.Ialltoallv([sent, _counts(to)], [received, _counts(of)]))

    def collect(self, array: NDArray[Any], counts: Any) -> None:
        self._wait(self._world.Iallgatherv(MPI.IN_PLACE, [array, _counts(counts)]))

    def assemble(self, part: NDArray[Any], counts: Any) -> NDArray[Any] | None:
        whole = np.empty(sum(counts), part.dtype) if self.rank == 0 else None
        self._world.Gatherv(part, None if whole is None else [whole, _counts(counts)])
        return whole

    def distribute(self, whole: NDArray[Any] | None, part: NDArray[Any], counts: Any) -> None:
        self._world.Scatterv(None if whole is None else [whole, _counts(counts)], part)

    def _wait(self, request: Any) -> None:
        """By asking again and again: MPICH's own wait yields, beside anything that can run for a whole slice of time.

        (Two processes of a loaded machine, 0.7 MB: 24 to 40 ms an exchange, 0.4 to 4 so.)
        """
        while not request.Test():
            if self._crowded:
                os.sched_yield()

    # --- the end ---

    def _all_come(self, within: float = GRACE) -> bool:
        """Whether the others come here as well, within so many seconds."""
        arrival, until = self._ends.Ibarrier(), time.monotonic() + within
        while not arrival.Test():
            if time.monotonic() > until:
                return False
            time.sleep(1e-3)
        return True

    def meet(self) -> None:
        if not self._left and not self._all_come():
            self._end_job(1, 'it stopped where the others went on')

    def leave(self, code: int, told: str = '') -> None:
        if self._left:
            return
        if not self._all_come(GRACE if code else math.inf):  # the first may still print what it alone has computed
            self._end_job(code, told or 'it ended before the others')
        self._left = True

    def _end_job(self, code: int, told: str) -> None:
        if self.rank > 0 or not told:
            print(f'error: process {self.rank} on {self.host}: {in_a_line(told)}', file=sys.stderr, flush=True)
        sys.stdout.flush()
        MPI.COMM_WORLD.Abort(code)

    def describe(self) -> dict[str, str]:
        hosts: dict[str, list[int]] = {}
        for host, count in self._world.allgather((self.host, processors())):
            hosts.setdefault(host, []).append(count)
        told = [f'{host}: {len(counts)} with {"+".join(map(str, counts))} processors' for host, counts in hosts.items()]
        return {
            'mpi': library(),
            'processes': f'{self.size} on {len(hosts)} host{"s" * (len(hosts) > 1)} ({"; ".join(told)})',
        }


def _counts(lengths: Any) -> tuple[list[int], list[int]]:
    """Counts and displacements, as MPI takes them."""
    counts = [int(length) for length in lengths]
    return counts, [sum(counts[:k]) for k in range(len(counts))]


def _portable(error: Exception) -> Exception:
    """An error that other processes can raise."""
    try:
        found = pickle.loads(pickle.dumps(error))
        return found if isinstance(found, Exception) else RuntimeError(str(error))
    except Exception:
        return _with_message(error, str(error))


def _with_message(error: Exception, message: str) -> Exception:
    for kind in (ValueError, OSError, MemoryError):
        if isinstance(error, kind):
            return kind(message)
    return RuntimeError(message)
