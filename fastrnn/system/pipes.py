"""Copies texts from pipes to a file, if there is room, as a pipe can be read only once.

Devices are refused, as they may have no end.
"""

import errno
import io
import os
import shutil
import stat
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from .reading import KINDS

CHUNK = 1 << 20  # bytes that are copied at a time
RESERVE = 1 << 28  # bytes of the disk that stay free; on small disks 5 %
TELL, WAIT = 1.0, 60.0  # seconds until the warning that no program writes to a pipe, and until the error
NO_WAIT = getattr(os, 'O_NONBLOCK', 0)  # not on Windows, whose named pipes are not files
LOOK = 0.02  # seconds between two reads of an empty pipe


def check_room(folder: str | Path, size: int) -> None:
    """Raise OSError if ``size`` more bytes would fill the disk."""
    disk = shutil.disk_usage(folder)
    if disk.free - size < min(RESERVE, disk.total // 20):
        raise OSError(errno.ENOSPC, f'{os.strerror(errno.ENOSPC)} for {size:,} more bytes, {disk.free:,} are free')


def check_kind(path: object, mode: int) -> None:
    """Raise ValueError if it is neither a file nor a pipe."""
    kind = KINDS.get(stat.S_IFMT(mode), 'a file')
    if kind not in ('a file', 'a pipe'):
        raise ValueError(f'{path}: is {kind}, which may have no end; name a file or a pipe')


def standard_input() -> BinaryIO:
    """Standard input as bytes. Terminals and other devices are refused."""
    if sys.stdin is None or not hasattr(sys.stdin, 'buffer'):  # a notebook's has no bytes
        raise ValueError('standard input is closed; name a file or a pipe')
    if getattr(sys.stdin, 'isatty', bool)():
        raise ValueError('standard input is the keyboard; redirect a file to it (< FILE), or name a file')
    with suppress(AttributeError, OSError):  # it may not be a system file
        mode = os.fstat(sys.stdin.fileno()).st_mode
        if not stat.S_ISSOCK(mode):  # standard input of some remote shells
            check_kind('standard input', mode)
    return sys.stdin.buffer


def copy_of(path: object, opened: BinaryIO | None = None) -> BinaryIO:
    """Copy a pipe to a temporary file without a name.

    Raises OSError if it can't be read, and ValueError if there is not enough room, before the disk is full.
    """
    copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - lives as long as its Source
    try:
        for data in _chunks(str(path)) if opened is None else iter(lambda: opened.read(CHUNK), b''):
            _write(copy, data, path)
    except BaseException:
        copy.close()
        raise
    return copy


def _write(copy: BinaryIO, data: bytes, path: object) -> None:
    folder, size = tempfile.gettempdir(), copy.tell()
    try:
        check_room(folder, len(data))
        copy.write(data)
        copy.flush()
    except OSError as error:
        raise ValueError(
            f'{path}: no room in {folder} after {size:,} bytes of this pipe ({error.strerror}); '
            'name a file, or another folder with TMPDIR'
        ) from error


def _chunks(path: str) -> Iterator[bytes]:
    """Yield the data of a pipe. For a named pipe this waits until a program writes to it."""
    has_name = not os.path.realpath(path).startswith(('/dev/', '/proc/'))
    descriptor = os.open(path, os.O_RDONLY | (NO_WAIT if has_name else 0))
    with open(descriptor, 'rb', buffering=0) as pipe:
        if has_name:
            yield _first(pipe, path)
            os.set_blocking(descriptor, True)
        while data := pipe.read(CHUNK):
            yield data


def _first(pipe: io.FileIO, path: str) -> bytes:
    """The first data; b'' if a program has opened the pipe, but has not written yet. Warns while it waits."""
    start, told = time.monotonic(), False
    while (data := pipe.read(CHUNK)) == b'':
        waited = time.monotonic() - start
        if waited > TELL and not told:
            told = True
            warnings.warn(f'{path}: waiting for a program to write to this pipe', RuntimeWarning, stacklevel=2)
        if waited > WAIT:
            raise ValueError(f'{path}: no program writes to this pipe; start one, or name a file')
        time.sleep(LOOK)
    return data or b''
