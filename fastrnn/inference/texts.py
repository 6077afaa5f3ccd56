"""Iterators over texts generated on demand, with a repr that shows them."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from ..system.escapes import shown
from ..system.interruptible import InterruptibleGenerator

SHOWN, CHARACTERS = 20, 4000  # texts, and characters, that are shown at most
PIECE = 0.02  # seconds: often enough for the eye and for Ctrl-C, seldom enough to cost nothing
FIRST_PIECE = 16  # characters of the first piece, while the pace is not known

T = TypeVar('T')


class Pieces(InterruptibleGenerator[str]):
    """The pieces of one text."""

    def __repr__(self) -> str:
        return "<pieces of a text, generated on demand: ''.join(...) is the text>"


class Texts(InterruptibleGenerator[str]):
    """An iterator of texts. Its repr draws the first ones and shows them, but does not use them up."""

    def __init__(self, generator: Iterator[str | None], advice: str, count: int) -> None:
        super().__init__(generator, advice)
        self._count = count
        self._first, self._full = list[str](), False  # texts to be shown; whether there is no room for another
        self._ahead = deque[str]()  # drawn by the repr, for the next calls of next

    def __next__(self) -> str:
        return self._ahead.popleft() if self._ahead else self._draw()

    def _draw(self) -> str:
        text = super().__next__()
        if not self._full:
            self._first.append(text if len(text) <= CHARACTERS else f'{text[:CHARACTERS]}...')
            self._full = len(self._first) == SHOWN or sum(map(len, self._first)) >= CHARACTERS
        return text

    def __repr__(self) -> str:
        with suppress(StopIteration, ValueError):  # if generation stops early, show what is there
            while not self._full:
                self._ahead.append(self._draw())
        texts = [re.sub('[\ud800-\udfff]', '\ufffd', shown(text)) for text in self._first]
        between = '\n----\n' if any('\n' in text for text in texts) else '\n'
        more = self._count - len(texts)
        entries = [*texts, f'... and {more:,} more'] if more else texts
        return f'<{self._count:,} text{"s" * (self._count > 1)} of a model>\n{between.join(entries)}'


def in_pieces(work: Callable[[int, int], T], total: int) -> Iterator[T]:
    """work(start, stop) for parts of range(total) that take about PIECE seconds each; only its own time counts."""
    start, size = 0, FIRST_PIECE
    while start < total:
        stop, before = min(start + size, total), time.perf_counter()
        result = work(start, stop)
        seconds = max(time.perf_counter() - before, 1e-9)
        size = max(1, min(4 * size, int((stop - start) * PIECE / seconds)))
        start = stop
        yield result
