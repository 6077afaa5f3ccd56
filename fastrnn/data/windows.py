"""The windows of a text in its order, as an array that the exact kernels take for the whole text."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .stored import Ids

AHEAD = 1 << 22  # bytes that are read at a time: a read takes some 3 us


class Part(NamedTuple):
    """A stretch of iterations, and what they read."""

    ids: NDArray[Any]
    start: int  # where the first window starts in it
    offset: int  # a position in it and this are one in the text
    iterations: int

    def enter(self, position: NDArray[np.int64]) -> NDArray[np.int64]:
        """position, which begins with one in the text, as a kernel takes it; itself, where it is the same."""
        same = (self.start, self.offset) == (position[0], 0)
        return position if same else np.array([self.start, *position[1:]])

    def leave(self, position: NDArray[np.int64]) -> NDArray[np.int64]:
        """What the kernel has made of it, as one in the text."""
        return np.array([position[0] + self.offset, *position[1:]])


class Windows:
    """Reads a text; of one in memory there is nothing to read."""

    def __init__(self, ids: Ids, T: int) -> None:
        """In windows of T steps."""
        self.ids, self._T = ids, T
        self._ahead, self._offset = np.zeros(0, ids.dtype), 0  # what was read last, and from where on

    def fetch(self, position: int, iterations: int) -> list[Part]:
        """What so many iterations from a position on read. Raises TextLost, so it is called before anything moves.

        It is cut where the text wraps: the part after that starts at its end, so that the kernel wraps there too.
        Memory grows with the iterations, of which a block has a tenth of a second.
        """
        if isinstance(self.ids, np.ndarray):
            return [Part(self.ids, position, 0, iterations)]
        T, length, parts = self._T, self.ids.size, []
        while iterations:
            wraps = position + T + 1 >= length
            first = 0 if wraps else position
            count = min(iterations, (length - 2 - first) // T)  # windows until it wraps again
            self._read(first, count * T + 2, length)
            start = self._ahead.size if wraps else first - self._offset
            parts.append(Part(self._ahead, start, self._offset, count))
            position, iterations = first + count * T, iterations - count
        return parts

    def _read(self, first: int, size: int, length: int) -> None:
        """Have ids first ... first+size-1 in memory, and some more."""
        if self._offset <= first and first + size <= self._offset + self._ahead.size:
            return
        size = min(max(size, AHEAD // self.ids.dtype.itemsize), length - first)
        self._ahead, self._offset = self.ids[first : first + size], first
