"""From files to text, and from text to character numbers."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from ..settings.naming import file_names, text_or_files
from ..system.pipes import check_room
from . import encoding as codes
from . import files as files
from . import stored
from .cache import Entry, TextCache, key_of
from .encoding import FOLDED, POINTS
from .files import Piece, Reading, Source
from .ids import as_ids, ids_type
from .stored import Ids, Opened, StoredIds, Summed


@dataclass(frozen=True)
class Corpus:
    """A text as numbers: ``chars[ids[k]]`` is its character k. Characters are numbered in sorted order.

    Raises ValueError, in one line, for ids that are no numbers of characters.
    """

    ids: Ids  # (n,) uint8, uint16 or uint32, read-only; others are copied. Of a large text they stay in its file
    chars: str
    unit: str = 'character'  # or 'byte': then chars are chr(0) to chr(255), those that occur
    min_count: int = 1  # characters that occur less often are folded into U+FFFD
    folded_kinds: int = 0
    folded_count: int = 0  # occurrences of them
    utf8_bytes: int = 0  # of the text in UTF-8, before folding
    sha256: str = ''  # of the contents; of several files: of their hashes
    note: str = ''  # where the ids are kept
    held_out: int = 0  # characters of the same text that were split off, for validation
    entry: Entry | None = field(default=None, repr=False, compare=False)  # of the cache, which is not removed meanwhile

    def __post_init__(self) -> None:
        object.__setattr__(self, 'ids', as_ids(self.ids, len(self.chars)))

    @classmethod
    def of(cls, text: str, unit: str = 'character', min_count: int = 1) -> 'Corpus':
        """Number the characters of ``text``, or the bytes of its UTF-8.

        Characters that occur fewer than ``min_count`` times are folded into U+FFFD.
        """
        Reading(unit=unit, min_count=min_count)  # checks them
        utf8 = text.encode('utf-8', 'surrogatepass')
        if unit == 'byte':
            points = np.frombuffer(utf8, np.uint8)
        else:
            points = np.frombuffer(text.encode('utf-32-le', 'surrogatepass'), np.uint32)
        sha256 = hashlib.sha256(utf8).hexdigest()
        found = codes.Survey(np.bincount(points, minlength=POINTS), points.size, len(utf8), [sha256])
        vocabulary = codes.vocabulary(found, min_count)
        ids = vocabulary.numbers[points]
        ids.flags.writeable = False  # else it would be copied
        facts = _facts(found, vocabulary, sha256, unit, min_count)
        return _corpus(facts, ids, '')

    def __repr__(self) -> str:
        return f'<fastrnn.Corpus: {self.describe()[0]}>'

    @classmethod
    def without_text(cls, chars: str, unit: str) -> 'Corpus':
        """A vocabulary alone, as a model has it, for :func:`encode_with`."""
        return cls(np.zeros(0, ids_type(len(chars))), chars, unit)

    def text(self, ids: NDArray[np.integer]) -> str:
        return ''.join(self.chars[ix] for ix in ids)

    def describe(self) -> list[str]:
        """What is known before training, in plain lines."""
        lines = [f'{self.ids.size:,} {self.unit}s, {len(self.chars):,} unique']
        if self.min_count > 1:
            folded = f'{self.folded_kinds:,} of them, {self.folded_count:,} occurrences, are folded into U+FFFD'
            lines.append(f'{self.unit}s that occur fewer than {self.min_count:,} times: {folded}')
        return [*lines, self.note] if self.note else lines

    def split(self, validation: float) -> tuple[Ids, Ids]:
        """The ids before and after the point that leaves the last share of the text for validation."""
        if not 0 < validation < 1:
            raise ValueError(f'the validation share is {validation}; it must lie between 0 and 1')
        # as written, not as rounded to binary: 1 - 0.9 is a tenth
        cut = int(self.ids.size * (1 - Fraction(str(float(validation)))))
        if cut in (0, self.ids.size):
            side = 'validate on' if cut else 'train on'
            text = f'the text has {self.ids.size:,} {self.unit}s'
            raise ValueError(f'a validation share of {validation} leaves nothing to {side}: {text}')
        if isinstance(self.ids, StoredIds):
            return self.ids.between(0, cut), self.ids.between(cut, self.ids.size)
        return self.ids[:cut], self.ids[cut:]

    def discard(self) -> None:
        """Remove it from the cache, if it was just put there, as it can't be used; nor can it be from here on."""
        if self.entry is not None:
            self.entry.discard()


def read_text(path: str | Path, encoding: str = 'utf-8') -> str:
    """The text of a file, newlines as ``open(path, 'r')`` gives them.

    Raises ValueError, in one line, where there is no such text: missing, a directory, empty, or not in
    this encoding (with the offset and value of the first byte that is not).
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise files.unreadable(path, error) from error
    if not data:
        raise files.is_empty(path)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise files.undecodable(path, data[error.start], error.start, encoding) from error
    except LookupError as error:
        raise files.unknown_encoding(encoding) from error
    return text.replace('\r\n', '\n').replace('\r', '\n')


def open_corpus(
    paths: str | Path | Sequence[str | Path],
    *,
    encoding: str = 'utf-8',
    errors: str = 'strict',
    unit: str = 'character',
    min_count: int = 1,
    cache: str | Path | None = None,
) -> Corpus:
    """The text of one or more files (gzip's too) as numbers, encoded once and read from the cache from then on.

    ``unit`` 'byte' takes the bytes as they are. Characters that occur fewer than ``min_count`` times are
    folded into U+FFFD. ``cache`` names another folder than ``FASTRNN_CACHE`` or the user's cache folder. Of a text
    above 64 MB the ids stay in the file: slices of them are arrays.
    Raises ValueError, in one line, as ``read_text`` does, and if a file changes while it is read.
    """
    reading = Reading(encoding, errors, unit, min_count)
    sources = _sources(paths)
    text_cache = TextCache(cache)
    known = [digest for source in sources if (digest := text_cache.known(source))]
    if len(known) == len(sources) and (cached := _cached(text_cache, known, reading)):
        return cached
    survey = codes.survey(sources, reading)
    corpus = _cached(text_cache, survey.digests, reading) or _encoded(text_cache, sources, reading, survey)
    if corpus.entry is not None:
        for source, digest in zip(sources, survey.digests, strict=True):
            text_cache.remember(source, digest)
    return corpus


def _sources(paths: str | Path | Sequence[str | Path]) -> list[Source]:
    if not (names := file_names(paths)):
        raise ValueError('no text: name at least one file')
    return [Source(name) for name in names]


def _cached(text_cache: TextCache, digests: list[str], reading: Reading) -> Corpus | None:
    key = key_of(digests, reading)
    entry = text_cache.find(key)
    return None if entry is None else _corpus(entry.facts, entry.ids, f'encoded before, in {entry.folder}', entry)


def _encoded(text_cache: TextCache, sources: list[Source], reading: Reading, survey: codes.Survey) -> Corpus:
    vocabulary = codes.vocabulary(survey, reading.min_count)
    joined = hashlib.sha256(''.join(survey.digests).encode()).hexdigest()
    sha256 = survey.digests[0] if len(sources) == 1 else joined
    facts = _facts(survey, vocabulary, sha256, reading.unit, reading.min_count)
    facts |= {'digests': survey.digests, 'files': [os.path.abspath(source.path) for source in sources]}

    def fill(sink: BinaryIO) -> None:
        codes.write_ids(sources, reading, vocabulary.numbers, survey.n, sink)

    key = key_of(survey.digests, reading)
    try:
        entry = text_cache.add(key, facts, fill)
        return _corpus(facts, entry.ids, f'encoded into {entry.folder}', entry)
    except OSError as error:
        reason = f'{text_cache.root} cannot be written ({error.strerror or error})'
    ids, where = _uncached(fill, survey.n, vocabulary, reason)
    return _corpus(facts, ids, f'{reason}, so the text is encoded anew in every run, {where}')


def _uncached(fill: Callable[[BinaryIO], None], n: int, vocabulary: codes.Vocabulary, reason: str) -> tuple[Ids, str]:
    """Ids in memory, or in a file without a name if they are many."""
    dtype = vocabulary.numbers.dtype
    size = n * dtype.itemsize
    if size <= stored.IN_MEMORY:
        sink = BytesIO()
        fill(sink)
        return np.frombuffer(sink.getvalue(), dtype), 'in memory'
    try:
        check_room(Path(tempfile.gettempdir()), size)
        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - lives as long as its ids
        summed = Summed(file)
        fill(cast(BinaryIO, summed))
        file.flush()
        ids = stored.open_ids(Opened(file), dtype, n, vocabulary.points.size, summed.check)
        if ids is None:
            raise OSError('it does not keep what is written')
        return ids, f'in a temporary file in {tempfile.gettempdir()}'
    except OSError as error:
        raise ValueError(
            f'no room for {size:,} bytes of encoded text: {reason}, nor can {tempfile.gettempdir()} '
            f'({error.strerror or error}); free some space or name another folder with FASTRNN_CACHE'
        ) from error


def _facts(
    survey: codes.Survey, vocabulary: codes.Vocabulary, sha256: str, unit: str, min_count: int
) -> dict[str, Any]:
    """What a cache entry says of a text."""
    return {
        'n': survey.n,
        'dtype': vocabulary.numbers.dtype.name,
        'points': vocabulary.points.tolist(),  # as a string, JSON would merge surrogates
        'unit': unit,
        'min_count': min_count,
        'folded_kinds': vocabulary.folded_kinds,
        'folded_count': vocabulary.folded_count,
        'utf8_bytes': survey.utf8_bytes,
        'sha256': sha256,
    }


def _corpus(facts: dict[str, Any], ids: Ids, note: str, entry: Entry | None = None) -> Corpus:
    names = ('unit', 'min_count', 'folded_kinds', 'folded_count', 'utf8_bytes', 'sha256')
    chars = ''.join(map(chr, facts['points']))
    return Corpus(ids, chars, **{name: facts[name] for name in names}, note=note, entry=entry)


def encode_with(
    text: str | Path | Sequence[str | Path], corpus: Corpus, *, encoding: str = 'utf-8', errors: str = 'strict'
) -> NDArray[Any]:
    """Another text in the numbers of ``corpus``: a str is the text itself, a Path or a sequence names files.

    What the vocabulary lacks becomes U+FFFD if that is in it; else ValueError names the first such character.
    """
    reading, dtype = Reading(encoding, errors, corpus.unit), ids_type(len(corpus.chars))
    text = text_or_files(text)
    numbers = np.full(POINTS, corpus.chars.find(chr(FOLDED)), np.int32)
    numbers[[ord(char) for char in corpus.chars]] = np.arange(len(corpus.chars))
    ids, done = bytearray(), 0
    for piece in _pieces(text, reading):
        points = codes.points_of(piece)
        found = np.take(numbers, codes.as_array(points), mode='clip')
        if found.min() < 0:
            at = int(np.argmin(found))
            raise _lacking(int(points[at]), done + at, corpus)
        ids += found.astype(dtype).data
        done += len(points)
    if not done:
        raise ValueError('the text is empty; take one with characters in it')
    return np.frombuffer(memoryview(ids).toreadonly(), dtype)


def _pieces(text: str | Path | Sequence[str | Path], reading: Reading) -> Iterator[Piece]:
    if not isinstance(text, str):
        for source in _sources(text):
            yield from files.pieces(source, reading, source.chunks())
        return
    for start in range(0, len(text), files.CHUNK):
        piece = text[start : start + files.CHUNK]
        yield piece if reading.unit == 'character' else piece.encode('utf-8', 'surrogatepass')


def _lacking(point: int, offset: int, corpus: Corpus) -> ValueError:
    name = f'byte 0x{point:02x}' if corpus.unit == 'byte' else f'character {chr(point)!a} (U+{point:04X})'
    return ValueError(f'{name} at offset {offset} is not among the {len(corpus.chars):,} of the vocabulary')
