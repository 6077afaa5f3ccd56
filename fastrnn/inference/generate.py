"""Text from a model: one stream, as it is drawn, or many at once."""

import math
import sys
from collections.abc import Iterator
from functools import partial

import numpy as np

from ..kernels.sampling import Choice
from ..model.model import Model
from ..parallel.threads import ThreadTuner, counts_for_streams
from ..settings.checks import as_number, check_integer, check_number
from ..settings.options import MAX_SEED
from ..system.interruptible import InterruptibleGenerator
from .prompt import Decoder, encode_prompt
from .streams import Batch, Pace, Stream, make_stream

LONGEST = 1 << 26  # characters of a text that is not shown before it is whole
AGAIN = 'draw again, with the same seed for the same text'
FLOPS_PER_THREAD = 400_000  # of a step of time; less is not worth waking a thread for
GROUP = 256  # texts at once
GROUP_CHARACTERS = 1 << 26  # of a group, or it takes fewer texts


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
    length, seed = check_integer('length', length, 0), _checked_seed(seed)
    stream = make_stream(model, encode_prompt(prime, model))
    return InterruptibleGenerator(_one(model, length, stream, choice, np.random.RandomState(seed)), AGAIN)


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
    length, seed, count = check_integer('length', length, 0), _checked_seed(seed), check_integer('count', count, 1)
    threads = None if threads is None else check_integer('threads', threads, 1, 1024)
    if length > LONGEST:
        raise ValueError(f'length is {length}; of samples that are drawn at once it is {LONGEST:,} at most')
    stream = make_stream(model, encode_prompt(prime, model))
    return InterruptibleGenerator(
        _many(model, count, length, stream, choice, np.random.RandomState(seed), threads), AGAIN
    )


def _choice(model: Model, temperature: float, top_k: int | None, top_p: float | None) -> Choice:
    """Checked, and in the kernels' types."""
    chosen = as_number(temperature)
    if chosen is None or not 0 <= chosen < math.inf:
        raise ValueError(f'temperature is {temperature}; it must be a number, 0 or more')
    V = model.params.V
    kept = V if top_k is None else min(V, check_integer('top_k', top_k, 1))
    mass = 1.0 if top_p is None else float(check_number('top_p', top_p, 1))
    if chosen == 0:  # so near 0 that all but the largest logits get nothing, and of those the first
        return Choice(sys.float_info.min, 1, 1.0)
    return Choice(float(chosen), kept, mass)


def _checked_seed(seed: int | None) -> int | None:
    return None if seed is None else check_integer('seed', seed, 0, MAX_SEED)


def _one(model: Model, length: int, stream: Stream, choice: Choice, rng: np.random.RandomState) -> Iterator[str | None]:
    yield from stream.absorb()
    pace, decode, left = Pace(), Decoder(model), length
    while left:
        out = pace(partial(stream.draw, choice, rng), left)
        left -= out.size
        yield decode(out, final=not left) or None


def _many(
    model: Model,
    count: int,
    length: int,
    stream: Stream,
    choice: Choice,
    rng: np.random.RandomState,
    threads: int | None,
) -> Iterator[str | None]:
    yield from stream.absorb()
    group = min(count, GROUP, max(1, GROUP_CHARACTERS // max(length, 1)))
    flops = group * model.params.architecture.forward_flops
    sizes = [threads] if threads else counts_for_streams(group, flops, FLOPS_PER_THREAD)
    tuner = ThreadTuner(sizes)
    try:
        batch = Batch(model.params, choice, max(sizes))
        for start in range(0, count, group):
            out = yield from batch.draw(min(group, count - start), length, stream, rng, tuner)
            for ids in out.T:
                yield Decoder(model)(ids, final=True)
    finally:
        tuner.close()
