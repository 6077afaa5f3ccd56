"""The user's cache folder, with fallbacks: containers may have no home folder.

As the XDG specification requires, a variable without an absolute path counts as not set.
"""

import atexit
import functools
import os
import shutil
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

import platformdirs

from .private_folder import exposed, make_private

NAME = 'fastrnn'


def home() -> Path | None:
    """The user's home folder; None if it is unknown or the root of the file system."""
    found = Path(os.path.expanduser('~'))  # unlike Path.home(), this never raises
    return found if found.is_absolute() and found != Path(found.anchor) else None


def users_cache() -> Path:
    """The user's cache folder; if it is unknown or not writable, a private temporary one, with a warning.

    The choice is made once, so that a process keeps its kernels and its texts in the same folder.
    """
    return _users_cache(os.environ.get('XDG_CACHE_HOME'), os.environ.get('HOME'))


@functools.cache
def _users_cache(*_: str | None) -> Path:
    folder = _found()
    if folder is not None and _can_be_written(folder):
        return folder
    reason = 'the user has no home folder' if folder is None else f'{folder} cannot be written'
    place = _shared() or temporary_folder()
    if place is None:  # neither can be written: callers get the error when they write
        return folder or Path(os.devnull, NAME)
    warnings.warn(
        f'{reason}: kernels and encoded texts are kept in {place}; name another folder with FASTRNN_CACHE',
        RuntimeWarning,
        stacklevel=4,
    )
    return place


def _found() -> Path | None:
    """The system's cache folder for users. Depending on its version, platformdirs returns a relative path or raises."""
    with suppress(RuntimeError):
        folder = Path(platformdirs.user_cache_dir(NAME))
        if folder.is_absolute():
            return folder
    place = home()
    return None if place is None else place / '.cache' / NAME


def _can_be_written(folder: Path) -> bool:
    """True if a folder is writable or can be created, as far as its permissions show."""
    for place in (folder, *folder.parents):
        if os.path.lexists(place):
            return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return False


def _shared() -> Path | None:
    """A temporary folder named by the user's id, so that the next run finds its kernels; None if it is not private."""
    with suppress(OSError, AttributeError):  # no temporary folder; no user ids
        place = Path(tempfile.gettempdir(), f'{NAME}-{os.geteuid()}')
        make_private(place)
        if _can_be_written(place) and place.lstat().st_uid == os.geteuid() and place.lstat().st_mode & 0o077 == 0:
            return place
    return None


def temporary_folder() -> Path | None:
    """A temporary folder for this process only; None if that is impossible or others could write there."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=f'{NAME}-'))
    except OSError:
        return None
    atexit.register(_remove, folder, os.getpid())
    return None if exposed(folder) else folder


def _remove(folder: Path, process: int) -> None:
    """Remove the folder, except in a fork: the parent still uses it."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
