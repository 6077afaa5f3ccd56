"""The one way to open a file for reading that somebody else may have made.

A name in such a folder may be a pipe, which would be waited for; a device, which has no end; a link to either; or a
sparse file of a terabyte. So only a regular file is opened, and only so many bytes of it are read.
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
SMALL = 1 << 26  # limit for a file of settings: 300,000 names of files fit
# a pipe is opened at once; a regular file is read as without it
FLAGS = os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_NOCTTY', 0) | getattr(os, 'O_BINARY', 0)
KINDS = {
    stat.S_IFIFO: 'a pipe',
    stat.S_IFCHR: 'a character device',
    stat.S_IFBLK: 'a block device',
    stat.S_IFSOCK: 'a socket',
}


_seeking = SharedLock()  # where a file has one position for all who read it


class NotRegular(OSError):
    """What has this name is not a regular file; ``strerror`` says what it is."""


def open_regular(path: str | Path, *, buffering: int = -1) -> BinaryIO:
    """Open a regular file, or a link to one. Never waits.

    Raises OSError if it can't be opened, NotRegular for anything else; ``strerror`` is a reason in words.
    """
    _check(path, os.stat(path).st_mode)  # opening a device may already do something
    return open(path, 'rb', buffering=buffering, opener=_descriptor)


def read_bytes(path: str | Path, limit: int) -> bytes:
    """A regular file's contents. Raises OSError as :func:`open_regular` does, and for more than ``limit`` bytes."""
    with open_regular(path, buffering=0) as file:
        return read_at_most(file, limit, path)


def read_at_most(file: BinaryIO, limit: int, path: str | Path) -> bytes:
    """The rest of an open file, whatever size the system names for it: that of some in /proc is 0."""
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
    """Read bytes of an open file from an offset into ``view``; returns how many. Threads may share the file."""
    if hasattr(os, 'preadv'):
        return os.preadv(descriptor, [view], offset)
    with _seeking:
        os.lseek(descriptor, offset, os.SEEK_SET)
        data = os.read(descriptor, view.nbytes)
    view[: len(data)] = data
    return len(data)


def same_contents(path: str | Path, other: str | Path) -> bool:
    """Whether two regular files hold the same bytes; they may be larger than memory. Raises OSError."""
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
        _check(path, os.fstat(descriptor).st_mode)  # this one counts: the name may have changed hands
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _piece(file: BinaryIO, path: str | Path) -> bytes:
    piece: bytes | None = file.read(PIECE)
    if piece is None:  # some files of the system's have nothing to give yet
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(path))
    return piece


def _check(path: str | Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), 'something else')
        raise NotRegular(errno.EINVAL, f'is {kind}, not a regular file', str(path))


def _too_large(path: str | Path, limit: int) -> OSError:
    return OSError(errno.EFBIG, f'is larger than {size_in_words(limit)}, so it is not one of fastrnn', str(path))
