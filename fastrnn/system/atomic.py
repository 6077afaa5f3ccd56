"""Files that appear whole or not at all."""

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

NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)  # of a file system that syncs no folders
IN_USE = (5, 32)  # Windows' error numbers: access denied, sharing violation
TRIES, WAIT = 100, 0.02  # until a reader or a virus scanner has closed a file: 2 s


def check_place(path: Path) -> None:
    """Raise ValueError where no file could be written: to be told before a run, not after it."""
    if path.is_dir():
        raise ValueError(f'{path}: is a directory; name a file')
    if not path.parent.is_dir():
        raise ValueError(f'{path}: there is no folder {path.parent}; make it first')
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f'{path}: the folder {path.parent} cannot be written; name another place')


def write_atomically(path: Path, *parts: bytes | memoryview) -> None:
    """After any crash the file is the old or the new one."""
    _fill_atomically(path, lambda file: file.writelines(parts))


def copy_atomically(path: Path, name: Path) -> None:
    """Copy a file, piece by piece: it may be larger than memory."""
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
    """Another name for a file, in place of what had it; a copy, where the file system has no links."""
    temporary = temporary_name(name)
    try:
        os.link(path, temporary)
    except OSError:
        copy_atomically(path, name)
    else:
        replace(temporary, name)
        sync_folder(name.parent)


def replace(path: Path, name: Path) -> None:
    """Rename a file, also over another one. Windows refuses while a program has one of them open: then it tries again.

    Elsewhere an open file is no obstacle, and an error is raised at once.
    """
    patiently(os.replace, path, name)


def remove(path: Path) -> None:
    """Remove a file; on Windows as :func:`replace` does."""
    patiently(path.unlink)


def patiently(call: Callable[..., None], *args: Any) -> None:
    """Try to rename or remove; again, for a while, if Windows says that a program has it open."""
    for _ in range(TRIES):
        try:
            return call(*args)
        except PermissionError as error:
            if getattr(error, 'winerror', None) not in IN_USE:
                raise
        time.sleep(WAIT)
    call(*args)


def write_synced(path: Path, fill: Callable[[BinaryIO], Any]) -> None:
    """Make a file, which ``fill`` writes, and bring it to the disk; half of it is left where that fails."""
    with open(path, 'xb', opener=_new) as file:
        fill(file)
        file.flush()
        os.fsync(file.fileno())


def _new(path: str, flags: int) -> int:
    """The umask is applied by the system: to ask for it is to change it, for all threads."""
    return os.open(path, flags, 0o666)


def temporary_name(path: Path) -> Path:
    """A hidden name beside a file, that no other file has."""
    return path.with_name(f'.{path.name}.{secrets.token_hex(8)}')


TEMPORARY = re.compile(r'\.(.+)\.[0-9a-f]{16}', re.DOTALL)  # exactly the names that temporary_name makes


def remove_temporaries(folder: Path, is_ours: Callable[[str], bool]) -> None:
    """Remove what :func:`write_atomically` left when it was killed, of files whose names ``is_ours`` accepts.

    Only regular files with exactly such a name: others may be an editor's, a copy's under way, or the user's own.
    """
    for path in folder.iterdir():
        found = TEMPORARY.fullmatch(path.name)
        if found and is_ours(found[1]):
            with suppress(OSError):
                if stat.S_ISREG(path.lstat().st_mode):
                    path.unlink()


def free_name(path: Path) -> Path:
    """A name that no file has: this one, or one with a number."""
    names = (path.with_name(f'{path.name}-{number}') for number in count(2))
    return next(name for name in chain([path], names) if not os.path.lexists(name))


def sync_folder(folder: Path) -> None:
    """Bring renames and removals to the disk, where folders can be opened, and synced (not on some network's)."""
    if hasattr(os, 'O_DIRECTORY'):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in NO_SYNC:
                raise
        finally:
            os.close(descriptor)
