"""Measures how well a model predicts a text, in bits per character, and compares it with three simple models."""

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

PARTS = 64  # upper limit of parts of a text that are read at once
MIN_PART = 4096  # characters
WARM_UP = 512  # characters read before a part
COMPARED = 1_000_000  # characters that the simple models read: about 1 s, mostly for xz and sorting
STEP = 1 << 15  # bytes per call of xz, about 20 ms
BACKOFF = 2.0  # weight of the next lower order in the context model
ADAPTING = 0.9  # share of the time for adapting (LSTM 192: 10.5 us a character; reading 64 streams: 2.2)


@dataclass(frozen=True)
class Evaluation:
    """Bits of a text under a model, and under three simple models of the same text or its first characters."""

    characters: int  # predicted: all but the first
    bits_per_character: float
    bits_per_byte: float  # per byte of the text in UTF-8
    order0: float  # entropy of single characters, bits per character
    order2: float  # adaptive order-2 context model, bits per character
    xz: float  # size after xz -9e, bits per character
    compared: int  # number of characters that the three simple models read, from the first one on
    compared_bits_per_character: float  # the model's figure for these characters
    skipped: int = 0  # characters left out because the model does not know them
    skipped_kinds: int = 0  # distinct ones
    skipped_share: float = 0.0  # share of the text's characters
    adapted_bits_per_character: float | None = None  # with weights that learn while they read; None without ``adapt``

    @property
    def perplexity(self) -> float:
        """Perplexity per character."""
        return float(2**self.bits_per_character)


def parts_of(n: int) -> int:
    """Number of parts of n characters that are read at once. It depends on n alone."""
    return min(PARTS, max(1, n // MIN_PART))


def nats(params: Params, ids: Ids) -> NDArray[np.float64]:
    """Surprisal of each character but the first, in nats, in the text's order; read as in ``slices``.

    params: float32 or float64; ids (n,) with n >= 2. Returns (n-1,) float64. Raises ValueError for ids outside the
    model's vocabulary.
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
    """Yield positions k and surprisals of ids[k+1] in nats, in pieces; interrupts are handled between pieces.

    A text of fewer than 2 x 4,096 predicted characters is read by one stream, from h = 0. A longer text is read in up
    to 64 equal parts at once, each warmed up from h = 0 on the 512 characters before it. A trained model's state then
    no longer depends on h = 0. (LSTM, GRU and tanh of H = 128 after a minute: all surprisals agree to 1e-5.) Bits per
    character agree with those of one stream to 0.0005. With chaotic states (recurrent weights twice as large) they
    differ by about 0.02; neither figure is better.

    With a ``window``, each window of that many characters is read from h = 0, as models without a state are evaluated.
    ``tuner``: from ``tuner_for``, for a text that is scored repeatedly. ``shared``: all processes make the same
    call, share the work, and get all results.
    """
    n = ids.size - 1
    if n < 1:
        raise ValueError('the text has only one character; evaluation needs at least two')
    parts = parts_of(n) if window is None else -(-n // window)
    at_once = min(parts, PARTS)
    with nullcontext(tuner) if tuner else closing(make_tuner(params, at_once)) as used:
        scorer = Scorer(params, at_once, used, shared=shared)
        for first in range(0, parts, PARTS):
            k = np.arange(first, min(first + PARTS, parts) + 1)
            edges = n * k // parts if window is None else np.minimum(k * window, n)
            yield from scorer.score(ids, edges[:-1], edges[1:], 0 if window else WARM_UP)


def tuner_for(params: Params, ids: Ids, threads: int | None = None) -> ThreadTuner:
    """A tuner that several calls of ``slices`` share; close it at the end. Without it, each call tunes threads."""
    return make_tuner(params, parts_of(ids.size - 1), threads)


def bits(params: Params, ids: Ids, window: int | None = None) -> float:
    """Bits per character of a text, read as in ``slices``. Memory does not grow with the text."""
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
    """Measure how well a model predicts a text.

    Parameters
    ----------
    model : Model
        Not changed.
    text : str, path or sequence of paths
        A str is the text itself; a Path or a sequence names files (gzip too).
    window : int, optional
        Predict windows of this many characters, each from h = 0. By default h is carried through the text. Long texts
        are then read in up to 64 parts at once; each is warmed up on the 512 characters before it.
    skip_unknown : bool
        Leave out characters that the model does not know; no figure counts them.
    adapt : bool
        Read the text a second time with a copy of the weights that learns while it reads (dynamic evaluation), for
        ``adapted_bits_per_character``.
    **reading : str
        ``encoding`` and ``errors``, for files.

    Returns
    -------
    Evaluation
        ``bits_per_character`` is the mean over all characters but the first. Characters are the model's units; bytes
        are counted in UTF-8, in the text as the model reads it. The simple models read the first million characters;
        ``compared_bits_per_character`` is the model's figure for these.

    Raises
    ------
    ValueError
        For characters that the model does not know. Diverged for weights that are not finite or far too large.
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
    """Evaluate an encoded text, as ``evaluate`` does; ``follow`` is called with the share that is done.

    Memory does not grow with the text: the simple models read only its first million characters.
    """
    window = None if window is None else check_integer('window', window, 1)
    if adapt and window is not None:
        raise ValueError(
            'adapt carries the state through the text, window restarts it from zero: leave out one of them'
        )
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
    """Bits per character with weights that learn while they read; ``follow`` gets shares from 1 - ADAPTING on."""
    total, n = 0.0, ids.size - 1
    for at, values in adapted_slices(params, ids):
        total += float(values.sum())
        follow(1 - ADAPTING * (1 - (int(at[-1]) + 1) / n))
    return bits_per_character(total, n)


def xz_size(data: bytes) -> int:
    """Size of ``data`` after xz -9e, in bytes. Interrupts are handled between steps.

    The dictionary is only as large as the data: the default one takes 674 MB. The result is the same.
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
    """Bits per character of an adaptive order-2 model: counts so far after the last two characters, with back-off."""
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
    """For each element, the number of equal elements before it."""
    order = np.argsort(codes, kind='stable')
    ordered = codes[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    lengths = np.diff(np.concatenate((starts, [codes.size])))
    counts = np.empty(codes.size, np.int64)
    counts[order] = np.arange(codes.size) - np.repeat(starts, lengths)
    return counts
