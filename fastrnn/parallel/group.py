"""What processes that do everything alike can do together; of one process, alone, all of it is the identity."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar('T')


class Processes:
    """One process, alone."""

    rank, size = 0, 1
    on_host = 1  # how many there are on this one's host

    @property
    def leads(self) -> bool:
        """Whether this is the process that prints and writes."""
        return self.rank == 0

    def agree(self, value: T) -> T:
        """The first process's value."""
        return value

    def lead(self, call: Callable[[], T]) -> T:
        """What the call returns or raises in the first process, where alone it is made."""
        return call()

    def together(self, call: Callable[[], T]) -> T:
        """What the call returns here; where it raises in any process, that in all of them."""
        return call()

    def by_host(self, call: Callable[[], T]) -> T:
        """The same, by one process of each host before its others: what one has written, those find."""
        return call()

    def all(self, value: T) -> list[T]:
        """The values of all processes, in their order."""
        return [value]

    @property
    def others_wait(self) -> bool:
        """Whether other processes wait for what this one does, and must agree to its end."""
        return self.size > 1

    @property
    def default_shards(self) -> int:
        """Groups of streams, where nobody says how many."""
        return self.size

    def refuse(self, message: str) -> None:
        """Raise ValueError, with that message, where there are several."""
        if self.size > 1:
            raise ValueError(message)

    def share(self, number: int) -> int:
        """How much of what the host has is this process's."""
        return number // self.on_host

    @property
    def in_words(self) -> str:
        """How many there are: '' for one alone."""
        return f'{self.size} processes' if self.size > 1 else ''

    @property
    def each(self) -> str:
        """Of what each process has, in words: '' for one alone."""
        return f' in each of {self.size} processes' if self.size > 1 else ''

    def check_same(self, what: str, value: object, cure: str) -> None:
        """Raise ValueError, in all processes, where the values differ; it names what, the hosts, and the cure."""

    def exchange(self, sent: NDArray[Any], to: Any, received: NDArray[Any], of: Any) -> None:
        """To each process its part of an array, and of each a part; ``to`` and ``of`` are how long they are."""

    def collect(self, array: NDArray[Any], counts: Any) -> None:
        """Fill an array of which each process has a part, so long, in their order."""

    def assemble(self, part: NDArray[Any], counts: Any) -> NDArray[Any] | None:
        """The parts of all processes, so long, as one array in the first; None in others."""
        return part

    def distribute(self, whole: NDArray[Any] | None, part: NDArray[Any], counts: Any) -> None:
        """Fill each process's part from the first one's array; None in others."""
        part[:] = whole

    def meet(self, *, failed: bool = False) -> bool:
        """Come together at the end of a run; whether all have come, which one that has failed does not wait for."""
        return True

    def leave(self, code: int, tell: Callable[[str], Any] = str) -> None:
        """End this process by an exit code. ``tell`` prints its error; it is given words for whose error it is.

        Where all have one, the first process tells its. Others that do not end soon after an error are ended.
        """
        tell('')

    def describe(self) -> dict[str, str]:
        """What ``fastrnn info`` tells: nothing, of one process."""
        return {}


def parts(size: int, count: int, grain: int = 1) -> NDArray[np.int64]:
    """Where range(size) is cut for so many processes, in multiples of grain: (count + 1,), from 0 to size."""
    grains = -(-size // grain)
    return np.minimum(np.arange(count + 1, dtype=np.int64) * grains // count * grain, size)
