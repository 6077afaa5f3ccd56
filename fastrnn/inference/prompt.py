"""Between text and a model's character numbers: the text that it goes on from, and the text that it draws."""

import codecs
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.files import Reading, look_at, source_of, texts
from ..data.lacking import OF_PRIME
from ..model.model import Model


def read_prompt(path: str | Path, encoding: str = 'utf-8', errors: str = 'strict') -> str:
    """The text of a file (gzip's too), or of standard input if path is '-'; it may be empty.

    Newlines are as ``open(path, 'r')`` gives them. Raises ValueError, in one line, where it can't be read or is not
    in this encoding.
    """
    reading = Reading(encoding, errors)
    source = source_of(path)
    look_at([source], reading)
    return ''.join(texts(source, reading, source.chunks()))


def encode_prompt(prime: str, model: Model) -> NDArray[np.uint32]:
    """Character numbers (n,) of a text; for a model of bytes, of its UTF-8. n >= 1: an empty text is a newline.

    What the vocabulary lacks becomes U+FFFD if that is in it; else ValueError says how many, and which.
    """
    if not prime:
        return np.full(1, max(0, model.chars.find('\n')), np.uint32)
    return np.asarray(model.vocabulary.encode(prime, cure=OF_PRIME)).astype(np.uint32)  # one kind of kernel


class Decoder:
    """Text of character numbers, piece after piece; of bytes as UTF-8, where a piece may end inside a character."""

    def __init__(self, model: Model) -> None:
        self._vocabulary = model.vocabulary
        self._bytes = codecs.getincrementaldecoder('utf-8')('replace') if model.unit == 'byte' else None

    def __call__(self, ids: NDArray[np.uint32], final: bool = False) -> str:
        if self._bytes is None:
            return self._vocabulary.decode(ids)
        return self._bytes.decode(self._vocabulary.as_bytes(ids), final)
