"""Iterators over texts generated on demand, with a repr that shows them."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar, overload

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


class Drawn(InterruptibleGenerator[str]):
    """Texts in the order in which they are generated."""

    def __init__(self, generator: Iterator[str | None], advice: str) -> None:
        super().__init__(generator, advice)
        self.kept: list[str] | None = []  # None: none are kept

    def step(self) -> str | None:
        text = super().step()
        if text is not None and self.kept is not None:  # in the step itself: an interrupt loses no text
            self.kept.append(text)
        return text


class Texts(Sequence[str]):
    """A sequence of texts. Each is drawn when it is first asked for, and kept. Its repr shows the first ones."""

    def __init__(self, generator: Iterator[str | None], advice: str, count: int, length: int) -> None:
        """``length``: of each text at most."""
        self._drawn, self._count, self._length = Drawn(generator, advice), count, length
        self._texts = self._drawn.kept = list[str]()

    def once(self) -> Iterator[str]:
        """An iterator of the texts for one loop. It keeps none of them, so memory does not grow with their number."""
        if self._texts or self._drawn.kept is None:
            raise ValueError('once() must come before any text is drawn: call samples again')
        self._drawn.kept = None
        return self._drawn

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[k] for k in range(self._count)[index]]
        if not -self._count <= index < self._count:
            raise IndexError(f'text {index} of {self._count:,}: the first is 0, the last {self._count - 1:,}')
        at = index % self._count
        if self._drawn.kept is None:
            raise ValueError('once() keeps no texts: call samples again')
        while len(self._texts) <= at and next(self._drawn, None) is not None:
            pass
        return self._texts[at]

    def __iter__(self) -> Iterator[str]:
        return _Loop(self)

    def __repr__(self) -> str:
        texts = list[str]()
        with suppress(ValueError):  # if generation stops early, show what is there
            for text in self._first():
                texts.append(re.sub('[\ud800-\udfff]', '\ufffd', shown(text)))
        between = '\n----\n' if any('\n' in text for text in texts) else '\n'
        more = self._count - len(texts)
        rest = f'... and {more:,} more' if texts or self._length <= CHARACTERS else '... drawn when they are asked for'
        entries = [*texts, rest] if more else texts
        return f'<{self._count:,} text{"s" * (self._count > 1)} of a model>\n{between.join(entries)}'

    def _first(self) -> Iterator[str]:
        """Those to be shown. Long ones are cut, and are not drawn for this: it could take hours."""
        room = CHARACTERS
        for at in range(min(SHOWN, self._count)):
            if room <= 0 or (at >= len(self._texts) and self._length > CHARACTERS):
                return
            text = self[at] if len(self[at]) <= CHARACTERS else f'{self[at][:CHARACTERS]}...'
            room -= len(text)
            yield text


class _Loop(Iterator[str]):
    """One loop over texts. Unlike a generator, it continues after an interrupt."""

    def __init__(self, texts: Texts) -> None:
        self._texts, self._at = texts, 0

    def __next__(self) -> str:
        if self._at == len(self._texts):
            raise StopIteration
        text = self._texts[self._at]
        self._at += 1
        return text


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
