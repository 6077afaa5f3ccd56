"""How much each character of a text surprises a model, and the table of it."""

import html
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import DTypeLike, NDArray

from ..data.stored import Ids
from ..data.vocabulary import FOLDED, Vocabulary
from ..model.model import Model, check_model
from ..model.overflow import check_mean
from .adapt import adapted_nats
from .evaluate import nats

HEADER, ADAPTED = 'offset\tcharacter\tbits', '\tadapted_bits'
BLOCK = 1 << 16  # lines of the table that are made at a time
QUOTED, SHADED = 40, 400  # characters that a repr shows, and a notebook
MOST_BITS = 8  # from here on the shade is the darkest
NAMED = {'\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\'}
JOINERS = '\u200c\u200d'  # Persian, Hindi and emoji are not written without them
# controls, lone surrogates, and U+2028 and U+2029, at which some readers end a line
UNSAFE = re.compile('[\x00-\x1f\\\\\x7f-\x9f\u2028\u2029\ud800-\udfff]')


@dataclass(frozen=True, eq=False, repr=False)
class Scored(NDArrayOperatorsMixin):
    """A text as the model sees it, and the surprisal of each character.

    It behaves as the array ``bits``: ``len``, indexing, loops, arithmetic, comparisons, NumPy's functions, and the
    attributes and methods of an array, such as ``shape`` and ``max()``, use that. A slice is a plain array, without
    ``text``. Methods can't change the bits.
    """

    ids: Ids  # (n,)
    chars: str  # character k of the vocabulary
    unit: str
    bits: NDArray[np.float64]  # (n,); the first, which nothing precedes, is NaN
    offsets: NDArray[np.int64] | None = None  # (n,) in the text, where characters were left out; else 0 ... n-1
    adapted: NDArray[np.float64] | None = None  # (n,) as bits, of weights that follow the text, if that was asked for

    @cached_property
    def text(self) -> str:
        """Of the units: of a model of bytes, chr(0) to chr(255)."""
        return Vocabulary(self.chars, self.unit).decode(self.ids)

    @property
    def bits_per_character(self) -> float:
        return float(self.bits[1:].mean())

    @property
    def adapted_bits_per_character(self) -> float | None:
        return None if self.adapted is None else float(self.adapted[1:].mean())

    def __len__(self) -> int:
        return self.bits.size

    def __iter__(self) -> Iterator[np.float64]:
        return iter(self.bits)

    @overload
    def __getitem__(self, at: int | np.integer[Any]) -> np.float64: ...
    @overload
    def __getitem__(self, at: slice | Sequence[int] | NDArray[Any]) -> NDArray[np.float64]: ...
    def __getitem__(self, at: Any) -> Any:
        return self.bits[at]

    def __getattr__(self, name: str) -> Any:
        # an object that is being unpickled has no bits yet
        if name.startswith('_') or 'bits' not in self.__dict__ or not hasattr(np.ndarray, name):
            raise AttributeError(f'{type(self).__name__!r} object has no attribute {name!r}', name=name, obj=self)
        bits = self.bits.view()
        bits.flags.writeable = False  # sorted bits would not be those of the text
        return getattr(bits, name)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.bits, dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(out, Scored) for out in options.get('out', ())):
            return NotImplemented  # it is frozen
        return getattr(ufunc, method)(
            *(value.bits if isinstance(value, Scored) else value for value in inputs), **options
        )

    def __repr__(self) -> str:
        text = self._beginning(QUOTED)
        return f'<surprisals of {self._summary}: {text!r}{"…" * (len(text) < len(self))}>'

    def _repr_html_(self) -> str:
        """In a notebook, the beginning of the text, shaded by bits; they appear under the pointer."""
        bits, cells = self.bits[:SHADED], {'\n': '\n'}  # escapes make a line's end visible, here it ends the line
        shades = 0.6 * np.nan_to_num(np.minimum(bits / MOST_BITS, 1))  # legible on light and dark pages

        def told(value: float) -> str:
            return 'nothing precedes it' if math.isnan(value) else f'{value:.2f} bits'

        spans = ''.join(
            f'<span style="background:rgba(66,146,198,{shade:.2f})" title="{told(value)}">'
            f'{cells.get(char) or html.escape(visible(char, self.unit))}</span>'
            for char, value, shade in zip(self._beginning(SHADED), bits.tolist(), shades.tolist(), strict=True)
        )
        rest = f'… {len(self) - SHADED:,} more' if len(self) > SHADED else ''
        return f'<div>{self._summary}</div><pre style="white-space:pre-wrap">{spans}{rest}</pre>'

    @property
    def _summary(self) -> str:
        adapted = self.adapted_bits_per_character
        words = f'{len(self):,} {self.unit}s, {self.bits_per_character:.3f} bits per {self.unit}'
        return words if adapted is None else f'{words}, {adapted:.3f} adapted'

    def _beginning(self, length: int) -> str:
        return Vocabulary(self.chars, self.unit).decode(self.ids[:length])


def score(model: Model, ids: Ids, adapt: bool = False, follow: Callable[[float], object] = float) -> Scored:
    """The surprisals of a text that is encoded already; ids (n,) with n >= 2. ``follow``: the share that is adapted."""
    found = nats(model.params, ids)
    with np.errstate(over='ignore', invalid='ignore'):
        check_mean(float(found.mean()) / math.log(2))
    adapted = in_bits(adapted_nats(model.params, ids, follow)) if adapt else None
    return Scored(ids, model.chars, model.unit, in_bits(found), adapted=adapted)


def in_bits(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of nats (n-1,), bits (n,), of which the first is NaN.

    Rounding can put a certain character just below 0, and there is no -0.
    """
    bits = np.full(found.size + 1, math.nan)
    np.maximum(np.divide(found, math.log(2), out=bits[1:]), 0.0, out=bits[1:])
    bits += 0.0
    return bits


def surprisals(
    model: Model,
    text: str | Path | Sequence[str | Path],
    *,
    skip_unknown: bool = False,
    adapt: bool = False,
    **reading: str,
) -> Scored:
    """Score each character of a text: -log2 of its probability under the model, given all characters before it.

    In a long text, at least the 512 characters before it are read: see ``fastrnn.inference.evaluate.slices``.

    Parameters
    ----------
    model : Model
        See ``fastrnn.load_model``.
    text : str, Path or sequence of paths
        A str is the text itself, others name files (gzip's too), which ``reading`` may give ``encoding`` and
        ``errors``.
    skip_unknown : bool
        Skip characters that the model does not know: they are not read.
    adapt : bool
        Also score the text with weights that adapt while they read: ``adapted``, see ``fastrnn.inference.adapt``.

    Returns
    -------
    Scored
        An array of bits, as long as its ``text``. The first is NaN, because nothing precedes it. The mean of the
        others is ``bits_per_character``, that of ``fastrnn.evaluate``.

    Raises
    ------
    ValueError
        For a text of less than two characters, or one with characters that the model does not know and that are not
        skipped.
    Diverged
        For a model whose weights are not finite, or far too large, or get so while they follow the text.
    """
    check_model(model)
    encoded = model.vocabulary.encode_known(text, skip_unknown=skip_unknown, places=True, **reading)
    return replace(score(model, encoded.ids, adapt), offsets=encoded.offsets)


def escaped(char: str, unit: str = 'character') -> str:
    r"""A character in the table: \t \n \r \\, or \xNN or \uNNNN where it would break a line or a byte is not ASCII."""
    if char in NAMED:
        return NAMED[char]
    point = ord(char)
    if not UNSAFE.match(char) and (unit != 'byte' or char.isascii() or point == FOLDED):
        return char
    return f'\\x{point:02x}' if point < 256 else f'\\u{point:04x}'


def visible(char: str, unit: str = 'character') -> str:
    """A character; an escape if it is invisible, changes the text's direction or is not allowed in HTML."""
    shown = char if char == '\\' else escaped(char, unit)  # pages, unlike tables, need no escaped backslash
    if shown != char:
        return shown
    point = ord(char)
    unseen = unicodedata.category(char) == 'Cf' and char not in JOINERS
    if unseen or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
        return f'\\u{point:04x}' if point < 0x10000 else f'\\U{point:08x}'
    return char


def table(scored: Scored) -> Iterator[str]:
    """The lines of the TSV, many at a time, each ended: offset, character (escaped), bits (of the first: empty).

    A fourth column has the adapted bits, if there are some. What was left out of the text has no line, but the offsets
    count it.
    """
    columns = [scored.bits] if scored.adapted is None else [scored.bits, scored.adapted]
    yield f'{HEADER}{ADAPTED * (len(columns) > 1)}\n'
    cells = [escaped(char, scored.unit) for char in scored.chars]
    for first in range(0, scored.ids.size, BLOCK):
        block = slice(first, first + BLOCK)
        ids = scored.ids[block].tolist()
        there = range(first, first + len(ids)) if scored.offsets is None else scored.offsets[block].tolist()
        texts = [[f'{value:.4f}' for value in column[block].tolist()] for column in columns]
        values = texts[0] if len(texts) == 1 else ['\t'.join(both) for both in zip(*texts, strict=True)]
        if not first:
            values[0] = '\t' * (len(columns) - 1)
        yield ''.join(f'{offset}\t{cells[ix]}\t{value}\n' for offset, ix, value in zip(there, ids, values, strict=True))
