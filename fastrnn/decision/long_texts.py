"""What runs on long texts take besides a model: rows of n-grams, and shuffled blocks, if they read the text seldom.

bench/presets.md has the measurements.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..settings.options import Settings

LONG = 500_000  # characters
OFTEN = 4.0  # epochs, from which on rows gain nothing: they know the text by heart
SHUFFLED = 2.0  # epochs, from which on the order of the text is as good: 2.123 bits of Shakespeare, shuffled 2.130
LARGE = 5_000_000  # characters, from which on more rows pay; 65,536 gain 0.014 bits of C, and files twice as large
BLOCK, BLOCKS = 128, 4_000_000  # characters of a block at least, and blocks at most: their order is held in memory
NGRAMS = 4  # rows are for the last 2, 3 and 4 characters
ROWS, ROWS_OF_LARGE, FEWEST = 1 << 14, 1 << 15, 1 << 12  # of each, and at least
TABLE = 40_000_000  # bytes of all rows, at most, in float32: models of texts with many distinct characters have fewer
RATE, RATE_ONCE = 0.3, 0.15  # of the rows, at most; over epochs: the more often they see the same, the slower they move


def with_rows(start: Settings, left: Sequence[str], V: int, characters: int) -> Settings:
    """The settings with n-grams, if they are open."""
    if 'ngrams' not in left or (start.shards or 1) > 1:  # one shard alone moves the rows
        return start
    if 'ngram_rows' in left:
        rows = ROWS_OF_LARGE if characters >= LARGE else ROWS
        while (NGRAMS - 1) * rows * V * 4 > TABLE:
            rows //= 2
        if rows < FEWEST:
            return replace(start, ngrams=0)
        start = replace(start, ngram_rows=rows)
    return replace(start, ngrams=NGRAMS)


def without_rows(start: Settings, left: Sequence[str]) -> Settings:
    """The settings without n-grams, if they are open."""
    default = Settings(engine=start.engine).ngram_rows
    values: dict[str, Any] = {'ngrams': 0, 'ngram_rows': default}
    return replace(start, **{name: value for name, value in values.items() if name in left and 'ngrams' in left})


def shuffled(start: Settings, left: Sequence[str], characters: int) -> Settings:
    """The settings with blocks of the text in a random order, if that is open."""
    return replace(start, shuffle=max(BLOCK, characters // BLOCKS)) if 'shuffle' in left else start


def rate_of_rows(epochs: float) -> float:
    """The learning rate of n-grams' rows."""
    return min(RATE, float(f'{RATE_ONCE / epochs:.1g}')) if epochs else RATE
