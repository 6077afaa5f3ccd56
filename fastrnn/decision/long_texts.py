"""Extra options for long texts: rows of n-grams, and shuffled blocks if a run reads the text only once or twice.

bench/presets.md has the measurements.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..settings.options import Settings

LONG = 500_000  # characters
OFTEN = 4.0  # epochs; from here on rows gain nothing: they memorize the text
SHUFFLED = 2.0  # epochs; from here on the text's own order is as good: Shakespeare 2.123 bits, shuffled 2.130
LARGE = 5_000_000  # characters; from here on more rows pay; 65,536 gain 0.014 bits of C, but double the files
BLOCK, BLOCKS = 128, 4_000_000  # minimum characters of a block, and maximum blocks: their order is held in memory
NGRAMS = 4  # rows are for the last 2, 3 and 4 characters
ROWS, ROWS_OF_LARGE, FEWEST = 1 << 14, 1 << 15, 1 << 12  # for each length; fewer than FEWEST are not worth it
TABLE = 40_000_000  # maximum bytes of all rows in float32: a large vocabulary gets fewer rows
RATE, RATE_ONCE = 0.3, 0.15  # learning rate of the rows: upper limit; divided by epochs: the more epochs, the slower


def with_rows(start: Settings, left: Sequence[str], V: int, characters: int) -> Settings:
    """Add n-grams if they are open."""
    if 'ngrams' not in left or (start.shards or 1) > 1:  # rows need a single shard
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
    """Remove n-grams if they are open."""
    default = Settings(engine=start.engine).ngram_rows
    values: dict[str, Any] = {'ngrams': 0, 'ngram_rows': default}
    return replace(start, **{name: value for name, value in values.items() if name in left and 'ngrams' in left})


def shuffled(start: Settings, left: Sequence[str], characters: int) -> Settings:
    """Shuffle blocks of the text if that is open."""
    return replace(start, shuffle=max(BLOCK, characters // BLOCKS)) if 'shuffle' in left else start


def rate_of_rows(epochs: float) -> float:
    """The learning rate of the n-grams' rows."""
    return min(RATE, float(f'{RATE_ONCE / epochs:.1g}')) if epochs else RATE
