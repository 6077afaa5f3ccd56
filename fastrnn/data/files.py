"""From files to pieces of text, chunk by chunk: gzip, encodings, newlines, and files that change."""

import codecs
import errno
import gzip
import io
import os
import stat
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import in_a_line
from ..settings.file_names import file_names
from ..settings.options import check
from ..system.pipes import check_kind as check_device
from ..system.pipes import copy_of, standard_input
from ..system.reading import open_regular
from .damage import find_damage
from .detection import ANOTHER, advice, mark_misread
from .folders import named_otherwise
from .guesses import Chunks
from .kinds import HEAD, check_controls, check_kind
from .remarks import markup, pointer, unread_encoding

CHUNK = 1 << 20  # bytes per read
STDIN, STANDARD_INPUT = '-', 'standard input'  # its name on the command line and in messages

EARLIER = ('ignore', 'backslashreplace', 'surrogateescape', 'surrogatepass')  # accepted by earlier versions

Piece = str | bytes  # of a text; bytes only if the unit is 'byte'


def unreadable(path: object, error: OSError) -> ValueError:
    if cure := named_otherwise(path):
        return ValueError(f'{path}: {cure}')
    return ValueError(f'{path}: {error.strerror or error}; name a text file that can be read')


def is_empty(path: object) -> ValueError:
    if str(path) in (STANDARD_INPUT, STDIN):
        return ValueError('standard input is empty; pipe a text into it, or name a file')
    return ValueError(f'{path}: the file is empty; name a file with text in it')


def undecodable(
    path: object, error: UnicodeDecodeError, offset: int, encoding: str, head: bytes, chunks: Chunks
) -> ValueError:
    damage = find_damage(chunks, offset)  # reads everything before it
    if not damage.is_utf8:
        check_controls(path, head, encoding, offset)
    byte, cure = error.object[error.start], advice(chunks, offset, encoding, damage)
    return ValueError(f'{path}: byte 0x{byte:02x} at offset {offset} is not {encoding}; {cure}')


def unknown_encoding(encoding: str) -> ValueError:
    return ValueError(f'encoding {encoding!r} is not known; name one such as utf-8 or latin-1')


class EarlierErrors(str):
    """One of EARLIER, allowed for runs that an earlier version started."""

    __slots__ = ()


@dataclass(frozen=True)
class Reading:
    """How to read a text."""

    encoding: str = 'utf-8'
    errors: str = 'strict'
    unit: str = 'character'
    min_count: int = 1

    def __post_init__(self) -> None:
        for name in ('unit', 'min_count', *(() if isinstance(self.errors, EarlierErrors) else ('errors',))):
            object.__setattr__(self, name, check(name, getattr(self, name)))
        try:
            if not codecs.lookup(self.encoding)._is_text_encoding:
                raise LookupError
            codecs.getincrementaldecoder(self.encoding)
        except (LookupError, TypeError, ValueError):  # TypeError: not a str; ValueError: a NUL in it
            raise unknown_encoding(self.encoding) from None


class Source:
    """A file that can be read more than once; a change in between is an error. Pipes are copied first.

    ``opened`` is a stream to read instead of the file of that name.
    """

    def __init__(self, path: str | Path, opened: BinaryIO | None = None) -> None:
        self.path = path
        # of a regular file, to detect changes; None if it can't be compared with a later run's
        self.state: list[int] | None = None
        self._copy: BinaryIO | None = None
        try:
            state = os.stat(path) if opened is None else None
            if state is not None and stat.S_ISREG(state.st_mode):
                self.state = _state(state)
                return
            if state is not None:
                if stat.S_ISDIR(state.st_mode):
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                check_device(path, state.st_mode)
            self._copy = copy_of(path, opened)
        except OSError as error:
            raise unreadable(path, error) from error

    def __del__(self) -> None:
        if self._copy is not None:
            self._copy.close()

    def chunks(self) -> Iterator[bytes]:
        """The contents, decompressed if gzip; never an empty chunk."""
        with self._opened() as file:
            while chunk := self._read(file):
                yield chunk
        self.check_unchanged()

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        raw = self._copy
        try:
            raw = raw or open_regular(self.path, buffering=0)
            raw.seek(0)
        except OSError as error:
            raise unreadable(self.path, error) from error
        try:
            packed = self._some(raw, 3) == b'\x1f\x8b\x08'
            raw.seek(0)
            yield gzip.GzipFile(fileobj=raw) if packed else raw
        finally:
            if raw is not self._copy:
                raw.close()

    def _read(self, file: BinaryIO) -> bytes:
        return self._some(file, CHUNK)

    def _some(self, file: BinaryIO, size: int) -> bytes:
        try:
            return file.read(size)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            self.check_unchanged()  # another program may still be writing it
            raise ValueError(f'{self.path}: the gzip file is damaged ({error}); compress it again') from error
        except OSError as error:
            raise unreadable(self.path, error) from error

    def head(self) -> bytes:
        """The first bytes."""
        with self._opened() as file:
            return self._some(file, HEAD)

    def check_unchanged(self) -> None:
        try:
            same = self.state is None or _state(os.stat(self.path)) == self.state
        except OSError:
            same = False
        if not same:
            raise changed(self.path)


def sources(paths: str | Path | Sequence[str | Path], reading: Reading) -> list[Source]:
    """Open files; refuses pointers to texts, and warns about files that are probably a mistake."""
    if not (names := file_names(paths)):
        raise ValueError('no text: name at least one file')
    if names.count(STDIN) > 1:
        raise ValueError('standard input can be read only once; name it once')
    found = [source_of(name) for name in names]
    look_at(found, reading)
    return found


def source_of(name: str | Path) -> Source:
    """A file, or a copy of standard input. A file named '-' needs its absolute path."""
    return Source(STANDARD_INPUT, standard_input()) if str(name) == STDIN else Source(name)


def look_at(sources: Sequence[Source], reading: Reading) -> None:
    """Check the first bytes of files, cached or not; a warning for several files is shown once."""
    remarks: dict[str, list[object]] = {}
    for source in sources:
        for remark in _remarks(source.path, source.head(), reading):
            remarks.setdefault(remark, []).append(source.path)
    for remark, paths in remarks.items():
        named = f'{paths[0]}: ' if len(paths) == 1 else f'{paths[0]} and {len(paths) - 1:,} more: each '
        warnings.warn(named + remark, RuntimeWarning, stacklevel=3)


def _remarks(path: object, head: bytes, reading: Reading) -> Iterator[str]:
    if elsewhere := pointer(head):
        raise ValueError(f'{path}: is {elsewhere}')
    found = [markup(head)]
    if reading.unit == 'character':
        found += [mark_misread(head, reading.encoding, reading.errors), unread_encoding(head, reading.encoding)]
    yield from filter(None, found)


def changed(path: object) -> ValueError:
    return ValueError(f'{path}: the file changed while it was read; start again once it is complete')


def _state(state: os.stat_result) -> list[int]:
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino, state.st_dev]


def texts(source: Source, reading: Reading, chunks: Iterator[bytes]) -> Iterator[str]:
    """Decode chunks, with newlines as ``open(path, 'r')`` gives them."""
    decoder = codecs.getincrementaldecoder(reading.encoding)(reading.errors)
    newlines = io.IncrementalNewlineDecoder(decoder, translate=True)
    head, chunks = _begun(chunks)
    check_kind(source.path, head)
    fed, looked = 0, False
    for chunk in _ended(chunks):
        fed += len(chunk)
        try:
            text = newlines.decode(chunk, final=not chunk)
        except UnicodeError as error:
            source.check_unchanged()  # another program may still be writing it
            if codecs.lookup(reading.encoding).name in ('utf-16', 'utf-32') and 'BOM' in str(error):
                cure = f'name the byte order, as in {reading.encoding}-le'
                raise ValueError(f'{source.path}: does not start with a byte order mark; {cure}') from error
            if not isinstance(error, UnicodeDecodeError):  # from codecs that report no position, such as punycode
                raise ValueError(f'{source.path}: {in_a_line(error)}; {ANOTHER}') from error
            # error.object ends with the bytes fed so far
            offset = fed - len(error.object) + error.start
            raise undecodable(source.path, error, offset, reading.encoding, head, source.chunks) from error
        if not looked and fed >= len(head):
            looked = True
            check_controls(source.path, head, reading.encoding)
        if text:
            yield text


def _begun(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of a file, and all its chunks."""
    first: list[bytes] = []
    for chunk in chunks:
        first.append(chunk)
        if sum(map(len, first)) >= HEAD:
            break
    return b''.join(first)[:HEAD], chain(first, chunks)


def _ended(chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield from chunks
    yield b''


def pieces(source: Source, reading: Reading, chunks: Iterator[bytes]) -> Iterator[Piece]:
    return chunks if reading.unit == 'byte' else texts(source, reading, chunks)
