"""A text as character ids: encoded from files once, then read from the cache."""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from . import encoding as codes
from . import files
from .cache import Entry, TextCache, key_of
from .files import Reading, Source
from .ids import as_ids
from .stored import Ids, Spool, StoredIds
from .vocabulary import POINTS, Vocabulary, check_vocabulary


@dataclass(frozen=True)
class Corpus:
    """A text as ids: ``chars[ids[k]]`` is its character k. Characters are numbered in sorted order.

    Raises ValueError, in one line, for ids outside the vocabulary and for characters that a file can't contain.
    """

    ids: Ids  # (n,) uint8, uint16 or uint32, read-only; other types are copied. Ids of a large text stay in a file
    chars: str
    unit: str = 'character'  # or 'byte': chars are then from chr(0) to chr(255), and U+FFFD if any were folded
    min_count: int = 1  # rarer characters are folded into U+FFFD
    folded_kinds: int = 0
    folded_count: int = 0  # occurrences of folded characters
    utf8_bytes: int = 0  # size in UTF-8, before folding
    sha256: str = ''  # of the contents; for several files, of their joined hashes
    note: str = ''  # where the ids are stored
    held_out: int = 0  # characters of the same text, split off for validation
    entry: Entry | None = field(default=None, repr=False, compare=False)  # of the cache, locked against removal

    def __post_init__(self) -> None:
        if self.chars:
            check_vocabulary(self.chars, self.unit)  # else a run writes models that no command can load
        object.__setattr__(self, 'ids', as_ids(self.ids, len(self.chars)))

    @classmethod
    def of(cls, text: str, unit: str = 'character', min_count: int = 1) -> 'Corpus':
        """Number the characters of ``text``, or the bytes of its UTF-8.

        Characters that occur fewer than ``min_count`` times are folded into U+FFFD.
        """
        unit = Reading(unit=unit, min_count=min_count).unit
        utf8 = text.encode('utf-8', 'surrogatepass')
        if unit == 'byte':
            points = np.frombuffer(utf8, np.uint8)
        else:
            points = np.frombuffer(text.encode('utf-32-le', 'surrogatepass'), np.uint32)
        sha256 = hashlib.sha256(utf8).hexdigest()
        found = codes.Survey(np.bincount(points, minlength=POINTS), points.size, len(utf8), [sha256])
        numbering = codes.number_characters(found, unit, min_count)
        ids = numbering.numbers[points]
        ids.flags.writeable = False  # else Corpus copies it
        facts = _facts(found, numbering, sha256, min_count)
        return _corpus(facts, ids, '')

    def __repr__(self) -> str:
        return f'<fastrnn.Corpus: {self.describe()[0]}>'

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.chars, self.unit)

    def text(self, ids: NDArray[np.integer]) -> str:
        return self.vocabulary.decode(ids)

    def describe(self) -> list[str]:
        """What is printed before training, one line each."""
        lines = [f'{self.ids.size:,} {self.unit}s, {len(self.chars):,} unique']
        if self.min_count > 1:
            folded = f'{self.folded_kinds:,} of them, {self.folded_count:,} occurrences, are folded into U+FFFD'
            lines.append(f'{self.unit}s that occur fewer than {self.min_count:,} times: {folded}')
        return [*lines, self.note] if self.note else lines

    def split(self, validation: float) -> tuple[Ids, Ids]:
        """The ids before and after the split: the last share of the text is held out."""
        if not 0 < validation < 1:
            raise ValueError(f'the validation share is {validation}; use a number between 0 and 1')
        # exact decimal arithmetic: 1 - 0.9 is a tenth
        cut = int(self.ids.size * (1 - Fraction(str(float(validation)))))
        if cut in (0, self.ids.size):
            side = 'validate on' if cut else 'train on'
            text = f'the text has {self.ids.size:,} {self.unit}s'
            raise ValueError(f'a validation share of {validation} leaves nothing to {side}: {text}')
        if isinstance(self.ids, StoredIds):
            return self.ids.between(0, cut), self.ids.between(cut, self.ids.size)
        return self.ids[:cut], self.ids[cut:]

    @contextmanager
    def discarded_in_vain(self) -> Iterator[None]:
        """Discard the text if the caller's work raises ValueError."""
        try:
            yield
        except ValueError:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove the text from the cache if this call added it. The corpus can't be used afterwards."""
        if self.entry is not None:
            self.entry.discard()


def read_text(path: str | Path, encoding: str = 'utf-8', errors: str = 'strict') -> str:
    """The text of a file (gzip too), newlines as ``open(path, 'r')`` gives them.

    Raises ValueError, in one line, if the file is missing, a directory, empty, or not in this encoding. The
    message then has the offset and value of the first invalid byte.
    """
    source, reading = Source(path), Reading(encoding, errors)
    files.look_at([source], reading)
    text = ''.join(files.texts(source, reading, source.chunks()))
    if not text:
        raise files.is_empty(path)
    return text


def open_corpus(
    paths: str | Path | Sequence[str | Path],
    *,
    encoding: str = 'utf-8',
    errors: str = 'strict',
    unit: str = 'character',
    min_count: int = 1,
    cache: str | Path | None = None,
) -> Corpus:
    """The text of one or more files (gzip too) as ids, encoded once and then read from the cache.

    '-' is standard input. ``unit`` 'byte' reads bytes without decoding. Characters that occur fewer than ``min_count``
    times are folded into U+FFFD. ``cache`` replaces ``FASTRNN_CACHE`` and the user's cache folder. If the ids take more
    than 64 MB they stay in a file: slices of them are arrays.
    Raises ValueError, in one line, as ``read_text`` does, and if a file changes while it is read.
    """
    reading = Reading(encoding, errors, unit, min_count)
    sources = files.sources(paths, reading)
    text_cache = TextCache(cache)
    known = text_cache.known(sources)
    if known is not None and (cached := _cached(text_cache, known, reading)):
        return cached
    survey = codes.survey(sources, reading)
    corpus = _cached(text_cache, survey.digests, reading) or _encoded(text_cache, sources, reading, survey)
    if corpus.entry is not None:
        text_cache.remember(sources, survey.digests)
    return corpus


def _cached(text_cache: TextCache, digests: list[str], reading: Reading) -> Corpus | None:
    return _of_entry(text_cache.find(key_of(digests, reading)))


def corpus_of_hash(sha256: str, reading: Reading) -> Corpus | None:
    """A text that can't be read again, if it is still in the cache; else None."""
    return _of_entry(TextCache().find_text(sha256, reading))


def _of_entry(entry: Entry | None) -> Corpus | None:
    return None if entry is None else _corpus(entry.facts, entry.ids, f'encoded before, in {entry.folder}', entry)


def _encoded(text_cache: TextCache, sources: list[Source], reading: Reading, survey: codes.Survey) -> Corpus:
    numbering = codes.number_characters(survey, reading.unit, reading.min_count)
    joined = hashlib.sha256(''.join(survey.digests).encode()).hexdigest()
    sha256 = survey.digests[0] if len(sources) == 1 else joined
    facts = _facts(survey, numbering, sha256, reading.min_count)
    facts |= {'digests': survey.digests, 'files': [_named(source) for source in sources]}

    def fill(sink: BinaryIO) -> None:
        codes.write_ids(sources, reading, numbering.numbers, survey.n, sink)

    key = key_of(survey.digests, reading)
    try:
        entry = text_cache.add(key, facts, fill)
        return _corpus(facts, entry.ids, f'encoded into {entry.folder}', entry)
    except OSError as error:
        reason = f'{text_cache.root} cannot be written ({error.strerror or error})'
    spool = Spool(facts['dtype'], len(numbering.vocabulary))
    try:
        fill(cast(BinaryIO, spool))
        return _corpus(facts, spool.ids(), f'{reason}; every run encodes the text again, in {spool.place}')
    except OSError as error:
        size = survey.n * np.dtype(facts['dtype']).itemsize
        raise ValueError(
            f'no room for {size:,} bytes of encoded text: {reason}, and neither can {tempfile.gettempdir()} '
            f'({error.strerror or error}); free some space or name another folder with FASTRNN_CACHE'
        ) from error


def _named(source: Source) -> str:
    return files.STANDARD_INPUT if source.path == files.STANDARD_INPUT else os.path.abspath(source.path)


def _facts(survey: codes.Survey, numbering: codes.Numbering, sha256: str, min_count: int) -> dict[str, Any]:
    """The facts that a cache entry stores about a text."""
    return {
        'n': survey.n,
        'dtype': numbering.numbers.dtype.name,
        'points': numbering.vocabulary.points.tolist(),  # not a string: JSON would merge surrogates
        'unit': numbering.vocabulary.unit,
        'min_count': min_count,
        'folded_kinds': numbering.folded_kinds,
        'folded_count': numbering.folded_count,
        'utf8_bytes': survey.utf8_bytes,
        'sha256': sha256,
    }


def _corpus(facts: dict[str, Any], ids: Ids, note: str, entry: Entry | None = None) -> Corpus:
    names = ('unit', 'min_count', 'folded_kinds', 'folded_count', 'utf8_bytes', 'sha256')
    chars = ''.join(map(chr, facts['points']))
    return Corpus(ids, chars, **{name: facts[name] for name in names}, note=note, entry=entry)
