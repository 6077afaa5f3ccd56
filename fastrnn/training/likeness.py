"""Whether a held-out text is like the training text: else what validations say is of no use, and nor is the best model.

Two things are cheap to see on samples of both: which characters follow which, and which begin lines. The second is how
sorted lines look, of which the last tenth has other initials.
"""

import numpy as np
from numpy.typing import NDArray

from ..data.stored import Ids

SPANS, LONG = 64, 8192  # of a sample: how many, over the whole text, and characters of each at most, for lines
SHORT = 1024  # characters of a span, for pairs
LEAST, LINES = 1000, 50  # characters, and lines of a sample, below which nothing is said
# Bits of the held-out text's pairs by the counts of a sample of the training text, over bits of the training text's by
# them, and over bits by the held-out text's own. Shakespeare, program source, licences: up to 1.13 and 1.44, not both.
# (Of 150 short pieces of those, seven are beyond both, and end with another file.) German and French after English:
# from 1.24 and 1.39 on.
HARDER, STRANGER = 1.22, 1.38
# Bits of initials of lines, above both: up to 0.6; of sorted lines from 5.8 on.
INITIALS = 3.0


def unlike(ids: Ids, held_out: Ids, V: int, newline: int | None) -> str | None:
    """What differs, in words; None where both are alike, or too short to tell. newline: its number, if there is one."""
    if min(ids.size, held_out.size) < LEAST:
        return None
    if newline is not None:
        here, there = (_initials(_spans(text, SPANS, LONG), newline) for text in (ids, held_out))
        if min(here.size, there.size) >= LINES and _initials_differ(here, there, V):
            return 'its lines begin with other characters, as when lines are sorted'
    width = min(SHORT, held_out.size // SPANS, ids.size // (2 * SPANS))
    train, held = _spans(ids, 2 * SPANS, width), _spans(held_out, SPANS, width)
    known, tried = train[::4], held[1::2]
    cross = _pair_bits(known, tried, V)
    if cross > HARDER * _pair_bits(known, train[2::4], V) and cross > STRANGER * _pair_bits(held[::2], tried, V):
        return 'its characters follow each other otherwise, as in another language or kind of file'
    return None


def _initials_differ(train: NDArray[np.int64], held: NDArray[np.int64], V: int) -> bool:
    cross, own, usual = _bits(train, held, V), _bits(held[::2], held[1::2], V), _bits(train[::2], train[1::2], V)
    return cross > max(own, usual) + INITIALS


def _spans(ids: Ids, count: int, width: int) -> list[NDArray[np.int64]]:
    """Evenly over the text."""
    width = min(width, ids.size // count)
    return [ids[at : at + width].astype(np.int64) for at in np.linspace(0, ids.size - width, count).astype(int)]


def _initials(spans: list[NDArray[np.int64]], newline: int) -> NDArray[np.int64]:
    return np.concatenate([span[1:][span[:-1] == newline] for span in spans])


def _bits(known: NDArray[np.int64], tried: NDArray[np.int64], V: int) -> float:
    """Bits of numbers by the counts of others, one occurrence more being spread over all V."""
    shares = (np.bincount(known, minlength=V) + 1 / V) / (known.size + 1)
    return float(-np.log2(shares[tried]).mean())


def _pair_bits(known: list[NDArray[np.int64]], tried: list[NDArray[np.int64]], V: int) -> float:
    """Bits of each character by its predecessor: pairs are counted, beside single characters."""
    of_one = np.bincount(np.concatenate(known), minlength=V) + 2 / V
    of_one /= of_one.sum()
    before, after = (np.concatenate([span[part] for span in tried]) for part in (np.s_[:-1], np.s_[1:]))
    pairs = np.sort(np.concatenate([span[:-1] * V + span[1:] for span in known]))
    firsts = np.bincount(pairs // V, minlength=V)
    found = np.searchsorted(pairs, before * V + after, 'right') - np.searchsorted(pairs, before * V + after, 'left')
    return float(-np.log2((found + 2 * of_one[after]) / (firsts[before] + 2)).mean())
