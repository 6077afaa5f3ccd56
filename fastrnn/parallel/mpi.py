"""Processes started by MPI, on one host or many (mpi4py, Dalcin and Fang 2021)."""

import os
import pickle
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import Diverged
from ..system import limits
from ..system.c_library import give_way
from .group import Processes
from .joining import MPI, join
from .launcher import OR_ALONE
from .threads import share_of_processors, share_quota

T = TypeVar('T')
INTERRUPTED = 130  # exit code
GRACE = 3.0  # seconds that a failed process waits for the others to fail too
PATIENCE = 2 * GRACE  # seconds that a process waits for one that has ended
POLLS = 1 << 12  # polls of a request, about 0.5 ms, between two checks for ended processes
LONG = 1.0  # seconds of spinning; then waiting sleeps
FORWARDED = 0.3  # seconds for the launcher to read the output: MPICH's may lose it on abort
TOGETHER = 'all processes must make the same calls'
MEETING, LEAVING = range(2)  # end of a run, end of a process


def library() -> str:
    """The name of the loaded MPI library, in a few words."""
    return ' '.join(MPI.Get_library_version().split('\n')[0].split()[:4]).rstrip(',')


class MPIProcesses(Processes):
    """All processes of a launcher, each on its own processors if there are enough."""

    def __init__(self, count: int) -> None:
        """count: the number of processes according to the launcher."""
        join(count)
        self._process = os.getpid()
        self._world, self._ends = MPI.COMM_WORLD.Dup(), MPI.COMM_WORLD.Dup()
        self.rank, self.size = self._world.Get_rank(), self._world.Get_size()
        self.host = socket.gethostname()
        self._here = self._world.Split_type(MPI.COMM_TYPE_SHARED)
        self._crowded = self._bind()
        self.on_host = self._here.Get_size()
        share_quota(self.on_host)
        self._leading = self._left = self._lost = False
        self._under_way: list[Any] = []  # messages sent at the end, and their buffers
        hook = sys.excepthook

        def excepthook(*error: Any) -> None:
            def tell(whose: str) -> None:
                print(whose, end='', file=sys.stderr)
                hook(*error)

            self.leave(INTERRUPTED if issubclass(error[0], KeyboardInterrupt) else 1, tell)

        sys.excepthook = excepthook

    def _bind(self) -> bool:
        """Divide the host's processors among its processes if they have the same ones; True if there are too few.

        Waiting threads spin, so two threads on one processor would slow each other down.
        """
        mine = limits.affinity()
        if not mine:  # this system binds no process
            return False
        quota = limits.quota()
        scarce = quota is not None and quota.number < self._here.Get_size()
        sets = self._here.allgather(mine)
        rank, count = self._here.Get_rank(), len(sets)
        if any(other != mine for other in sets) or count == 1:  # bound by the launcher, or the only process
            return scarce or bool(sum(len(set(mine) & set(other)) > 0 for other in sets) > len(mine))
        first, last = rank * len(mine) // count, (rank + 1) * len(mine) // count
        limits.bind(mine[first:last] or [mine[rank % len(mine)]])
        return scarce or count > len(mine)

    def lead(self, call: Callable[[], T]) -> T:
        if self._leading:  # nested call: only the first process comes here
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
        value, told = self.agree((value, None if error is None else _portable(error)))
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
        """Raise this process's error if all have one or it is the first; else the error of the first that has one."""
        found = enumerate(self.all((self.host, None if error is None else _portable(error))))
        failed = [(rank, host, other) for rank, (host, other) in found if other is not None]
        if not failed:
            return
        if error is not None and len(failed) == self.size:
            raise error
        rank, host, first = failed[0]
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
        mine = np.frombuffer(pickle.dumps(value), np.uint8)
        sizes = np.zeros(self.size, np.int64)
        self._wait(self._world.Iallgather(np.array([mine.size]), sizes))
        received = np.empty(int(sizes.sum()), np.uint8)
        self._wait(self._world.Iallgatherv(mine, [received, _counts(sizes)]))
        return [pickle.loads(part.tobytes()) for part in np.split(received, np.cumsum(sizes)[:-1])]

    def agree(self, value: T) -> T:
        """Like MPI's broadcast, but with this class's way of waiting."""
        sent = np.frombuffer(pickle.dumps(value if self.rank == 0 else None), np.uint8).copy()
        size = np.array([sent.size])
        self._wait(self._world.Ibcast(size))
        if self.rank != 0:
            sent = np.empty(int(size[0]), np.uint8)
        self._wait(self._world.Ibcast(sent))
        return value if self.rank == 0 else cast(T, pickle.loads(sent.tobytes()))

    def check_same(self, what: str, value: object, cure: str) -> None:
        found = self.all((value, self.host))
        for rank, (other, host) in enumerate(found):
            if other != found[0][0]:
                first = f'{found[0][0]} on {found[0][1]} (process 0)'
                differs = f'{what} differs: {first}, but {other} on {host} (process {rank})'
                raise ValueError(f'{differs}; {cure}, {OR_ALONE}')

    # --- arrays ---

    def exchange(self, sent: NDArray[Any], to: Any, received: NDArray[Any], of: Any) -> None:
        self._wait(self._world.Ialltoallv([sent, _counts(to)], [received, _counts(of)]))

    def collect(self, array: NDArray[Any], counts: Any) -> None:
        self._wait(self._world.Iallgatherv(MPI.IN_PLACE, [array, _counts(counts)]))

    def assemble(self, part: NDArray[Any], counts: Any) -> NDArray[Any] | None:
        whole = np.empty(sum(counts), part.dtype) if self.rank == 0 else None
        self._wait(self._world.Igatherv(part, None if whole is None else [whole, _counts(counts)]))
        return whole

    def distribute(self, whole: NDArray[Any] | None, part: NDArray[Any], counts: Any) -> None:
        self._wait(self._world.Iscatterv(None if whole is None else [whole, _counts(counts)], part))

    def _wait(self, request: Any) -> None:
        """Wait for a request. If another process has ended instead, end the job.

        Polls, because MPICH's own wait yields: on a busy machine another program then runs for a whole time slice.
        (Two processes on a loaded machine, 0.7 MB: 24 to 40 ms per exchange with MPICH's wait, 0.4 to 4 with this.)
        """
        polls, since, ended, long = 0, time.monotonic(), 0.0, False
        while not request.Test():
            polls += 1
            if self._crowded:
                give_way()
            if polls % POLLS and not long:
                continue
            now = time.monotonic()
            long = now - since > LONG
            if long:
                time.sleep(1e-3)
            if not ended and self._ends.Iprobe():
                ended = now
            if ended and now - ended > PATIENCE:
                self._end_job(1, 'it waits for processes that have ended')

    # --- the end ---

    def _come(self, kind: int, code: int) -> NDArray[np.int64] | None:
        """Announce an end, and wait until the others announce it too; returns their exit codes.

        None if they announce another end, or if ``code`` is not 0 and they announce none within GRACE seconds. Without
        an error the wait is unlimited, because the others may have more work.
        """
        others = [rank for rank in range(self.size) if rank != self.rank]
        mine, found = np.array([kind, code]), np.full((self.size, 2), [kind, code])
        awaited, until = [self._ends.Irecv(found[other], other) for other in others], time.monotonic() + GRACE
        self._under_way += [found, awaited, [self._ends.Isend(mine, other) for other in others]]
        while not MPI.Request.Testall(awaited):
            if code and time.monotonic() > until:
                return None
            time.sleep(1e-3)
        return found[:, 1] if (found[:, 0] == kind).all() else None

    def meet(self, *, failed: bool = False) -> bool:
        if not self._left and not self._lost:
            self._lost = self._come(MEETING, int(failed)) is None
            if self._lost and not failed:
                self._end_job(1, 'it finished a run that others did not finish')
        return not self._lost

    def leave(self, code: int, tell: Callable[[str], Any] = str) -> None:
        if self.rank == 0 or self._process != os.getpid():
            tell('')
        if self._left or self._process != os.getpid():  # a fork has not joined MPI
            return
        codes = None if self._lost else self._come(LEAVING, code)
        if self.rank > 0 and (codes is None or not codes[0]):
            tell(f'process {self.rank} on {self.host}: ')
        if codes is None:
            self._end_job(code or 1, '' if code else 'it ended before the others')
        self._left = True

    def _end_job(self, code: int, told: str = '') -> None:
        if told:
            print(f'error: process {self.rank} on {self.host}: {told}; {TOGETHER}, {OR_ALONE}', file=sys.stderr)
        sys.stderr.flush()
        sys.stdout.flush()
        time.sleep(FORWARDED)
        MPI.COMM_WORLD.Abort(code)

    def describe(self) -> dict[str, str]:
        hosts: dict[str, list[int]] = {}
        for host, count in self.all((self.host, share_of_processors())):
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
    """A copy of an error with another message, of the same type if other processes know that."""
    own: list[Any] = [type(error)] if type(error).__module__ == Diverged.__module__ else []
    for kind in (*own, ValueError, OSError, MemoryError):
        if isinstance(error, kind):
            return cast(Exception, kind(message))
    return RuntimeError(message)
