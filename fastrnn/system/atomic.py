"""Files that appear whole or not at all."""

import os
import secrets
from pathlib import Path


def check_place(path: Path) -> None:
    """Raise ValueError where no file could be written: to be told before a run, not after it."""
    if path.is_dir():
        raise ValueError(f'{path}: is a directory; name a file')
    if not path.parent.is_dir():
        raise ValueError(f'{path}: there is no folder {path.parent}; make it first')
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f'{path}: the folder {path.parent} cannot be written; name another place')


def write_atomically(path: Path, data: bytes) -> None:
    """Temporary file, fsync, rename, fsync of the folder: after any crash the file is the old or the new one."""
    temporary = temporary_name(path)
    try:
        # the umask is applied by the system: to ask for it is to change it, for all threads
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, 'O_BINARY', 0), 0o666)
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error  # not the temporary file's name
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def temporary_name(path: Path) -> Path:
    """A hidden name beside a file, that no other file has."""
    return path.with_name(f'.{path.name}.{secrets.token_hex(8)}')


def sync_folder(folder: Path) -> None:
    """Bring renames and removals to the disk, where folders can be opened."""
    if hasattr(os, 'O_DIRECTORY'):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
