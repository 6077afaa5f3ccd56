"""Units of a text that are not in a vocabulary: how many, which, and what to do about them."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

NAMED = 5  # kinds that a message names
SKIP = 'leave them out with --skip-unknown (skip_unknown=True)'
TRAINED = 'use a model trained with --min-count 2, which has one character for all that is rare or unknown'
OF_HELD_OUT = (
    'take them out of the held-out text, with --skip-unknown (skip_unknown=True), train with them, or fold rare and '
    'unknown characters into one with --min-count 2'
)
OF_ANY = 'use a text without them'
OF_PRIME = f'take them out of the prime, or {SKIP}'


@dataclass
class Lacking:
    """Units of a text that are not in a vocabulary, counted piece by piece."""

    known: int  # V
    unit: str  # 'character' or 'byte'
    total: int = 0  # units of the text
    counts: dict[int, int] = field(default_factory=dict)  # of each code point, in the order in which they come
    first: int | None = None  # offset

    def add(self, points: NDArray[np.integer], lacked: NDArray[np.bool_]) -> None:
        """The next piece of the text, and which of it are lacked."""
        if lacked.any():
            if self.first is None:
                self.first = self.total + int(np.argmax(lacked))
            kinds, places, counts = np.unique(points[lacked], return_index=True, return_counts=True)
            for k in np.argsort(places):
                self.counts[int(kinds[k])] = self.counts.get(int(kinds[k]), 0) + int(counts[k])
        self.total += points.size

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    @property
    def share(self) -> float:
        """Of the text."""
        return self.count / max(self.total, 1)

    def __str__(self) -> str:
        """How many, and which."""
        return f'{self._how_many}: {self.names()}'

    @property
    def _how_many(self) -> str:
        of = f'{self.count:,} of {self.total:,} {self.unit}s ({_percent(self.share)})'
        return f'{of} {"is" if self.count == 1 else "are"} not among the {self.known:,} of the vocabulary'

    def names(self) -> str:
        """The most frequent kinds, with counts."""
        ordered = sorted(self.counts.items(), key=lambda item: -item[1])
        names = (unit_name(point, self.unit) + (f' {count:,} times' if count > 1 else '') for point, count in ordered)
        return listed(names, len(ordered))

    def left_out(self, of: str = '') -> str:
        """What was left out, and of which text; '' if nothing was."""
        return f'left out{of and f" of {of}"}: {self}' if self.count else ''

    def error(self, cure: str = '') -> ValueError:
        """Of a text that is refused for them. The list comes last: it may be long, and of any script."""
        fold = f', or {TRAINED}' if self.unit == 'character' else ''
        are = 'they are' if len(self.counts) > 1 else 'it is'
        return ValueError(
            f'{self._how_many}; {cure or SKIP + fold}; the first is at offset {self.first:,}; {are} {self.names()}'
        )

    def too_few(self) -> ValueError:
        """Of a text of which next to nothing is left without them."""
        left = self.total - self.count
        return ValueError(
            f'the model knows {left or "none"} of the {self.total:,} {self.unit}s of the text, and has to read two: '
            f'use a text that it knows more of; it does not know {self.names()}'
        )


def unit_name(point: int, unit: str) -> str:
    """A unit with its number; what does not show by itself is escaped: white space, controls, accents without a letter.

    What standard error can't encode it escapes itself: see system/escapes.py.
    """
    if unit == 'byte':
        return f'0x{point:02x}'
    char = chr(point)
    shows = char.isprintable() and char != ' ' and not unicodedata.category(char).startswith('M')
    shown = char if shows else "' '" if char == ' ' else ascii(char)[1:-1]
    return f'{shown} (U+{point:04X})'


def listed(names: Iterable[str], count: int) -> str:
    """The first of ``count`` names, and how many more there are."""
    more = f' and {count - NAMED:,} more' if count > NAMED else ''
    return ', '.join(islice(names, NAMED)) + more


def _percent(share: float) -> str:
    return f'{100 * share:.1f} %' if share >= 0.01 else f'{100 * share:.2g} %'
