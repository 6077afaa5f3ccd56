"""What B streams read: the text in its own order, or blocks of it in a new random order on each pass.

A run shorter than one pass would see only B places of a long text, in its own order. Blocks of 128 characters from
everywhere improve such a run by 0.6 bits (bench/presets.md).
"""

from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..settings.options import Settings
from ..settings.passes import pass_over
from .stored import Ids

AHEAD = 1 << 17  # characters per read: a read from a file takes about 3 us
NOTHING = 0xFFFFFFFF  # in place of characters before the text's first
Places = NDArray[np.int64]
Windows = tuple[NDArray[np.uint32], NDArray[np.bool_]]  # (n, B, before + T + 1), (n, B): state resets


class Order:
    """Where each window of each stream starts in the text."""

    def __init__(self, characters: int, settings: Settings, seed: int) -> None:
        self._pass, self._characters = pass_over(characters, settings), characters
        self._B, self._shuffled, self._seed = settings.streams, settings.shuffle > 0, seed
        self._T = settings.seq_length
        self._dealt: tuple[int, Places, int] = -1, np.arange(self._B), 0  # pass, blocks, begin: see _deal

    @property
    def windows(self) -> int:
        """Windows per pass and stream."""
        return self._pass.windows

    def places(self, number: int, windows: Places, first: int, count: int) -> tuple[Places, NDArray[np.bool_]]:
        """Where these windows (n,) of a pass start in the text, for ``count`` streams from ``first`` on: (n, count).

        Also whether the stream resets to h = 0 there. Streams change blocks at different times: each reads its first
        block from a different window on, and the rest of that block at the end of the pass.
        """
        blocks, begin = self._deal(number)
        streams = np.arange(first, first + count)
        ahead = streams * (self._pass.block if self._shuffled else 0) // self._B
        at, window = np.divmod((windows[:, None] + ahead) % self.windows, self._pass.block)
        starts = begin + blocks[at * self._B + streams] * self._pass.stride + window * self._T
        return starts, (window == 0) | (windows[:, None] == 0)

    def _deal(self, number: int) -> tuple[Places, int]:
        """The blocks of a pass, one per stream, then the next of each stream; and where block 0 starts in the text."""
        if self._shuffled and self._dealt[0] != number:
            count = (self._characters - 1) // self._pass.stride
            rng = np.random.RandomState([self._seed, number % 2**32])
            begin = int(rng.randint(self._characters - count * self._pass.stride, dtype=np.int64))
            self._dealt = number, rng.permutation(count).astype(np.int64, copy=False), begin
        return self._dealt[1:]


class Passes:
    """Reads the windows of streams, and holds the next iterations' windows in memory."""

    def __init__(self, ids: Ids, settings: Settings, seed: int, first: int = 0, count: int | None = None) -> None:
        """For ``count`` streams from ``first`` on; ``seed`` decides the order of shuffled blocks."""
        self.count, self._ids, self._first = settings.streams if count is None else count, ids, first
        self._order, self._T = Order(ids.size, settings, seed), settings.seq_length
        self._before = max(0, settings.ngrams - 1)  # context characters before a window
        self.nothing: Windows = (
            np.zeros((0, self.count, self._before + self._T + 1), np.uint32),
            np.zeros((0, self.count), bool),
        )
        self._ahead, self._at = self.nothing, (0, 0)  # windows in memory; pass and window of the first
        self._last: tuple[tuple[int, int, int], Windows] = (-1, -1, -1), self.nothing  # the last request and its answer

    def read(self, position: int, steps: int, iterations: int) -> Windows:
        """The windows (n, count, before + T + 1) of n iterations, and where streams reset their state, (n, count).

        position: characters that each stream has read in its pass; steps: iterations so far. Raises TextLost, so call
        it before a state changes. Memory grows with ``iterations``; a block of training takes a tenth of a second.
        """
        asked = position, steps, iterations
        if asked != self._last[0]:
            self._last = asked, self._read(*self._find(position, steps), iterations)
        return self._last[1]

    def _read(self, number: int, window: int, iterations: int) -> Windows:
        """Windows from one of a pass on, continuing into the next passes."""
        parts = []
        while iterations:
            part = self._held(number, window, min(iterations, self._order.windows - window))
            parts.append(part)
            iterations -= len(part[0])
            number, window = number + 1, 0
        windows, afresh = zip(*parts, strict=True)
        return parts[0] if len(parts) == 1 else (np.concatenate(windows), np.concatenate(afresh))

    def after(self, position: int, iterations: int) -> int:
        """The position after ``iterations`` more."""
        size = self._order.windows * self._T
        return (position + iterations * self._T - 1) % size + 1 if iterations else position

    def last(self, position: int, steps: int) -> int:
        """Where the first stream's next character is in the text, within its current block."""
        if not position:
            return 0
        number, window = self._find(position - self._T, steps - 1)
        return int(self._order.places(number, np.array([window]), 0, 1)[0][0, 0]) + self._T

    def _find(self, position: int, steps: int) -> tuple[int, int]:
        """The pass and window at a position."""
        window = position // self._T % self._order.windows
        return (steps - window) // self._order.windows, window

    def _held(self, number: int, window: int, iterations: int) -> Windows:
        """``iterations`` windows within one pass."""
        first = window - self._at[1]
        if number != self._at[0] or first < 0 or first + iterations > len(self._ahead[0]):
            more = max(iterations, AHEAD // (self.count * self._T))
            stop = min(window + more, self._order.windows)
            starts, afresh = self._order.places(number, np.arange(window, stop), self._first, self.count)
            self._ahead, self._at, first = (
                (windows_at(self._ids, starts, self._T, self._before), afresh),
                (number, window),
                0,
            )
        windows, afresh = self._ahead
        return windows[first : first + iterations], afresh[first : first + iterations]


def windows_at(ids: Ids, starts: Places, T: int, before: int) -> NDArray[np.uint32]:
    """The T + 1 characters from each of starts (n, B) on, with ``before`` more in front: (n, B, before + T + 1)."""
    found = np.full((*starts.shape, before + T + 1), NOTHING, np.uint32)
    whole = starts >= before
    if isinstance(ids, np.ndarray) and whole.any():  # else the text may be shorter than such a window
        found[whole] = sliding_window_view(ids, before + T + 1)[starts[whole] - before]
    elif not isinstance(ids, np.ndarray):
        _read_windows(ids, starts, T, before, found)
    for n, b in zip(*np.nonzero(~whole), strict=True):  # at the start of the text
        part = ids[: starts[n, b] + T + 1]
        found[n, b, before + T + 1 - part.size :] = part
    return found


def _read_windows(ids: Ids, starts: Places, T: int, before: int, found: NDArray[np.uint32]) -> None:
    """Windows of a text in a file that start within it; adjacent ones share one read."""
    for b, column in enumerate(starts.T):
        edges = [0, *np.flatnonzero((np.diff(column) != T) | (column[:-1] < before)) + 1, len(column)]
        for i, j in pairwise(edges):
            if column[i] >= before:
                part = ids[int(column[i]) - before : int(column[j - 1]) + T + 1]
                found[i:j, b] = sliding_window_view(part, before + T + 1)[::T]
