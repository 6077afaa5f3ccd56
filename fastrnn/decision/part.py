"""What a run takes that reads a part of a long text, or all of it about once: measured in bench/presets.md."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..settings.options import Settings
from .batches import LARGER, SIXTEEN, Batch

ONCE = 1.0  # times the text, below which a run reads a part of it
BLOCK = 1024  # characters of a block, in a random order of them: a stream in the text's order sees one place of it
NGRAMS, ROWS, FEWEST = 4, 1 << 15, 1 << 12  # contexts of 2 to 4 characters; rows of each, at most and at least
TABLE = 40_000_000  # bytes of all rows, at most, in float32: models of texts with many distinct characters have fewer
UPDATES = 2500  # iterations that a run has at least with more than 16 streams


def of_part(start: Settings, left: Sequence[str], V: int) -> Settings:
    """The settings with shuffled blocks and rows of n-grams, as far as these are open."""
    rows = ROWS
    while (NGRAMS - 1) * rows * V * 4 > TABLE:
        rows //= 2
    values: dict[str, Any] = {'shuffle': BLOCK}
    if rows >= FEWEST and 'ngrams' in left and (start.shards or 1) == 1:  # the rows are moved by one shard alone
        values |= {'ngrams': NGRAMS, 'ngram_rows': rows}
    return replace(start, **{name: value for name, value in values.items() if name in left})


def batch_of_part(start: Settings, left: Sequence[str], reads: float) -> Batch:
    """How many streams, of a run that reads so many characters: more see more of a text, but make fewer updates."""
    if 'streams' not in left or start.optimizer != 'adam' or start.iterations is not None or (start.shards or 1) > 1:
        return SIXTEEN
    fitting = [batch for batch in LARGER if batch.part < 1 and reads >= UPDATES * batch.B * start.seq_length]
    return min(fitting, key=lambda batch: batch.part, default=SIXTEEN)
