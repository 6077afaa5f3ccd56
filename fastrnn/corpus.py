"""From a file to text, and from text to character numbers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAX_VOCABULARY = 65_536


@dataclass(frozen=True)
class Corpus:
    """A text as numbers: ``chars[ids[k]]`` is its character k. Characters are numbered in sorted order."""

    ids: NDArray[np.uint16]  # (n,)
    chars: str

    @classmethod
    def of(cls, text: str) -> 'Corpus':
        """Number the characters of ``text``. Raises ValueError above 65,536 distinct ones."""
        points = np.frombuffer(text.encode('utf-32-le', 'surrogatepass'), np.uint32)
        seen = np.zeros(int(points.max(initial=0)) + 1, bool)
        seen[points] = True
        vocabulary = np.flatnonzero(seen)
        if vocabulary.size > MAX_VOCABULARY:
            raise ValueError(
                f'the text has {vocabulary.size:,} distinct characters; {MAX_VOCABULARY:,} can be told apart'
            )
        numbers = np.zeros(seen.size, np.uint16)
        numbers[vocabulary] = np.arange(vocabulary.size)
        return cls(numbers[points], ''.join(map(chr, vocabulary)))

    def text(self, ids: NDArray[np.integer]) -> str:
        return ''.join(self.chars[ix] for ix in ids)


def read_text(path: str | Path, encoding: str = 'utf-8') -> str:
    """The text of a file, newlines as ``open(path, 'r')`` gives them.

    Raises ValueError, in one line, where there is no such text: missing, a directory, empty, or not in
    this encoding (with the offset and value of the first byte that is not).
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror or error}; name a text file that can be read') from error
    if not data:
        raise ValueError(f'{path}: the file is empty; name a file with text in it')
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f'{path}: byte 0x{data[error.start]:02x} at offset {error.start} is not {encoding}; '
            "name the text's encoding with --encoding, e.g. latin-1"
        ) from error
    except LookupError as error:
        raise ValueError(f'encoding {encoding!r} is not known; name one such as utf-8 or latin-1') from error
    return text.replace('\r\n', '\n').replace('\r', '\n')
