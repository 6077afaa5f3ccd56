"""Generates lines with a model, and skips those that a text has, as makemore does for names."""

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.files import Piece, Reading, look_at, pieces, source_of
from ..data.vocabulary import FOLDED, NO_BYTE
from ..model.model import Model
from ..settings.checks import check_integer
from .generate import samples
from .prompt import as_read

DRAWS = 1000, 100  # limit of draws: in all or, if that is more, per line


class KnownLines:
    """The lines of text files (gzip too), as 64-bit hashes of 8 bytes each.

    Two different lines have the same hash with a probability of 5e-20.
    """

    def __init__(
        self, paths: Sequence[Path], model: Model, longest: int, encoding: str = 'utf-8', errors: str = 'strict'
    ) -> None:
        """Lines of more than ``longest`` characters do not count. What the model folds into U+FFFD is read as that."""
        self.name = ' or '.join('standard input' if str(path) == '-' else path.name for path in paths)
        reading = Reading(encoding, errors, model.unit)
        sources = [source_of(path) for path in paths]
        look_at(sources, reading)
        found = [np.zeros(0, np.int64)]
        for source in sources:
            begun = ''
            for text in _as_drawn(pieces(source, reading, source.chunks()), model):
                *lines, begun = (begun + text).split('\n')
                found.append(np.unique(np.fromiter(map(hash, lines), np.int64)))
                begun = begun[: longest + 1]  # the rest of a longer line does not matter
            found.append(np.array([hash(begun)]))
        self._hashes = np.unique(np.concatenate(found))

    def __contains__(self, line: object) -> bool:
        at = int(np.searchsorted(self._hashes, hash(line)))
        return at < self._hashes.size and int(self._hashes[at]) == hash(line)


def _as_drawn(text: Iterator[Piece], model: Model) -> Iterator[str]:
    """A text as a model would draw it: what it folds is U+FFFD, and so are bytes outside UTF-8."""
    folds = chr(FOLDED) in model.chars
    if model.unit == 'byte':  # also \r, which is not part of a newline here
        known = {ord(char) for char in model.chars} | {ord('\n')}
        table = bytes(byte if byte in known or not folds else NO_BYTE for byte in range(256))
        decoder = codecs.getincrementaldecoder('utf-8')('replace')
        yield from (decoder.decode(bytes(piece).translate(table)) for piece in text if isinstance(piece, bytes))
        yield decoder.decode(b'', final=True)
        return
    unknown = re.compile(f'[^\n{re.escape(model.chars)}]') if folds else None
    for piece in text:
        yield unknown.sub(chr(FOLDED), str(piece)) if unknown else str(piece)


class Lines:
    """An iterator over generated lines, without the prime that each starts with.

    Each starts from h = 0 after a newline and the prime, and ends at the next newline or after ``length`` characters.
    Further draws replace empty and ``known`` lines, up to a limit.
    """

    known: KnownLines | None = None

    def __init__(self, model: Model, count: int, length: int, *, prime: str = '', **rules: Any) -> None:
        """``rules``: those of ``samples``. Raises ValueError for a model that writes no lines, and as ``samples``."""
        self.count = check_integer('lines', count, 1)
        if '\n' not in model.chars:
            raise ValueError(
                'the model has no newline in its vocabulary, so it cannot write lines: use --count or --until'
            )
        if '\n' in prime:
            raise ValueError('the prime has a newline, but each line starts with it: use --count, or another prime')
        self._limit = max(DRAWS[0], DRAWS[1] * count)
        first = f'\n{prime}' if prime else ''
        self._read = as_read(prime, model)
        self._texts = samples(model, self._limit, length, prime=first, until='\n', at_once=count, **rules).once()
        self.given = self.skipped = self._empty = 0

    def __iter__(self) -> Iterator[str]:
        for text in self._texts:
            line = self._read + text
            if not line:
                self._empty += 1
            elif self.known is not None and line in self.known:
                self.skipped += 1
            else:
                self.given += 1
                yield text
            if self.given == self.count:
                return

    def report(self) -> str:
        """The number of skipped lines, and the limit if it was reached, in one line; or ''."""
        told, of = list[str](), self.given + self.skipped
        if self.known is not None:
            occur = f'occur{"s" * (self.skipped == 1)} in {self.known.name}'
            told.append(f'{self.skipped:,} of {of:,} lines {occur}{": skipped" * (self.skipped > 0)}')
        if of + self._empty == self._limit and self.given < self.count:
            empty = f', {self._empty:,} of them were empty' if self._empty else ''
            told.append(f'{self.given:,} of {self.count:,} lines printed: the limit is {self._limit:,} draws{empty}')
        return '; '.join(told)
