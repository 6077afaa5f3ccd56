"""What of a text a vocabulary lacks: how many units, which, and what would do."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

NAMED = 20  # kinds that a message names
SKIP = '--skip-unknown (skip_unknown=True) leaves them out'
FOLD = '--min-count 2 folds what is rare into one character, which stands for unknown ones too'
TRAINED = 'that is trained with --min-count 2 has one character for what is rare or unknown'
OF_HELD_OUT = f'take them out of the held-out text, or train with them; {FOLD}'
OF_ANY = 'take a text without them'
OF_PRIME = 'take them out of the prime'


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
        of = f'{self.count:,} of {self.total:,} {self.unit}s ({_percent(self.share)})'
        return (
            f'{of} {"is" if self.count == 1 else "are"} not among the {self.known:,} of the vocabulary: {self.names()}'
        )

    def names(self) -> str:
        """The most frequent kinds, with counts."""
        ordered = sorted(self.counts.items(), key=lambda item: -item[1])
        return ', '.join(self._named(ordered))

    def _named(self, ordered: list[tuple[int, int]]) -> Iterator[str]:
        for point, count in ordered[:NAMED]:
            yield unit_name(point, self.unit) + (f' {count:,} times' if count > 1 else '')
        if len(ordered) > NAMED:
            rest = sum(count for _, count in ordered[NAMED:])
            yield f'and {len(ordered) - NAMED:,} more kinds {rest:,} times'

    def error(self, cure: str = '') -> ValueError:
        """Of a text that is refused for them."""
        fold = f'; a model {TRAINED}' if self.unit == 'character' else ''
        return ValueError(f'{self}; the first is at offset {self.first:,}; {cure or SKIP + fold}')

    def too_few(self) -> ValueError:
        """Of a text of which next to nothing is left without them."""
        left = self.total - self.count
        return ValueError(
            f'the model knows {left or "none"} of the {self.total:,} {self.unit}s of the text, and has to read two: '
            f'take a text that it knows more of; it lacks {self.names()}'
        )


def unit_name(point: int, unit: str) -> str:
    """A unit, as messages have it."""
    return f'0x{point:02x}' if unit == 'byte' else f'{chr(point)!a} (U+{point:04X})'


def _percent(share: float) -> str:
    return f'{100 * share:.1f} %' if share >= 0.01 else f'{100 * share:.2g} %'
