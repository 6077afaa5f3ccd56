"""Predicts the bits that the preset is likely to reach on the held-out text. It decides nothing.

A simple model predicts a sample of the held-out text by counts of what follows three characters in the training text.
The run's bits are a power of the simple model's bits times a power of the number of characters read. bench/expected.py
has the data and the fit.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from ..data.stored import Ids
from ..settings.options import MODEL, TABLE, TRAINING
from .likeness import spans

KNOWN, TRIED, SPAN = 300, 100, 512  # spans of the training text and of the held-out text, and characters of each
ORDER, BACKOFF = 3, 2.0  # characters of context, and weight of the next lower order
LEAST, LEAST_HELD_OUT, MOST_V = 10_000, 1000, 2500  # no prediction for fewer characters, or more distinct ones
OFTEN = 2  # epochs after which a text teaches little: Shakespeare has 2.125 bits after 2.3, 1.996 after 20
LEAST_READ, MOST_READ = 25_000, 50e6  # limits of characters of training, up to OFTEN epochs
# options that may be set; any other that decides the quality makes it another run than the preset's
MAY_BE_ASKED = ('iterations', 'epochs', 'time', 'seed', 'threads', 'shards', 'patience')
SCALE, POWER, READ = 0.794, 0.910, -0.061  # the fit, at a million characters
ERROR = 0.12  # relative: 80 % of the rows are within it if their text is not in the fit


def expectation(ids: Ids, held_out: Ids | None, V: int, read: float, asked: Collection[str]) -> float | None:
    """Bits per character; None if no similar run was measured.

    ``read``: characters of training; ``asked``: options that were set besides the preset.
    """
    others = [name for name in asked if name not in MAY_BE_ASKED and TABLE[name].group in (MODEL, TRAINING)]
    if others or held_out is None or held_out.size < LEAST_HELD_OUT or V > MOST_V:
        return None
    counted = min(read, OFTEN * ids.size)
    if ids.size < LEAST or not LEAST_READ <= counted <= MOST_READ:
        return None
    return fitted(simple_bits(ids, held_out, V), counted)


def in_words(bits: float) -> str:
    return f'expect about {bits:.1f} bits per character on the held-out text, usually within {ERROR * bits:.1g}'


def fitted(simple: float, read: float) -> float:
    return float(SCALE * simple**POWER * (read / 1e6) ** READ)


def simple_bits(ids: Ids, held_out: Ids, V: int) -> float:
    """Bits of the simple model, measured on samples in 0.1 s: large texts are not read in full."""
    known, tried = (np.concatenate(spans(text, count, SPAN)) for text, count in ((ids, KNOWN), (held_out, TRIED)))
    probability: NDArray[np.float64] = np.full(tried.size - ORDER, 1 / V)
    for order in range(ORDER + 1):
        counted, codes = np.sort(_codes(known, order, V)), _codes(tried, order, V)
        before = codes - codes % V  # codes of the context, with character 0
        joint, context = (_between(counted, codes, codes + 1), _between(counted, before, before + V))
        probability = (joint + BACKOFF * probability) / (context + BACKOFF)
    return float(-np.log2(probability).mean())


def _codes(sample: NDArray[np.int64], order: int, V: int) -> NDArray[np.int64]:
    """Each character after the first three, with the ``order`` characters before it, as one number."""
    codes = sample[ORDER:].copy()
    for k in range(1, order + 1):
        codes += sample[ORDER - k : sample.size - k] * V**k
    return codes


def _between(counted: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.searchsorted(counted, high) - np.searchsorted(counted, low)
