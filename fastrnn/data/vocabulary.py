"""A model's vocabulary: the only conversion from text to ids, and back.

Code points below 256 are handled as bytes, because ``bytes.translate`` is the fastest table look-up in Python.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..settings.file_names import text_or_files
from . import files
from .files import Piece, Reading
from .ids import ids_type
from .lacking import OF_ANY, Lacking
from .stored import Ids, Spool

EMPTY = 'the text is empty; use one with characters in it'
FOLDED = 0xFFFD  # the code point of all folded (rare) characters, also in a vocabulary of bytes
POINTS = sys.maxunicode + 1
UNITS = {'character': POINTS, 'byte': 256}  # code points of each unit, besides FOLDED
NO_BYTE = 0xFF  # replaces FOLDED among bytes: never valid in UTF-8, decodes to U+FFFD

Points = bytes | NDArray[Any]  # code points; bytes if all are below 256


def points_of(piece: Piece) -> Points:
    if isinstance(piece, bytes):
        return piece
    with suppress(UnicodeEncodeError):
        return piece.encode('latin-1')
    pairs = piece.encode('utf-16-le', 'surrogatepass')
    if len(pairs) == 2 * len(piece):  # true for most texts, and three times as fast as utf-32
        return np.frombuffer(pairs, '<u2')
    return np.frombuffer(piece.encode('utf-32-le', 'surrogatepass'), '<u4')


def as_array(points: Points) -> NDArray[Any]:
    return np.frombuffer(points, np.uint8) if isinstance(points, bytes) else points


def check_vocabulary(chars: str, unit: str) -> None:
    """Raise ValueError unless these are distinct units. Writers and readers use the same check."""
    points = Vocabulary(chars, unit).points
    if unit not in UNITS:
        raise ValueError(f'unknown unit {str(unit)[:20]!r}: use character or byte')
    strange = points[(points >= UNITS[unit]) & (points != FOLDED)]
    if strange.size:
        raise ValueError(f'the vocabulary has U+{strange[0]:04X}, which is not a {unit}')
    if not points.size or np.unique(points).size != points.size:
        raise ValueError(f'the vocabulary is empty or repeats a character ({points.size} characters)')


@dataclass(frozen=True)
class Vocabulary:
    """Character k is ``chars[k]``. Bytes are chr(0) to chr(255); U+FFFD represents folded ones."""

    chars: str
    unit: str = 'character'  # or 'byte'

    def __len__(self) -> int:
        return len(self.chars)

    @property
    def ids_type(self) -> Any:
        """The dtype of its ids."""
        return ids_type(len(self.chars))

    @cached_property
    def points(self) -> NDArray[np.uint32]:
        """(V,) code points."""
        return np.frombuffer(self.chars.encode('utf-32-le', 'surrogatepass'), '<u4')

    @property
    def sizes(self) -> NDArray[np.int64]:
        """(V,) bytes of each unit; a character's in UTF-8."""
        several = 0 if self.unit == 'byte' else sum(self.points >= least for least in (0x80, 0x800, 0x10000))
        return np.ones(len(self), np.int64) + several

    def numbers(self) -> NDArray[np.int32]:
        """(POINTS,) the id of each code point; unknown ones have the id of U+FFFD, or -1 if that is unknown too."""
        numbers = np.full(POINTS, self.chars.find(chr(FOLDED)), np.int32)
        numbers[self.points] = np.arange(self.points.size)
        return numbers

    def encode(
        self,
        text: str | Path | Sequence[str | Path],
        *,
        encoding: str = 'utf-8',
        errors: str = 'strict',
        cure: str = OF_ANY,
    ) -> Ids:
        """The ids (n,) of a text: a str is the text itself, a Path or a sequence names files. Many ids stay in a file.

        Unknown characters become U+FFFD if that is in the vocabulary. If not, ValueError says how many there are,
        which, and what to do (``cure``).
        """
        return self.encode_known(text, encoding=encoding, errors=errors, skip_unknown=False, cure=cure).ids

    def encode_known(
        self,
        text: str | Path | Sequence[str | Path],
        *,
        encoding: str = 'utf-8',
        errors: str = 'strict',
        skip_unknown: bool = True,
        cure: str = '',
        places: bool = True,
    ) -> 'Encoded':
        """The ids of the known units, as if unknown ones were not in the text, with counts of the unknown ones.

        Raises ValueError if fewer than two units remain; without ``skip_unknown``, as :meth:`encode` does. ``places``
        also gives the offset of each remaining unit, which takes memory for each of them.
        """
        reading, numbers, dtype = Reading(encoding, errors, self.unit), self.numbers(), self.ids_type
        source = text_or_files(text)
        ids, lacking, gaps = Spool(dtype, len(self)), Lacking(len(self), self.unit), list[NDArray[np.int64]]()
        try:
            for piece in _pieces(source, reading):
                points = as_array(points_of(piece))
                found = np.take(numbers, points, mode='clip')
                known, start = found >= 0, lacking.total
                lacking.add(points, ~known)
                if skip_unknown and lacking.count:
                    found = found[known]
                    if places:
                        gaps.append(start + np.flatnonzero(~known))
                if skip_unknown or not lacking.count:  # after an unknown unit, the rest is only counted
                    ids.write(found.astype(dtype))
            if not lacking.total:
                raise ValueError(EMPTY) if isinstance(source, str) else files.is_empty(source[0])
            if lacking.count and not skip_unknown:
                raise lacking.error(cure)
            if lacking.count and lacking.total - lacking.count < 2:
                raise lacking.too_few()
            offsets = np.delete(np.arange(lacking.total), np.concatenate(gaps)) if gaps else None
            return Encoded(ids.ids(), lacking, offsets)
        except OSError as error:  # from writing ids: unreadable files raise ValueError
            reason = f'no room in {tempfile.gettempdir()} for the encoded text ({error.strerror or error})'
            raise ValueError(f'{reason}; name another folder with TMPDIR') from error

    def encode_what_is_known(self, text: str) -> 'Encoded':
        """The ids of a text's known characters, possibly none, and the unknown ones. ``text`` is in memory."""
        piece = text if self.unit == 'character' else text.encode('utf-8', 'surrogatepass')
        points, lacking = as_array(points_of(piece)), Lacking(len(self), self.unit)
        found = np.take(self.numbers(), points, mode='clip')
        lacking.add(points, found < 0)
        return Encoded(found[found >= 0].astype(self.ids_type), lacking)

    def as_bytes(self, ids: Any) -> bytes:
        """The bytes of a text: its UTF-8; with unit 'byte' the bytes themselves, NO_BYTE for folded ones."""
        if self.unit == 'character':
            return self.decode(ids).encode('utf-8', 'surrogatepass')
        values = np.where(self.points == FOLDED, NO_BYTE, self.points).astype(np.uint8)
        return values[np.asarray(ids)].tobytes() if len(ids) else b''

    def decode(self, ids: Any) -> str:
        """The text of ids. Bytes are not decoded: each is one of chr(0) to chr(255)."""
        return self.points[np.asarray(ids)].tobytes().decode('utf-32-le', 'surrogatepass') if len(ids) else ''


@dataclass(frozen=True, eq=False)
class Encoded:
    """The known units of a text as ids, and the unknown ones."""

    ids: Ids  # (n,) read-only
    lacking: Lacking
    offsets: NDArray[np.int64] | None = None  # (n,) offsets in the text; None if none were skipped or places was False


def _pieces(text: str | Sequence[Path], reading: Reading) -> Iterator[Piece]:
    if not isinstance(text, str):
        for source in files.sources(text, reading):
            yield from files.pieces(source, reading, source.chunks())
        return
    for start in range(0, len(text), files.CHUNK):
        piece = text[start : start + files.CHUNK]
        yield piece if reading.unit == 'character' else piece.encode('utf-8', 'surrogatepass')
