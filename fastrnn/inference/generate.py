"""Generates text with a model: one stream, in pieces, or many texts at once."""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ..engines.batched_streams import BatchedStreams, make_tuner
from ..engines.exact_stream import ExactStream
from ..kernels.sampling import Choice
from ..model.model import Model
from ..model.params import Params
from ..parallel.tuner import ThreadTuner
from ..settings.checks import check_integer
from .prompt import Decoder, encode_prompt
from .rules import make_choice, seeded
from .texts import Pieces, Texts, in_pieces
from .until import check_until

LENGTH = 500  # default characters of a text
MAX_WHOLE = 1 << 26  # limit of characters of a text that is returned whole
AGAIN = 'generate again, with the same seed for the same text'
# flops per step and thread; less does not pay for waking a thread. One stream, us per character, 1 and 2 threads:
# (Zen 5) LSTM 128, 0.15 Mflop, 2.9 and 3.1; LSTM 256, 0.56 Mflop, 10.4 and 6.5; LSTM 512, 38 and 30
FLOPS_PER_DRAWING_THREAD = 250_000
GROUP = 256  # texts at once
GROUP_CHARACTERS = 1 << 26  # limit of a group's characters; longer texts make smaller groups

Stream = ExactStream | BatchedStreams


def sample(
    model: Model,
    length: int = LENGTH,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    prime: str = '',
    seed: int | None = None,
    until: str | None = None,
    skip_unknown: bool = False,
) -> Iterator[str]:
    """Generate a text with a model, and yield it in pieces while it is generated.

    ``''.join(sample(model, 200, prime=prime))`` is the text without the prime; ``prime + ''.join(...)`` has both. An
    interrupt is raised between two pieces; the iterator can then be used again.

    Each character takes one uniform number, and is chosen as by ``np.random.choice``. A model of one tanh layer runs in
    float64: at temperature 1, without filters, its characters are those of the reference's ``sample`` after
    ``np.random.seed(seed)``. Other models run in their own dtype.

    Parameters
    ----------
    model : Model
        From ``load_model``. It is not changed.
    length : int
        Maximum number of characters, 0 or more; for a model of bytes, of bytes. Bytes are decoded as UTF-8. Bytes that
        are not UTF-8, and the symbol for rare bytes, become U+FFFD: the text may have fewer characters.
    temperature : float
        Logits are divided by it: below 1 likely characters become more likely. With 0 the most likely character is
        chosen (of equally likely ones, the one with the lowest id); other rules and the seed have no effect.
    top_k : int, optional
        Sample only from the K most likely characters (of equally likely ones, those with lower ids).
    top_p : float, optional
        Nucleus sampling: sample only from the smallest set of most likely characters whose probabilities sum to at
        least this. ``top_k`` is applied first. Source: Holtzman et al., The Curious Case of Neural Text Degeneration,
        2020.
    prime : str
        Text that the model reads first, from h = 0, and continues. **It is not included in the result.** Without a
        prime the model continues a newline; if the vocabulary has none, its character 0.
    seed : int, optional
        Seed of NumPy's legacy generator; None: a different text each time. NumPy's global generator is not used.
    until : str, optional
        Stop before this string, such as ``'\\n'`` or ``'\\n\\n'``. No part of it is in the result. The text before it
        is the same as without ``until``.
    skip_unknown : bool
        Skip characters of the prime that the model does not know.

    Raises
    ------
    ValueError
        When called, in one line: for an invalid value, for unknown characters in the prime (U+FFFD replaces them if the
        vocabulary has it), or for an ``until`` that the model can't write.
    Diverged
        While generating, if a probability is NaN: the weights are not finite, or so large that exp overflows.
    """
    choice = make_choice(model, temperature, top_k, top_p)
    length, rng = check_integer('length', length, 0), seeded(seed)
    check_until(until, model)
    prompt, decode = encode_prompt(prime, model, skip_unknown), Decoder(model, until)
    tuner = make_tuner(model.params, 1, None, FLOPS_PER_DRAWING_THREAD)
    stream = make_stream(model, tuner)

    def draw(start: int, stop: int) -> str | None:
        return decode(stream.draw(rng, stop - start, choice).ravel(), final=stop == length) or None

    def pieces() -> Iterator[str | None]:
        with closing(tuner):
            yield from read(stream, prompt)
            for piece in in_pieces(draw, length):
                yield piece
                if decode.over:
                    return

    return Pieces(pieces(), AGAIN)


def samples(
    model: Model,
    count: int,
    length: int = LENGTH,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    prime: str = '',
    seed: int | None = None,
    until: str | None = None,
    skip_unknown: bool = False,
    threads: int | None = None,
    at_once: int | None = None,
) -> Texts:
    """Generate many texts with a model at once, all from the same prime.

    The result is a sequence of whole texts, each **without the prime**: ``list(samples(model, 20, until='\\n'))``.
    Texts are generated when they are first needed, and kept: each loop gives the same texts. At a prompt or in a
    notebook the result shows its first texts. For very many texts, loop over ``samples(...).once()``: it keeps none.

    Parameters and rules are those of ``sample``. The batched engine draws the texts, in the model's own dtype, and
    uses the generator's numbers in another order: for one seed the texts differ from that of ``sample``.

    To keep only lines that a text does not have: ``known = set(text.splitlines())``, then
    ``[line for line in samples(model, 20, until='\\n') if line not in known]``.

    Parameters
    ----------
    count : int
        Number of texts, 1 or more.
    threads : int, optional
        Number of threads; None: as many as pay off. Does not change the texts.
    at_once : int, optional
        Texts of a group, which are drawn together until all have stopped; None: 256, or fewer if they are very long, so
        that memory is bounded. Each step of time takes one uniform number for each of them, so the texts depend on it.

    Raises
    ------
    ValueError, Diverged
        As ``sample`` does.
    """
    choice = make_choice(model, temperature, top_k, top_p)
    length, rng, count = check_integer('length', length, 0), seeded(seed), check_integer('count', count, 1)
    threads = None if threads is None else check_integer('threads', threads, 1, 1024)
    if length > MAX_WHOLE:
        raise ValueError(f'length is {length}; for samples generated together it must be {MAX_WHOLE:,} or less')
    at_once = GROUP if at_once is None else check_integer('at_once', at_once, 1)
    check_until(until, model)
    group = min(count, at_once, GROUP, max(1, GROUP_CHARACTERS // max(length, 1)))
    prompt, stream = encode_prompt(prime, model, skip_unknown), make_stream(model)
    texts = _in_groups(model, stream, count, group, length, choice, rng, threads, until)
    return Texts(chain(read(stream, prompt), texts), AGAIN, count, length)


def make_stream(model: Model, tuner: ThreadTuner | None = None) -> Stream:
    """One stream from h = 0: exact kernels for one tanh layer, else batched kernels with the tuner's threads."""
    if model.params.architecture.is_gist:
        return ExactStream.of(model.params)
    return BatchedStreams(_in_float(model), tuner=tuner)


def _in_float(model: Model) -> Params:
    """A copy in the model's own dtype, or in float32 for less."""
    return model.params.astype(np.result_type(model.params.flat.dtype, np.float32))


def read(stream: Stream, prompt: NDArray[np.uint32]) -> Iterator[None]:
    """Read ids in pieces; interrupts are handled between them."""
    return in_pieces(lambda start, stop: stream.read(prompt[max(0, start - 1) : stop]), prompt.size)


def _in_groups(
    model: Model,
    stream: Stream,
    count: int,
    group: int,
    length: int,
    choice: Choice,
    rng: np.random.RandomState,
    threads: int | None,
    until: str | None,
) -> Iterator[str | None]:
    """Texts that all continue one stream."""
    params = _in_float(model)
    with closing(make_tuner(params, group, threads, FLOPS_PER_DRAWING_THREAD)) as tuner:
        for start in range(0, count, group):
            streams = BatchedStreams(params, min(group, count - start), tuner)
            streams.states[...], streams.ix[:] = stream.states, stream.ix
            if isinstance(stream, BatchedStreams):
                streams.recent[...] = stream.recent
            yield from _whole(model, streams, length, choice, rng, until, last=start + group >= count)


def _whole(
    model: Model,
    streams: BatchedStreams,
    length: int,
    choice: Choice,
    rng: np.random.RandomState,
    until: str | None,
    last: bool,
) -> Iterator[str | None]:
    """Yield one text per stream, in their order, each when it is complete.

    The generator's numbers of steps that are not taken, as all texts have stopped, are used up: so the texts of the
    next group depend neither on ``until`` nor on when this was noticed. After the last group nothing needs them.
    """
    B = streams.ix.size
    decoders, parts, drawn, given = [Decoder(model, until) for _ in range(B)], [list[str]() for _ in range(B)], 0, 0

    def draw(start: int, stop: int) -> None:
        nonlocal drawn
        for decode, part, ids in zip(decoders, parts, streams.draw(rng, stop - start, choice).T, strict=True):
            part.append(decode(ids, final=stop == length))
        drawn = stop

    def unused(start: int, stop: int) -> None:
        rng.random_sample((stop - start) * B)

    for _ in in_pieces(draw, length):
        yield None
        while given < B and (decoders[given].over or drawn == length):
            yield ''.join(parts[given])
            parts[given].clear()
            given += 1
        if given == B:
            break
    yield from [''] * (B - given)  # of no length
    if not last:
        yield from in_pieces(unused, length - drawn)
