"""Encodes prompts to a model's ids, and decodes generated ids."""

import codecs
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.files import Reading, look_at, source_of, texts
from ..data.lacking import OF_PRIME, Lacking
from ..model.model import Model
from .until import Until


def read_prompt(path: str | Path, encoding: str = 'utf-8', errors: str = 'strict') -> str:
    """The text of a file (gzip too), or of standard input if path is '-'; it may be empty.

    Newlines are as ``open(path, 'r')`` gives them. Raises ValueError, in one line, if it can't be read or is not in
    this encoding.
    """
    reading = Reading(encoding, errors)
    source = source_of(path)
    look_at([source], reading)
    return ''.join(texts(source, reading, source.chunks()))


def encode_prompt(prime: str, model: Model, skip_unknown: bool = False) -> NDArray[np.uint32]:
    """The ids (n,) of a text; for a model of bytes, of its UTF-8. n >= 1: an empty text is read as a newline.

    Unknown characters become U+FFFD if the vocabulary has it; else ValueError says how many, and which. With
    ``skip_unknown`` they are left out.
    """
    ids = encode_known(prime, model, skip_unknown)[0]
    return ids if ids.size else np.full(1, max(0, model.chars.find('\n')), np.uint32)


def encode_known(
    text: str, model: Model, skip_unknown: bool = True, cure: str = OF_PRIME
) -> tuple[NDArray[np.uint32], Lacking]:
    """The ids as from ``encode_prompt``, but n may be 0, and the characters that were left out.

    ``cure``: what an error says to do.
    """
    if not isinstance(text, str | Path):
        raise ValueError(f'prime is a {type(text).__name__}; pass the text as a str')
    found = model.vocabulary.encode_what_is_known(read_prompt(text) if isinstance(text, Path) else text)
    if found.lacking.count and not skip_unknown:
        raise found.lacking.error(cure)
    return np.asarray(found.ids).astype(np.uint32), found.lacking  # one dtype: kernels are compiled once


def as_read(prime: str, model: Model) -> str:
    """A prime as the model reads it: without unknown characters, or with U+FFFD for them."""
    return Decoder(model)(encode_known(prime, model)[0], final=True)


class Decoder:
    """Decodes ids piece by piece; bytes as UTF-8, also if a piece ends inside a character.

    The text ends before the string ``until``, which may span pieces; ``over`` is then True.
    """

    def __init__(self, model: Model, until: str | None = None) -> None:
        self._vocabulary, self._until = model.vocabulary, Until(until)
        self._bytes = codecs.getincrementaldecoder('utf-8')('replace') if model.unit == 'byte' else None

    def __call__(self, ids: NDArray[np.uint32], final: bool = False) -> str:
        if self._bytes is None:
            return self._until(self._vocabulary.decode(ids), final)
        return self._until(self._bytes.decode(self._vocabulary.as_bytes(ids), final), final)

    @property
    def over(self) -> bool:
        return self._until.over
