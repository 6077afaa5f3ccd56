"""A model as a page that runs it, or as an ONNX file."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.stored import Ids
from ..errors import Diverged
from ..inference.evaluate import bits
from ..inference.generate import make_stream
from ..inference.prompt import encode_prompt
from ..model.model import Model, check_model
from ..model.onnx_file import SUFFIX, write_onnx
from ..model.overflow import check_mean, overflows
from ..model.params import Params
from ..system.atomic import check_place, write_atomically
from ..system.interrupts import remembered
from .player import page
from .player_weights import quantized, size_of_rows

DRAWN = 20_000  # characters of the model's own, on which 8 bits are compared with float32 where no text is given
MAX_PRIME = 10_000  # half of LONGEST_TEXT in player_write.js
# bytes of the page that rows of n-grams may take, as a browser has it in memory several times; the preset's take up to
# 107 MB
MAX_ROWS = 120_000_000


@dataclass(frozen=True)
class Exported:
    """What was written, and, of 8 bits, what they cost."""

    size: int  # bytes
    bits: float | None = None  # bits per character of the model as it is
    quantized_bits: float | None = None  # and in 8 bits
    of: str = ''  # which text


def export(
    model: Model,
    path: str | Path,
    quantize: bool = False,
    *,
    text: str | Path | None = None,
    title: str | None = None,
    saved: float | None = None,
    primes: Sequence[str] = (),
) -> Exported:
    """Write one HTML file that runs the model in a browser, without a network: it writes, and shows what its units do.

    If the name ends in ``.onnx``, write one step of the model in ONNX, in float32 (extra ``onnx``): ``ids`` (batch,)
    int64 and states, which are zeros before a text, to ``logits`` (batch, V) and the next states. States are ``h``
    (layers, batch, H), of an LSTM ``c``, and with n-grams ``recent`` (batch, N-1) int64. The metadata ``vocabulary``
    has the characters as JSON. The other parameters below are for pages.

    Parameters
    ----------
    model : Model
    path : path
        Of the file. It appears whole or not at all.
    quantize : bool
        Weights in 8 bits, a scale a row, in place of float32: the page takes about a quarter, and for one seed it
        writes the text of the rounded model, where it else writes that of :func:`fastrnn.sample`. What that costs is
        measured: on ``text``, or on 20,000 characters that the model draws itself, where the difference estimates
        the Kullback-Leibler divergence of the rounded model from the model: no text of others is needed for it.
    text : str or Path, optional
        A str is the text itself, a Path names a file.
    title : str, optional
        By default the name of the text that it was trained on, if the model's file tells it.
    saved : float, optional
        When the model was saved, in seconds since 1970; the page tells the day.
    primes : sequence of str
        Beginnings that the page offers, each with a button.

    Returns
    -------
    Exported
        Its ``size`` in bytes; with ``quantize``, ``bits`` and ``quantized_bits`` per character, and the text they are
        ``of``.

    Raises
    ------
    ValueError
        In one line, for a text or a prime with characters that the model lacks, an empty prime, a place where no
        file can be written, or more than 120 MB of n-grams; without the package onnx for an ONNX file.
    Diverged
        For a model whose weights are not finite, or far too large.
    """
    check_model(model)
    path = Path(path)
    check_place(path)
    if path.suffix.lower() == SUFFIX:
        if quantize or text is not None or title is not None or primes:
            raise ValueError(f'{path}: quantize, text, title and primes are for pages; leave them out')
        return Exported(write_onnx(path, model))
    _check_primes(model, primes)
    _check_rows(model.params, quantize)
    if overflows(model.params, np.float32):
        raise Diverged("the model's weights are not finite, or too large for the float32 of a page: export another one")
    cost, told = Exported(0), []
    if quantize:
        cost = _cost(model, text)
        told = [('8 bits cost', f'{_difference(cost)} bits per {model.unit}, on {cost.of}')]
    if saved is not None:
        told.append(('saved', time.strftime('%Y-%m-%d', time.localtime(saved))))
    source = page(model, title or model.about.text or 'A character model', told, quantize=quantize, primes=primes)
    data = source.encode('utf-8')
    write_atomically(path, data)
    return Exported(len(data), cost.bits, cost.quantized_bits, cost.of)


def _check_primes(model: Model, primes: Sequence[str]) -> None:
    """Raise ValueError for one that the model can't read, or the page not whole."""
    if isinstance(primes, str):
        raise ValueError(f'primes is the text {primes!r}; give a list of texts')
    for prime in primes:
        if not isinstance(prime, str) or not prime:
            raise ValueError(f'a prime is {prime!r}; it must be a text of one character or more')
        name = repr(prime) if len(prime) < 40 else f'{prime[:30]!r}…'
        try:
            size = len(model.vocabulary.encode(prime, cure='take them out of the prime'))
        except ValueError as error:
            raise ValueError(f'prime {name}: {error}') from None
        if size > MAX_PRIME:
            raise ValueError(f'prime {name} has {size:,} {model.unit}s, a page reads {MAX_PRIME:,} at most: shorten it')


def _check_rows(params: Params, quantize: bool) -> None:
    """Raise ValueError for more rows of n-grams than a page may have."""
    V, count = params.V, int(np.count_nonzero(params.rows.any(axis=1)))
    size = size_of_rows(count, V, quantize)
    if size <= MAX_ROWS:
        return
    if size_of_rows(count, V, True) <= MAX_ROWS:
        cure = 'add --quantize'
    else:
        rows = params.architecture.ngram_rows * MAX_ROWS // size_of_rows(len(params.rows), V, True)
        cure = f'train a model with --ngram-rows {rows} or fewer{"" if quantize else ", and add --quantize"}'
    raise ValueError(
        f'rows of n-grams would take {size / 1e6:,.0f} MB of the page, the limit is {MAX_ROWS / 1e6:.0f} MB: {cure}'
    )


def _cost(model: Model, text: str | Path | None) -> Exported:
    ids: Ids
    if text is None:
        ids, of = _drawn(model), f'{DRAWN:,} {model.unit}s that it drew'
    else:
        ids, of = model.vocabulary.encode(text), text.name if isinstance(text, Path) else 'a text'
    whole, rounded = bits(model.params, ids), bits(quantized(model.params), ids)
    for mean in (whole, rounded):
        check_mean(mean)
    return Exported(0, whole, rounded, of)


def _drawn(model: Model) -> NDArray[np.uint32]:
    """Numbers, as text of drawn bytes would be another one: it has U+FFFD for what is no UTF-8."""
    stream, rng = make_stream(model), np.random.RandomState(0)
    with remembered():
        stream.read(encode_prompt('', model))
        return np.concatenate([stream.draw(rng, 1000).ravel() for _ in range(DRAWN // 1000)])


def _difference(cost: Exported) -> str:
    assert cost.bits is not None and cost.quantized_bits is not None
    return f'{cost.quantized_bits - cost.bits:+.4f}'
