"""From pieces of text to code points, and from code points to ids, with memory that does not grow with the text.

A text is read twice: first to hash it and to find its characters, then to write their ids.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .files import Piece, Reading, Source, changed, is_empty, pieces
from .vocabulary import FOLDED, POINTS, Points, Vocabulary, as_array, points_of

NAMED = 5  # files in a message
SMALL = 1 << 16  # bytes or characters; smaller pieces are joined
SYNC = 1 << 26  # ids written between two syncs to the disk


class _Behind:
    """Runs calls in a thread, one behind the caller; the next call raises an error of the last one.

    If the system starts no thread, the caller's thread runs them.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = ThreadPoolExecutor(1)
        self._pending: Future[Any] | None = None

    def __call__(self, function: Callable[..., Any], *args: Any) -> None:
        self.wait()
        if self._pool is not None:
            try:
                self._pending = self._pool.submit(function, *args)
                return
            except (RuntimeError, MemoryError):
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = None
        function(*args)

    def update(self, digest: Any, chunk: bytes) -> None:
        """Hash a chunk; a small one in this thread, because handing it over takes longer."""
        if len(chunk) >= SMALL:
            self(digest.update, chunk)
        else:
            self.wait()
            digest.update(chunk)

    @property
    def idle(self) -> bool:
        return self._pending is None or self._pending.done()

    def wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def __enter__(self) -> '_Behind':
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()
        if kind is None:
            self.wait()


@dataclass(frozen=True)
class Survey:
    """The result of the first reading."""

    counts: NDArray[np.int64]  # (POINTS,) occurrences; if min_count is 1, only zero or not
    n: int
    utf8_bytes: int
    digests: list[str]  # SHA-256 of each file's contents


def survey(sources: Sequence[Source], reading: Reading) -> Survey:
    """Hash the files and count their characters. Raises ValueError if they are empty."""
    counts, n, utf8, digests = np.zeros(POINTS, np.int64), 0, 0, list[str]()
    for piece in _joined(_surveyed(sources, reading, digests)):
        n, utf8 = n + len(piece), utf8 + _count(piece, counts, exact=reading.min_count > 1)
    if n == 0:
        raise is_empty(sources[0].path)
    return Survey(counts, n, utf8, digests)


def _surveyed(sources: Sequence[Source], reading: Reading, digests: list[str]) -> Iterator[Piece]:
    """The pieces of all files; appends each file's hash to ``digests``."""
    with _Behind() as behind:
        for source in sources:
            digest = hashlib.sha256()
            yield from pieces(source, reading, _tapped(source.chunks(), partial(behind.update, digest)))
            behind.wait()
            digests.append(digest.hexdigest())


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Join small pieces, as many files give them: each piece has a fixed cost."""
    small, size = list[Any](), 0
    for piece in pieces:
        small.append(piece)
        size += len(piece)
        if size >= SMALL:
            yield piece if len(small) == 1 else type(piece)().join(small)
            small, size = [], 0
    if small:
        yield type(small[0])().join(small)


def _tapped(chunks: Iterator[bytes], tap: Callable[[bytes], None]) -> Iterator[bytes]:
    for chunk in chunks:
        tap(chunk)
        yield chunk


def _count(piece: Piece, counts: NDArray[np.int64], exact: bool) -> int:
    """Add occurrences to ``counts``; returns the length of the piece in UTF-8."""
    data = piece if isinstance(piece, bytes) else piece.encode('utf-8', 'surrogatepass')
    if not exact:  # only new characters matter, and most pieces have none
        known = np.flatnonzero(counts[: 256 if data is piece else 128]).astype(np.uint8).tobytes()
        rest = data.translate(None, known)
        if isinstance(piece, bytes):
            piece = rest
        elif 2 * len(rest) < len(data):  # else decoding costs more than it saves
            piece = rest.decode('utf-8', 'surrogatepass')
    if piece:
        points = points_of(piece)
        found = _count_bytes(points) if isinstance(points, bytes) else np.bincount(points)
        counts[: found.size] += found
    return len(data)


def _count_bytes(data: bytes) -> NDArray[np.int64]:
    """Count pairs of bytes first: half the increments."""
    even = len(data) // 2 * 2
    pairs = np.bincount(np.frombuffer(data[:even], np.uint16), minlength=65_536).reshape(256, 256)
    counts: NDArray[np.int64] = pairs.sum(0) + pairs.sum(1)
    counts += np.bincount(as_array(data[even:]), minlength=256)
    return counts


@dataclass(frozen=True)
class Numbering:
    """A vocabulary, and the id of each code point."""

    vocabulary: Vocabulary
    numbers: NDArray[Any]  # (POINTS,) of ids_type: the id of each code point, 0 if not in the text
    folded_kinds: int
    folded_count: int


def number_characters(found: Survey, unit: str, min_count: int) -> Numbering:
    """Number the characters in sorted order; rare ones share the id of U+FFFD."""
    kinds = np.flatnonzero(found.counts)
    rare = kinds[(found.counts[kinds] < min_count) & (kinds != FOLDED)]
    kept = np.union1d(np.setdiff1d(kinds, rare), [FOLDED]) if rare.size else kinds
    vocabulary = Vocabulary(''.join(map(chr, kept)), unit)
    numbers = np.maximum(vocabulary.numbers(), 0).astype(vocabulary.ids_type)  # missing ones are not in the text
    return Numbering(vocabulary, numbers, rare.size, int(found.counts[rare].sum()))


def write_ids(sources: Sequence[Source], reading: Reading, numbers: NDArray[Any], n: int, sink: BinaryIO) -> None:
    """Second reading: write the ids. An OSError is always the sink's."""
    written = unsynced = 0
    with _Behind() as writer, _Behind() as syncer:
        for piece in _joined(piece for source in sources for piece in pieces(source, reading, source.chunks())):
            writer(_put, _narrowed(points_of(piece), numbers), numbers, sink)
            written, unsynced = written + len(piece), unsynced + len(piece)
            if unsynced >= SYNC and syncer.idle:  # early syncs leave little for the last one
                syncer(_sync, sink)
                unsynced = 0
    if written != n:
        raise changed(', '.join(str(source.path) for source in sources[:NAMED]))


def _sync(sink: BinaryIO) -> None:
    if hasattr(sink, 'fileno'):  # a Spool's file is temporary
        os.fsync(sink.fileno())


def _narrowed(points: Points, numbers: NDArray[Any]) -> Points:
    """Ids as bytes if ``bytes.translate`` can map them; else an array of code points."""
    if isinstance(points, bytes) and numbers.dtype == np.uint8:
        return points.translate(numbers[:256].tobytes())
    return as_array(points)


def _put(points: Points, numbers: NDArray[Any], sink: BinaryIO) -> None:
    """Runs in a thread without the GIL, so that the next piece is decoded meanwhile."""
    sink.write(points if isinstance(points, bytes) else np.take(numbers, points, mode='clip').data)
