"""Texts that come through a pipe, which can be read but once: they are copied to a file first, if there is room.

A device may have no end, and is refused.
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
RESERVE = 1 << 28  # bytes of a disk that are left to others; of a small one a twentieth
TELL, WAIT = 1.0, 60.0  # seconds until one is told that nobody writes to a pipe, and until it is given up
NO_WAIT = getattr(os, 'O_NONBLOCK', 0)  # Windows names its pipes elsewhere
LOOK = 0.02  # seconds between two looks at it


def check_room(folder: str | Path, size: int) -> None:
    """Raise OSError where a file of so many bytes more would fill the disk."""
    disk = shutil.disk_usage(folder)
    if disk.free - size < min(RESERVE, disk.total // 20):
        raise OSError(errno.ENOSPC, f'{os.strerror(errno.ENOSPC)} for {size:,} bytes more, of {disk.free:,} free')


def check_kind(path: object, mode: int) -> None:
    """Raise ValueError for what is neither file nor pipe."""
    kind = KINDS.get(stat.S_IFMT(mode), 'a file')
    if kind not in ('a file', 'a pipe'):
        raise ValueError(f'{path}: is {kind}, which need not have an end; name a file, or a pipe')


def standard_input() -> BinaryIO:
    """To be read; a terminal or another device is refused, as a text of that name would be."""
    if sys.stdin is None or not hasattr(sys.stdin, 'buffer'):  # a notebook's has no bytes
        raise ValueError('standard input is closed; name a file, or a pipe')
    if getattr(sys.stdin, 'isatty', bool)():
        raise ValueError('standard input is the keyboard; give it a text, such as < FILE, or name a file')
    with suppress(AttributeError, OSError):  # it may be no file of the system's
        mode = os.fstat(sys.stdin.fileno()).st_mode
        if not stat.S_ISSOCK(mode):  # some remote shells have one
            check_kind('standard input', mode)
    return sys.stdin.buffer


def copy_of(path: object, opened: BinaryIO | None = None) -> BinaryIO:
    """What comes out of a pipe until its end, in a file without a name.

    Raises OSError where it can't be read; ValueError where there is no room for it, before the disk is full.
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
            f'{path}: {size:,} bytes of it are copied to {folder}, but more come ({error.strerror}); '
            'name a file, or another folder with TMPDIR'
        ) from error


def _chunks(path: str) -> Iterator[bytes]:
    """Of a pipe; of one with a name as soon as a program writes to it."""
    has_name = not os.path.realpath(path).startswith(('/dev/', '/proc/'))
    descriptor = os.open(path, os.O_RDONLY | (NO_WAIT if has_name else 0))
    with open(descriptor, 'rb', buffering=0) as pipe:
        if has_name:
            yield _first(pipe, path)
            os.set_blocking(descriptor, True)
        while data := pipe.read(CHUNK):
            yield data


def _first(pipe: io.FileIO, path: str) -> bytes:
    """What is there first; b'' if a program has opened the pipe, but has not written yet. Says what it waits for."""
    start, told = time.monotonic(), False
    while (data := pipe.read(CHUNK)) == b'':
        waited = time.monotonic() - start
        if waited > TELL and not told:
            told = True
            warnings.warn(f'{path}: waiting for a program that writes to this pipe', RuntimeWarning, stacklevel=2)
        if waited > WAIT:
            raise ValueError(f'{path}: nobody writes to this pipe; start the program that does, or name a file')
        time.sleep(LOOK)
    return data or b''
