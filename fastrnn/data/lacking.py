"""Units of a text that are not in a vocabulary: counts, names, and what to do about them."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

NAMED = 5  # distinct units that a message names
SKIP = 'leave them out with --skip-unknown (skip_unknown=True)'
TRAINED = 'use a model trained with --min-count 2, which maps rare and unknown characters to one'
OF_HELD_OUT = (
    'take them out of the held-out text, with --skip-unknown (skip_unknown=True) or by hand; or train with them; or '
    'fold rare and unknown characters into one with --min-count 2'
)
OF_ANY = 'use a text without them'
OF_PRIME = f'remove them from the prime, or {SKIP}'


@dataclass
class Lacking:
    """Counts units of a text that are not in a vocabulary, piece by piece."""

    known: int  # V
    unit: str  # 'character' or 'byte'
    total: int = 0  # units of the text
    counts: dict[int, int] = field(default_factory=dict)  # by code point, in order of appearance
    first: int | None = None  # offset

    def add(self, points: NDArray[np.integer], lacked: NDArray[np.bool_]) -> None:
        """Count the next piece of the text; ``lacked`` marks its unknown units."""
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
        """Share of the text."""
        return self.count / max(self.total, 1)

    def __str__(self) -> str:
        """How many, and which."""
        return f'{self._how_many}: {self.names()}'

    @property
    def _how_many(self) -> str:
        of = f'{self.count:,} of {self.total:,} {self.unit}s ({_percent(self.share)})'
        return f'{of} {"is" if self.count == 1 else "are"} not in the vocabulary of {self.known:,}'

    def names(self) -> str:
        """The most frequent unknown units, with counts."""
        ordered = sorted(self.counts.items(), key=lambda item: -item[1])
        names = (unit_name(point, self.unit) + (f' {count:,} times' if count > 1 else '') for point, count in ordered)
        return listed(names, len(ordered))

    def left_out(self, of: str = '') -> str:
        """What was left out, and of which text; '' if nothing was."""
        return f'left out{of and f" of {of}"}: {self}' if self.count else ''

    def error(self, cure: str = '') -> ValueError:
        """For a text that is refused. The list comes last: it may be long, and in any script."""
        fold = f', or {TRAINED}' if self.unit == 'character' else ''
        are = 'they are' if len(self.counts) > 1 else 'it is'
        return ValueError(
            f'{self._how_many}; {cure or SKIP + fold}; the first is at offset {self.first:,}; {are} {self.names()}'
        )

    def too_few(self) -> ValueError:
        """For a text of which fewer than two units are known."""
        left = self.total - self.count
        return ValueError(
            f"the model knows {left or 'none'} of the text's {self.total:,} {self.unit}s and needs at least two: "
            f'use another text; unknown: {self.names()}'
        )


def unit_name(point: int, unit: str) -> str:
    """A unit with its number; invisible ones are escaped: white space, control characters, accents without a letter.

    system/escapes.py escapes what standard error can't encode.
    """
    if unit == 'byte':
        return f'0x{point:02x}'
    char = chr(point)
    shows = char.isprintable() and char != ' ' and not unicodedata.category(char).startswith('M')
    shown = char if shows else "' '" if char == ' ' else ascii(char)[1:-1]
    return f'{shown} (U+{point:04X})'


def listed(names: Iterable[str], count: int) -> str:
    """The first of ``count`` names, and the number of others."""
    more = f' and {count - NAMED:,} more' if count > NAMED else ''
    return ', '.join(islice(names, NAMED)) + more


def _percent(share: float) -> str:
    return f'{100 * share:.1f} %' if share >= 0.01 else f'{100 * share:.2g} %'
