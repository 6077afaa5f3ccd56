"""What the preset is likely to come to on the held-out text, by a simple model of a sample and by what the run reads.

The simple model predicts characters of the held-out text by counts of what follows three characters in the training
text. A run's bits are a power of its bits times a power of the characters that are read: bench/expected.py has the
rows and the fit. It decides nothing.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from ..data.stored import Ids
from ..settings.options import MODEL, TABLE, TRAINING
from .likeness import spans

KNOWN, TRIED, SPAN = 300, 100, 512  # spans of the training text and of the held-out text, and characters of each
ORDER, BACKOFF = 3, 2.0  # characters before, and weight of the next lower order
LEAST, LEAST_HELD_OUT, MOST_V = 10_000, 1000, 2500  # characters, and distinct ones, outside of which nothing is said
OFTEN = 2  # times a text is read before it has little new: 2.3 epochs of Shakespeare 2.125 bits, 20 epochs 1.996
LEAST_READ, MOST_READ = 25_000, 50e6  # characters of training, likewise; those after OFTEN do not count
# that may be asked for; with any other option that decides the quality, a run is no run of the preset
MAY_BE_ASKED = ('iterations', 'epochs', 'time', 'seed', 'threads', 'shards', 'patience')
SCALE, POWER, READ = 0.768, 0.931, -0.064  # of the fit, at a million characters
ERROR = 0.12  # of the bits: four of five rows are within it, when their text is left out of the fit


def expectation(ids: Ids, held_out: Ids | None, V: int, read: float, asked: Collection[str]) -> float | None:
    """Bits per character; None where nothing like it was measured.

    ``read``: characters of training; ``asked``: names of options that were asked for besides the preset.
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
    """Of samples, as large texts are not read for it: 0.1 s."""
    known, tried = (np.concatenate(spans(text, count, SPAN)) for text, count in ((ids, KNOWN), (held_out, TRIED)))
    probability: NDArray[np.float64] = np.full(tried.size - ORDER, 1 / V)
    for order in range(ORDER + 1):
        counted, codes = np.sort(_codes(known, order, V)), _codes(tried, order, V)
        before = codes - codes % V  # of the context alone
        joint, context = (_between(counted, codes, codes + 1), _between(counted, before, before + V))
        probability = (joint + BACKOFF * probability) / (context + BACKOFF)
    return float(-np.log2(probability).mean())


def _codes(sample: NDArray[np.int64], order: int, V: int) -> NDArray[np.int64]:
    """Each character but the first three, after ``order`` others, as one number."""
    codes = sample[ORDER:].copy()
    for k in range(1, order + 1):
        codes += sample[ORDER - k : sample.size - k] * V**k
    return codes


def _between(counted: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.searchsorted(counted, high) - np.searchsorted(counted, low)
