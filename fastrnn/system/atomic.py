"""Atomic writes: a file appears whole or not at all."""

import errno
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import chain, count
from pathlib import Path
from typing import Any, BinaryIO

from .reading import open_regular
from .stop import unfinished

NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)  # errors of file systems that can't sync folders
IN_USE = (5, 32)  # Windows' error numbers: access denied, sharing violation
TRIES, WAIT = 100, 0.02  # 2 s for a reader or a virus scanner to close a file


def check_place(path: Path) -> None:
    """Raise ValueError if no file can be written there. Called before a run, so that its results are not lost."""
    if path.is_dir():
        raise ValueError(f'{path}: is a folder; name a file')
    if not path.parent.is_dir():
        raise ValueError(f'{path}: there is no folder {path.parent}; make it first')
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f'{path}: no permission to write in {path.parent}; name a file in another folder')


def write_atomically(path: Path, *parts: bytes | memoryview) -> None:
    """Write a file; after a crash it has its old contents or the new ones."""
    _fill_atomically(path, lambda file: file.writelines(parts))


def copy_atomically(path: Path, name: Path) -> None:
    """Copy a file in pieces, as it may be larger than memory."""
    with open_regular(path) as source:
        _fill_atomically(name, lambda file: shutil.copyfileobj(source, file, 1 << 20))


def _fill_atomically(path: Path, fill: Callable[[BinaryIO], Any]) -> None:
    """Temporary file, fsync, rename, fsync of the folder."""
    temporary = temporary_name(path)
    unfinished.add(temporary)
    try:
        write_synced(temporary, fill)
        replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error  # not the temporary file's name
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        unfinished.discard(temporary)
    sync_folder(path.parent)


def link_atomically(path: Path, name: Path) -> None:
    """Make ``name`` a hard link to a file, replacing an existing file; a copy if the file system has no links."""
    temporary = temporary_name(name)
    try:
        os.link(path, temporary)
    except OSError:
        copy_atomically(path, name)
    else:
        replace(temporary, name)
        sync_folder(name.parent)


def replace(path: Path, name: Path) -> None:
    """Rename a file, also over another one. Windows refuses while a program has either open: this retries for 2 s.

    Other systems rename open files; there errors are raised at once.
    """
    patiently(os.replace, path, name)


def remove(path: Path) -> None:
    """Remove a file; on Windows it retries as :func:`replace` does."""
    patiently(path.unlink)


def patiently(call: Callable[..., None], *args: Any) -> None:
    """Call a function that renames or removes; retry if Windows reports that a program has the file open."""
    for _ in range(TRIES):
        try:
            return call(*args)
        except PermissionError as error:
            if getattr(error, 'winerror', None) not in IN_USE:
                raise
        time.sleep(WAIT)
    call(*args)


def write_synced(path: Path, fill: Callable[[BinaryIO], Any]) -> None:
    """Create a file, write it with ``fill``, and sync it to the disk. After an error a partial file is left."""
    with open(path, 'xb', opener=_new) as file:
        fill(file)
        file.flush()
        os.fsync(file.fileno())


def _new(path: str, flags: int) -> int:
    """The system applies the umask. Reading the umask would mean changing it, for all threads."""
    return os.open(path, flags, 0o666)


def temporary_name(path: Path) -> Path:
    """An unused hidden name in the folder of a file."""
    return path.with_name(f'.{path.name}.{secrets.token_hex(8)}')


TEMPORARY = re.compile(r'\.(.+)\.[0-9a-f]{16}', re.DOTALL)  # matches exactly the names of temporary_name


def remove_temporaries(folder: Path, is_ours: Callable[[str], bool]) -> None:
    """Remove temporary files that a killed process left, if ``is_ours`` accepts the names of their targets.

    Other files, and names that don't match exactly, may belong to an editor, a running copy or the user.
    """
    for path in folder.iterdir():
        found = TEMPORARY.fullmatch(path.name)
        if found and is_ours(found[1]):
            with suppress(OSError):
                if stat.S_ISREG(path.lstat().st_mode):
                    path.unlink()


def free_name(path: Path) -> Path:
    """An unused name: ``path``, or ``path`` with a number."""
    names = (path.with_name(f'{path.name}-{number}') for number in count(2))
    return next(name for name in chain([path], names) if not os.path.lexists(name))


def sync_folder(folder: Path) -> None:
    """Sync renames and removals to the disk. Windows can't open folders; some network file systems can't sync them."""
    if hasattr(os, 'O_DIRECTORY'):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in NO_SYNC:
                raise
        finally:
            os.close(descriptor)
