"""Files that appear whole or not at all."""

import os
import tempfile
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
    handle, temporary = tempfile.mkstemp(prefix=f'.{path.name}.', dir=path.parent)
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # as open() would have made it
        os.replace(temporary, path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error  # not the temporary file's name
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring renames and removals to the disk, where folders can be opened."""
    if hasattr(os, 'O_DIRECTORY'):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
