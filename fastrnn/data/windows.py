"""The windows of a text in its own order, as arrays that the exact kernels read like a whole text."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .stored import Ids

AHEAD = 1 << 22  # bytes per read: a read takes about 3 us


class Part(NamedTuple):
    """A range of iterations, and the ids that they read."""

    ids: NDArray[Any]
    start: int  # where the first window starts in ids
    offset: int  # a position in ids plus offset is a position in the text
    iterations: int

    def enter(self, position: NDArray[np.int64]) -> NDArray[np.int64]:
        """The kernel's position array for this part; ``position`` itself if they are equal."""
        same = (self.start, self.offset) == (position[0], 0)
        return position if same else np.array([self.start, *position[1:]])

    def leave(self, position: NDArray[np.int64]) -> NDArray[np.int64]:
        """Converts the kernel's position array back to a position in the text."""
        return np.array([position[0] + self.offset, *position[1:]])


class Windows:
    """Reads a text in windows; a text in memory needs no reading."""

    def __init__(self, ids: Ids, T: int) -> None:
        """T: steps per window."""
        self.ids, self._T = ids, T
        self._ahead, self._offset = np.zeros(0, ids.dtype), 0  # the last ids read, and their position in the text

    def fetch(self, position: int, iterations: int) -> list[Part]:
        """The ids for ``iterations`` windows from a position on. Raises TextLost, so call it before a state changes.

        The result is split where the text wraps: the next part starts at the end of its ids, so that the kernel wraps
        there too. Memory grows with ``iterations``; a block of training takes a tenth of a second.
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
        """Load at least ids first ... first+size-1 into memory."""
        if self._offset <= first and first + size <= self._offset + self._ahead.size:
            return
        size = min(max(size, AHEAD // self.ids.dtype.itemsize), length - first)
        self._ahead, self._offset = self.ids[first : first + size], first
