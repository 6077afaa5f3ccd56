"""How well a model predicts a text: bits per character, and simple models of the same text to compare with."""

import lzma
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.stored import CHUNK, Ids
from ..data.vocabulary import Encoded
from ..engines.batched_streams import make_tuner
from ..model.model import Model, check_model
from ..model.overflow import check_mean
from ..model.params import Params
from ..parallel.tuner import ThreadTuner
from ..settings.checks import check_integer
from ..settings.options import bits_per_character
from ..system.interrupts import remembered
from .adapt import adapted_slices
from .scorer import Positions, Scorer

PARTS = 64  # of a text, at most, that are read at once
MIN_PART = 4096  # characters
WARM_UP = 512  # characters that are read before a part
COMPARED = 1_000_000  # characters that the simple models see: a second, most of it for xz and for sorting
STEP = 1 << 15  # bytes that xz takes at a time, about 20 ms
BACKOFF = 2.0  # weight of the next lower order in the context model
ADAPTING = 0.9  # of the time: for one stream that trains (LSTM 192: 10.5 us a character; 64 that only read: 2.2)


@dataclass(frozen=True)
class Evaluation:
    """Bits of a text under a model, and under three baselines that see the same text, or the start of it."""

    characters: int  # predicted: all but the first
    bits_per_character: float
    bits_per_byte: float  # of the text in UTF-8
    order0: float  # entropy of the characters themselves, bits per character
    order2: float  # an adaptive order-2 context model, bits per character
    xz: float  # bits per character of what xz -9e makes of them
    compared: int  # characters that the three cover, from the first one on
    compared_bits_per_character: float  # of these under the model, to compare with the three
    skipped: int = 0  # characters that were left out, as the model lacks them
    skipped_kinds: int = 0
    skipped_share: float = 0.0  # of the text's characters
    adapted_bits_per_character: float | None = None  # of weights that follow the text, if that was asked for

    @property
    def perplexity(self) -> float:
        """Per character."""
        return float(2**self.bits_per_character)


def parts_of(n: int) -> int:
    """In how many parts n characters are read at once: it follows from their number alone."""
    return min(PARTS, max(1, n // MIN_PART))


def nats(params: Params, ids: Ids) -> NDArray[np.float64]:
    """Surprisal of each character but the first, in nats, as :func:`slices` has them, in the text's order.

    params as they are (float32 or float64), ids (n,) with n >= 2; returns (n-1,). Raises ValueError for ids that the
    model does not have.
    """
    with remembered():
        found = np.empty(ids.size - 1)
        for at, values in slices(params, ids):
            found[at] = values
        return found


def slices(
    params: Params,
    ids: Ids,
    *,
    window: int | None = None,
    tuner: ThreadTuner | None = None,
    shared: bool = False,
) -> Iterator[tuple[Positions, NDArray[np.float64]]]:
    """Positions k and surprisals of ids[k+1], in nats, in pieces between which an interrupt gets through.

    A text of less than two parts of 4,096 is read from h = 0 on, in one stream. A longer one is read as up to 64 parts
    of equal length at once, each from h = 0, 512 characters before it. States of models that have learned have
    forgotten by then where they began (LSTM, GRU and tanh of H = 128 after a minute: no surprisal differs by 1e-5), and
    bits per character are those of one stream to 0.0005. Chaotic states, of recurrent weights twice as large, never
    forget: there they differ by some 0.02, and one number is as good as the other.

    With a ``window``, windows of that many characters are each read from h = 0, as models without a state are
    evaluated. ``tuner``: of :func:`tuner_for` this text, if it is scored again and again. ``shared``: by all processes,
    which make the same call; each gets all numbers.
    """
    n = ids.size - 1
    if n < 1:
        raise ValueError('a text of one character can not be evaluated: take one with at least two')
    parts = parts_of(n) if window is None else -(-n // window)
    at_once = min(parts, PARTS)
    with nullcontext(tuner) if tuner else closing(make_tuner(params, at_once)) as used:
        scorer = Scorer(params, at_once, used, shared=shared)
        for first in range(0, parts, PARTS):
            k = np.arange(first, min(first + PARTS, parts) + 1)
            edges = n * k // parts if window is None else np.minimum(k * window, n)
            yield from scorer.score(ids, edges[:-1], edges[1:], 0 if window else WARM_UP)


def tuner_for(params: Params, ids: Ids, threads: int | None = None) -> ThreadTuner:
    """What :func:`slices` of a text may share, to be closed at the end; else each finds out how many threads pay."""
    return make_tuner(params, parts_of(ids.size - 1), threads)


def bits(params: Params, ids: Ids, window: int | None = None) -> float:
    """Bits per character of a text, as :func:`slices` has it read, in memory that does not grow with it."""
    with remembered(), np.errstate(over='ignore', invalid='ignore'):
        total = sum(float(values.sum()) for _, values in slices(params, ids, window=window))
        return bits_per_character(total, ids.size - 1)


def evaluate(
    model: Model,
    text: str | Path | Sequence[str | Path],
    *,
    window: int | None = None,
    skip_unknown: bool = False,
    adapt: bool = False,
    **reading: str,
) -> Evaluation:
    """Evaluate a text; a str is the text itself, a Path or a sequence names files (gzip's too).

    Returns an Evaluation, among others its ``bits_per_character``: a mean over all characters but the first, in bits.
    A long text is read in up to 64 parts at once, see :func:`slices`. With a ``window``, each so many characters are
    predicted by themselves, from h = 0. ``reading`` may give ``encoding`` and ``errors``, for files. Characters are the
    model's units, and bytes those of the text as the model sees it, in UTF-8. Raises ValueError where it has
    characters that the model does not know, Diverged for a model whose weights are not finite or far too large; with
    ``skip_unknown`` unknown characters are left out, as if they were not in the text: the model does not read them, and
    no figure counts them, the simple models' neither. These see the first million characters;
    ``compared_bits_per_character`` are the model's of the same. With ``adapt`` the text is read a second time, for
    ``adapted_bits_per_character``: the weights follow the text, see :mod:`fastrnn.inference.adapt`. The model stays as
    it is.
    """
    check_model(model)
    encoded = model.vocabulary.encode_known(text, skip_unknown=skip_unknown, places=False, **reading)
    return measure(model, encoded, window, adapt=adapt)


def measure(
    model: Model,
    encoded: Encoded,
    window: int | None = None,
    follow: Callable[[float], object] = float,
    *,
    adapt: bool = False,
) -> Evaluation:
    """Evaluate a text that is encoded already, see :func:`evaluate`; ``follow`` takes the share that is done.

    Memory does not grow with the text: the simple models see its first million characters.
    """
    window = None if window is None else check_integer('window', window, 1)
    if adapt and window is not None:
        raise ValueError('adapt reads the text in order, window starts from zero states: leave out one of them')
    ids, lacking = encoded.ids, encoded.lacking
    n, compared = ids.size - 1, min(ids.size, COMPARED)
    total = beginning = 0.0
    done = 0
    with remembered():
        for at, values in slices(model.params, ids, window=window):
            total += float(values.sum())
            beginning += float(values[at < compared - 1].sum())
            done += values.size
            follow(done / n * (1 - ADAPTING * adapt))
        per_character = bits_per_character(total, n)
        check_mean(per_character)
        adapted = _adapted_bits(model.params, ids, follow) if adapt else None
    first = ids[:compared]
    sizes = model.vocabulary.sizes
    size = sum(int(sizes[ids[start : min(start + CHUNK, n + 1)]].sum()) for start in range(1, n + 1, CHUNK))
    return Evaluation(
        characters=n,
        bits_per_character=per_character,
        bits_per_byte=per_character * n / size,
        order0=order0(first),
        order2=order2(first),
        xz=8 * xz_size(model.vocabulary.as_bytes(first)) / compared,
        compared=compared,
        compared_bits_per_character=per_character if compared > n else bits_per_character(beginning, compared - 1),
        skipped=lacking.count,
        skipped_kinds=len(lacking.counts),
        skipped_share=lacking.share,
        adapted_bits_per_character=adapted,
    )


def _adapted_bits(params: Params, ids: Ids, follow: Callable[[float], object]) -> float:
    """Bits per character while the weights follow the text; ``follow`` as in :func:`measure`, from 1 - ADAPTING."""
    total, n = 0.0, ids.size - 1
    for at, values in adapted_slices(params, ids):
        total += float(values.sum())
        follow(1 - ADAPTING * (1 - (int(at[-1]) + 1) / n))
    return bits_per_character(total, n)


def xz_size(data: bytes) -> int:
    """Bytes that xz -9e makes of some, in steps between which an interrupt gets through.

    Its dictionary is as large as the data, where it needs 674 MB of memory else; the size is the same.
    """
    level = {'id': lzma.FILTER_LZMA2, 'preset': 9 | lzma.PRESET_EXTREME, 'dict_size': max(4096, len(data))}
    compressor = lzma.LZMACompressor(filters=[level])
    parts = (data[start : start + STEP] for start in range(0, len(data), STEP))
    return sum(len(compressor.compress(part)) for part in parts) + len(compressor.flush())


def order0(ids: NDArray[Any]) -> float:
    """Entropy of the distribution of single characters, in bits."""
    counts = np.bincount(ids)
    shares = counts[counts > 0] / ids.size
    return float(-(shares * np.log2(shares)).sum())


def order2(ids: NDArray[Any]) -> float:
    """Bits per character of an adaptive model: counts after the last two characters, so far, backed by lower orders."""
    codes = ids.astype(np.int64)
    V = int(codes.max()) + 1
    before = np.concatenate(([0], codes[:-1] + 1))
    pair = np.concatenate(([0], codes[:-1])) * V + codes
    two_before = np.concatenate(([0], np.unique(pair, return_inverse=True)[1][:-1] + 1))
    triple = two_before * V + codes
    probability: Any = np.full(ids.size, 1.0 / V)
    for joint, context in ((codes, np.zeros_like(codes)), (pair, before), (triple, two_before)):
        probability = (seen_before(joint) + BACKOFF * probability) / (seen_before(context) + BACKOFF)
    return float(-np.log(probability).sum() / (ids.size * math.log(2)))


def seen_before(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each element, how many equal ones come before it."""
    order = np.argsort(codes, kind='stable')
    ordered = codes[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    lengths = np.diff(np.concatenate((starts, [codes.size])))
    counts = np.empty(codes.size, np.int64)
    counts[order] = np.arange(codes.size) - np.repeat(starts, lengths)
    return counts
