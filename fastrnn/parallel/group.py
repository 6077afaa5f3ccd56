"""The interface to all processes of a run. With a single process, every operation is the identity."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar('T')


class Processes:
    """A single process."""

    rank, size = 0, 1
    on_host = 1  # processes on this one's host

    @property
    def leads(self) -> bool:
        """True in the process that prints and writes."""
        return self.rank == 0

    def agree(self, value: T) -> T:
        """The first process's value."""
        return value

    def lead(self, call: Callable[[], T]) -> T:
        """Call it only in the first process; return or raise its result in every process."""
        return call()

    def together(self, call: Callable[[], T]) -> T:
        """Call it in every process and return each one's result; an error in any process is raised in all."""
        return call()

    def by_host(self, call: Callable[[], T]) -> T:
        """Like ``together``, but one process per host calls it before the others, which find the files it wrote."""
        return call()

    def all(self, value: T) -> list[T]:
        """The values of all processes, in order of rank."""
        return [value]

    @property
    def others_wait(self) -> bool:
        """True if other processes wait for this one and must agree on the end."""
        return self.size > 1

    @property
    def default_shards(self) -> int:
        """Number of groups of streams, if not given."""
        return self.size

    def refuse(self, message: str) -> None:
        """Raise ValueError with this message if there are several processes."""
        if self.size > 1:
            raise ValueError(message)

    def share(self, number: int) -> int:
        """This process's share of a resource of the host."""
        return number // self.on_host

    @property
    def in_words(self) -> str:
        """The number of processes, in words; '' for a single one."""
        return f'{self.size} processes' if self.size > 1 else ''

    @property
    def each(self) -> str:
        """'in each of N processes'; '' for a single one."""
        return f' in each of {self.size} processes' if self.size > 1 else ''

    def check_same(self, what: str, value: object, cure: str) -> None:
        """Raise ValueError in all processes if their values differ; it names ``what``, the hosts and the cure."""

    def exchange(self, sent: NDArray[Any], to: Any, received: NDArray[Any], of: Any) -> None:
        """Send each process a part of ``sent`` and receive a part from each; ``to`` and ``of`` are their lengths."""

    def collect(self, array: NDArray[Any], counts: Any) -> None:
        """Fill in, in every process, an array of which each process has a part; ``counts``: their lengths."""

    def assemble(self, part: NDArray[Any], counts: Any) -> NDArray[Any] | None:
        """Join the parts of all processes (``counts``: their lengths) in the first process; None in others."""
        return part

    def distribute(self, whole: NDArray[Any] | None, part: NDArray[Any], counts: Any) -> None:
        """Fill each process's part from the first process's array, which is None in others."""
        part[:] = whole

    def meet(self, *, failed: bool = False) -> bool:
        """Wait for all processes at the end of a run. True if all have come; a failed process does not wait."""
        return True

    def leave(self, code: int, tell: Callable[[str], Any] = str) -> None:
        """End this process with an exit code. ``tell`` prints its error, after a prefix that names the process.

        If all processes have an error, only the first prints it. Processes that do not end soon after are killed.
        """
        tell('')

    def describe(self) -> dict[str, str]:
        """Lines for ``fastrnn info``; none for a single process."""
        return {}


def parts(size: int, count: int, grain: int = 1) -> NDArray[np.int64]:
    """Boundaries of ``count`` parts of range(size), in multiples of grain: (count + 1,), from 0 to size."""
    grains = -(-size // grain)
    return np.minimum(np.arange(count + 1, dtype=np.int64) * grains // count * grain, size)
