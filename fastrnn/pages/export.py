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

PAGES = ('.html', '.htm')  # other names would hide a page from browsers, or a typo of .onnx
DRAWN = 20_000  # characters that the model generates to compare 8 bits with float32 if no text is given
MAX_PRIME = 10_000  # half of LONGEST_TEXT in player_write.js
# bytes for the n-gram table in a page: a browser has the page in memory several times. The preset's tables take up to
# 107 MB
MAX_ROWS = 120_000_000


@dataclass(frozen=True)
class Exported:
    """The size of the file, and the cost of 8 bits."""

    size: int  # bytes
    bits: float | None = None  # bits per character of the unrounded model
    quantized_bits: float | None = None  # bits per character of the model in 8 bits
    of: str = ''  # the text on which both were measured


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
    """Write one HTML file that runs the model in a browser, offline. It generates text and shows what the units do.

    If the name ends in ``.onnx``, write one step of the model in ONNX, in float32 (extra ``onnx``). Inputs are ``ids``
    (batch,) int64 and the states, zeros at the start of a text. Outputs are ``logits`` (batch, V) and the next states.
    The states are ``h`` (layers, batch, H), for an LSTM also ``c``, and with n-grams ``recent`` (batch, N-1) int64. The
    metadata ``vocabulary`` has the characters as JSON. The other parameters are for pages.

    Parameters
    ----------
    model : Model
    path : path
        The file to write; its name ends in .html, .htm or .onnx. It appears whole or not at all.
    quantize : bool
        Store weights in 8 bits, with one scale per row, instead of float32. The page takes about a quarter of the
        size. With the same seed it writes the text of the rounded model; without ``quantize`` it writes the text of
        ``fastrnn.sample``. The cost is measured on ``text``, or on 20,000 characters that the model generates. On
        generated text the difference estimates the Kullback-Leibler divergence of the rounded model from the model.
    text : str or Path, optional
        A str is the text itself, a Path names a file.
    title : str, optional
        By default the name of the training text, if the model's file has it.
    saved : float, optional
        When the model was saved, in seconds since 1970; the page shows the date.
    primes : sequence of str
        Texts to continue; the page has a button for each.

    Returns
    -------
    Exported
        ``size`` in bytes; with ``quantize`` also ``bits`` and ``quantized_bits`` per character, and ``of``, the text
        on which they were measured.

    Raises
    ------
    ValueError
        In one line: for unknown characters in a text or a prime, an empty prime, a file that can't be written, a file
        name with another ending, more than 120 MB of n-grams, or an ONNX file without the package onnx.
    Diverged
        If the model's weights are not finite, or far too large.
    """
    check_model(model)
    path = Path(path)
    check_place(path)
    if path.suffix.lower() == SUFFIX:
        if quantize or text is not None or title is not None or primes:
            raise ValueError(f'{path}: quantize, text, title and primes are for pages; leave them out')
        return Exported(write_onnx(path, model))
    if path.suffix.lower() not in PAGES:
        raise ValueError(f'{path}: not the name of a page or an ONNX file; let it end in .html, .htm or .onnx')
    _check_primes(model, primes)
    _check_rows(model.params, quantize)
    if overflows(model.params, np.float32):
        raise Diverged("the model's weights are not finite, or too large for float32 in a page: export another model")
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
    """Raise ValueError for primes that the model can't read, or that are too long for a page."""
    if isinstance(primes, str):
        raise ValueError(f'primes is the text {primes!r}; pass a list of texts')
    for prime in primes:
        if not isinstance(prime, str) or not prime:
            raise ValueError(f'a prime is {prime!r}; it must be a text of one character or more')
        name = repr(prime) if len(prime) < 40 else f'{prime[:30]!r}…'
        try:
            size = len(model.vocabulary.encode(prime, cure='remove them from the prime'))
        except ValueError as error:
            raise ValueError(f'prime {name}: {error}') from None
        if size > MAX_PRIME:
            raise ValueError(f'prime {name} has {size:,} {model.unit}s, the limit is {MAX_PRIME:,}: shorten it')


def _check_rows(params: Params, quantize: bool) -> None:
    """Raise ValueError if the n-gram table is too large for a page."""
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
        f'the n-gram table would take {size / 1e6:,.0f} MB of the page, the limit is {MAX_ROWS / 1e6:.0f} MB: {cure}'
    )


def _cost(model: Model, text: str | Path | None) -> Exported:
    ids: Ids
    if text is None:
        ids, of = _drawn(model), f'{DRAWN:,} generated {model.unit}s'
    else:
        ids, of = model.vocabulary.encode(text), text.name if isinstance(text, Path) else 'a text'
    whole, rounded = bits(model.params, ids), bits(quantized(model.params), ids)
    for mean in (whole, rounded):
        check_mean(mean)
    return Exported(0, whole, rounded, of)


def _drawn(model: Model) -> NDArray[np.uint32]:
    """Generated ids. Decoding them would change a text of bytes: U+FFFD replaces what is not UTF-8."""
    stream, rng = make_stream(model), np.random.RandomState(0)
    with remembered():
        stream.read(encode_prompt('', model))
        return np.concatenate([stream.draw(rng, 1000).ravel() for _ in range(DRAWN // 1000)])


def _difference(cost: Exported) -> str:
    assert cost.bits is not None and cost.quantized_bits is not None
    return f'{cost.quantized_bits - cost.bits:+.4f}'
