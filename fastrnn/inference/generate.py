"""Text from a model: one stream, as it is drawn, or many at once."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..engines.batched_streams import BatchedStreams, make_tuner
from ..engines.exact_stream import ExactStream
from ..kernels.sampling import Choice
from ..model.model import Model, check_model
from ..model.params import Params
from ..parallel.tuner import ThreadTuner
from ..settings.checks import as_number, check_integer, check_number
from ..settings.options import MAX_SEED
from ..system.interruptible import InterruptibleGenerator
from .prompt import Decoder, encode_prompt

MAX_WHOLE = 1 << 26  # characters of a text that is given whole
AGAIN = 'draw again, with the same seed for the same text'
# of a step of time; less is not worth waking a thread for. One stream, us a character by one thread and two (Zen 5):
# LSTM 128, 0.15 Mflop, 2.9 and 3.1; LSTM 256, 0.56 Mflop, 10.4 and 6.5; LSTM 512, 38 and 30
FLOPS_PER_DRAWING_THREAD = 250_000
GROUP = 256  # texts at once
GROUP_CHARACTERS = 1 << 26  # of a group, or it takes fewer texts
PIECE = 0.02  # seconds: often enough for the eye and for Ctrl-C, seldom enough to cost nothing
FIRST_PIECE = 64  # characters of the first piece, while the pace is not known

T = TypeVar('T')
Stream = ExactStream | BatchedStreams


def sample(
    model: Model,
    length: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    prime: str = '',
    seed: int | None = None,
) -> Iterator[str]:
    """Draw a text from a model and give it in pieces, as they are made.

    An interrupt comes between two pieces: the iterator can be gone on with.

    One uniform number each, chosen as ``np.random.choice`` does. From one layer of tanh, which is read in float64,
    characters at temperature 1, without filters, are those of the reference's ``sample`` after
    ``np.random.seed(seed)``, bit for bit; other models are read in their own dtype.

    Parameters
    ----------
    model : Model
        As ``load_model`` returns it. It is not changed.
    length : int
        Characters to be drawn, 0 or more; for a model of bytes, bytes. These are decoded as UTF-8, and what is none
        becomes U+FFFD, as does the symbol for rare bytes, so that the text may have fewer characters.
    temperature : float
        Logits are divided by it: below 1 likely characters become likelier; at 0 the likeliest is always taken (of
        equally likely ones, the one numbered lowest), whatever the other rules and the seed.
    top_k : int, optional
        Draw from the so many likeliest characters only (of equally likely ones, from those numbered lower).
    top_p : float, optional
        Draw from the smallest set of likeliest characters whose probability sums to at least this, of those that
        ``top_k`` leaves: nucleus sampling (Holtzman et al., The Curious Case of Neural Text Degeneration, 2020).
    prime : str
        Text that the model reads first, from h = 0, and goes on from; it is not part of what is given. Without
        one, it goes on from a newline; where the vocabulary has none, from its character 0.
    seed : int, optional
        Of NumPy's legacy generator; None: another text each time. NumPy's global generator is left alone.

    Raises
    ------
    ValueError
        At once, in one line, for a value that is not as above, or a prime with characters that the vocabulary lacks
        (if it has U+FFFD, that takes their place).
    Diverged
        While drawing, where probabilities are NaN: weights that are not finite, or so large that exp overflows.
    """
    choice = _choice(model, temperature, top_k, top_p)
    length, rng = check_integer('length', length, 0), _seeded(seed)
    prompt, decode = encode_prompt(prime, model), Decoder(model)
    tuner = make_tuner(model.params, 1, None, FLOPS_PER_DRAWING_THREAD)
    stream = make_stream(model, tuner)

    def draw(start: int, stop: int) -> str | None:
        return decode(stream.draw(rng, stop - start, choice).ravel(), final=stop == length) or None

    def pieces() -> Iterator[str | None]:
        with closing(tuner):
            yield from chain(_read(stream, prompt), in_pieces(draw, length))

    return InterruptibleGenerator(pieces(), AGAIN)


def samples(
    model: Model,
    count: int,
    length: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    prime: str = '',
    seed: int | None = None,
    threads: int | None = None,
) -> Iterator[str]:
    """Draw many texts from a model, all from the same prime, many at once, and give each whole.

    In the model's own dtype, by the batched engine's tiles: the same model and rules as :func:`sample`, whose
    parameters these are, but to rounding, and with other numbers of the same generator, so that the texts are others.

    Parameters
    ----------
    count : int
        Texts to be drawn, 1 or more. Memory is bounded: they are drawn in groups of 256 (fewer if they are very long),
        each step of time with one uniform number for each text of the group.
    threads : int, optional
        Texts do not depend on it; None: as many as pay.

    Raises
    ------
    ValueError, Diverged
        As :func:`sample` does.
    """
    choice = _choice(model, temperature, top_k, top_p)
    length, rng, count = check_integer('length', length, 0), _seeded(seed), check_integer('count', count, 1)
    threads = None if threads is None else check_integer('threads', threads, 1, 1024)
    if length > MAX_WHOLE:
        raise ValueError(f'length is {length}; of samples that are drawn at once it is {MAX_WHOLE:,} at most')
    prompt, stream = encode_prompt(prime, model), make_stream(model)
    return InterruptibleGenerator(
        chain(_read(stream, prompt), _in_groups(model, stream, count, length, choice, rng, threads)), AGAIN
    )


def _choice(model: Model, temperature: float, top_k: int | None, top_p: float | None) -> Choice:
    """Checked, and in the kernels' types."""
    check_model(model)
    chosen = as_number(temperature)
    if chosen is None or not 0 <= chosen < math.inf:
        raise ValueError(f'temperature is {temperature}; it must be a number, 0 or more')
    V = model.params.V
    kept = V if top_k is None else min(V, check_integer('top_k', top_k, 1))
    mass = 1.0 if top_p is None else float(check_number('top_p', top_p, 1))
    if chosen == 0:  # so near 0 that all but the largest logits get nothing, and of those the first
        return Choice(sys.float_info.min, 1, 1.0)
    return Choice(float(chosen), kept, mass)


def _seeded(seed: int | None) -> np.random.RandomState:
    return np.random.RandomState(None if seed is None else check_integer('seed', seed, 0, MAX_SEED))


def make_stream(model: Model, tuner: ThreadTuner | None = None) -> Stream:
    """One stream from h = 0, by the exact kernels where they know the model; else by the tuner's threads."""
    if model.params.architecture.is_gist:
        return ExactStream.of(model.params)
    return BatchedStreams(_in_float(model), tuner=tuner)


def _in_float(model: Model) -> Params:
    """A copy in the model's own dtype, or in float32 for less."""
    return model.params.astype(np.result_type(model.params.flat.dtype, np.float32))


def in_pieces(work: Callable[[int, int], T], total: int) -> Iterator[T]:
    """work(start, stop) for parts of range(total) that take about PIECE seconds each; only its own time counts."""
    start, size = 0, FIRST_PIECE
    while start < total:
        stop, before = min(start + size, total), time.perf_counter()
        result = work(start, stop)
        seconds = max(time.perf_counter() - before, 1e-9)
        size = max(1, min(4 * size, int((stop - start) * PIECE / seconds)))
        start = stop
        yield result


def _read(stream: Stream, prompt: NDArray[np.uint32]) -> Iterator[None]:
    return in_pieces(lambda start, stop: stream.read(prompt[max(0, start - 1) : stop]), prompt.size)


def _in_groups(
    model: Model,
    stream: Stream,
    count: int,
    length: int,
    choice: Choice,
    rng: np.random.RandomState,
    threads: int | None,
) -> Iterator[str | None]:
    """Texts that all go on from one stream."""
    params, group = _in_float(model), min(count, GROUP, max(1, GROUP_CHARACTERS // max(length, 1)))
    with closing(make_tuner(params, group, threads, FLOPS_PER_DRAWING_THREAD)) as tuner:
        for start in range(0, count, group):
            streams = BatchedStreams(params, min(group, count - start), tuner)
            streams.states[...], streams.ix[:] = stream.states, stream.ix
            if isinstance(stream, BatchedStreams):
                streams.recent[...] = stream.recent
            yield from _whole(model, streams, length, choice, rng)


def _whole(
    model: Model, streams: BatchedStreams, length: int, choice: Choice, rng: np.random.RandomState
) -> Iterator[str | None]:
    """A text of each stream."""
    ids = np.zeros((length, streams.ix.size), np.uint32)

    def draw(start: int, stop: int) -> None:
        ids[start:stop] = streams.draw(rng, stop - start, choice)

    yield from in_pieces(draw, length)
    for of_text in ids.T:
        yield Decoder(model)(of_text, final=True)
