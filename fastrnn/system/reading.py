"""Safe reading of files that someone else may have created.

Such a file may be a pipe, on which reading waits; a device, which has no end; a link to either; or a sparse file of a
terabyte. So this opens only regular files, and reads a limited number of bytes.
"""

import errno
import os
import stat
from os import open as open_descriptor
from pathlib import Path
from typing import BinaryIO

from ..settings.parsing import size_in_words
from .forks import SharedLock

PIECE = 1 << 20  # bytes that are read at a time
SMALL = 1 << 26  # limit in bytes for a file of settings, enough for 300,000 file names
# O_NONBLOCK: opening a pipe does not wait; no effect on regular files
FLAGS = os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_NOCTTY', 0) | getattr(os, 'O_BINARY', 0)
KINDS = {
    stat.S_IFIFO: 'a pipe',
    stat.S_IFCHR: 'a character device',
    stat.S_IFBLK: 'a block device',
    stat.S_IFSOCK: 'a socket',
}


_seeking = SharedLock()  # without preadv, threads share a file's position


class NotRegular(OSError):
    """It is not a regular file; ``strerror`` says what it is."""


def open_regular(path: str | Path, *, buffering: int = -1) -> BinaryIO:
    """Open a regular file, or a link to one. Never waits.

    Raises NotRegular for anything else, and OSError if it can't be opened; ``strerror`` is the reason in words.
    """
    _check(path, os.stat(path).st_mode)  # even opening a device may have an effect
    return open(path, 'rb', buffering=buffering, opener=_descriptor)


def read_bytes(path: str | Path, limit: int) -> bytes:
    """Read a regular file. Raises OSError as :func:`open_regular` does, and for more than ``limit`` bytes."""
    with open_regular(path, buffering=0) as file:
        return read_at_most(file, limit, path)


def read_at_most(file: BinaryIO, limit: int, path: str | Path) -> bytes:
    """Read the rest of an open file. The reported size is not trusted: for some files in /proc it is 0."""
    if os.fstat(file.fileno()).st_size > limit:
        raise _too_large(path, limit)
    pieces, total = list[bytes](), 0
    while piece := _piece(file, path):
        total += len(piece)
        if total > limit:
            raise _too_large(path, limit)
        pieces.append(piece)
    return b''.join(pieces)


def read_at(descriptor: int, offset: int, view: memoryview) -> int:
    """Read bytes at an offset of an open file into ``view``; returns their number. Threads may share the file."""
    if hasattr(os, 'preadv'):
        return os.preadv(descriptor, [view], offset)
    with _seeking:
        os.lseek(descriptor, offset, os.SEEK_SET)
        data = os.read(descriptor, view.nbytes)
    view[: len(data)] = data
    return len(data)


def same_contents(path: str | Path, other: str | Path) -> bool:
    """True if two regular files have the same contents; they may be larger than memory. Raises OSError."""
    with open_regular(path) as one, open_regular(other) as two:
        if os.fstat(one.fileno()).st_size != os.fstat(two.fileno()).st_size:
            return False
        while piece := one.read(PIECE):
            if piece != two.read(PIECE):
                return False
        return not two.read(1)


def _descriptor(path: str, _: int) -> int:
    descriptor = open_descriptor(path, FLAGS)
    try:
        _check(path, os.fstat(descriptor).st_mode)  # the name may refer to another file since the first check
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _piece(file: BinaryIO, path: str | Path) -> bytes:
    piece: bytes | None = file.read(PIECE)
    if piece is None:  # some system files have no data yet
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(path))
    return piece


def _check(path: str | Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), 'something else')
        raise NotRegular(errno.EINVAL, f'is {kind}, not a regular file', str(path))


def _too_large(path: str | Path, limit: int) -> OSError:
    return OSError(errno.EFBIG, f'is larger than {size_in_words(limit)}, so fastrnn did not write it', str(path))
