"""The user's cache folder, and what there is in its place where there is none: in a container there may be no home.

A variable that does not name a folder by an absolute path counts as not set, as the XDG specification has it.
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
    """The user's; None where nobody knows one, or it is the root of all files."""
    found = Path(os.path.expanduser('~'))  # never raises, as Path.home() does
    return found if found.is_absolute() and found != Path(found.anchor) else None


def users_cache() -> Path:
    """The user's cache folder; a private temporary one, with a warning, where it can't be found or written.

    It is chosen once: what comes to a process's folder later does not part its kernels from its texts.
    """
    return _users_cache(os.environ.get('XDG_CACHE_HOME'), os.environ.get('HOME'))


@functools.cache
def _users_cache(*_: str | None) -> Path:
    folder = _found()
    if folder is not None and _can_be_written(folder):
        return folder
    reason = 'the user has no home folder' if folder is None else f'{folder} cannot be written'
    place = _shared() or temporary_folder()
    if place is None:  # nor can this be written: each who wants to will notice
        return folder or Path(os.devnull, NAME)
    warnings.warn(
        f'{reason}: kernels and encoded texts are kept in {place}; name a folder for them with FASTRNN_CACHE',
        RuntimeWarning,
        stacklevel=4,
    )
    return place


def _found() -> Path | None:
    """Where the system has a user's cache; its library returns a relative path or raises, depending on its version."""
    with suppress(RuntimeError):
        folder = Path(platformdirs.user_cache_dir(NAME))
        if folder.is_absolute():
            return folder
    place = home()
    return None if place is None else place / '.cache' / NAME


def _can_be_written(folder: Path) -> bool:
    """Or made, as far as one can tell without doing it."""
    for place in (folder, *folder.parents):
        if os.path.lexists(place):
            return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return False


def _shared() -> Path | None:
    """A folder by the user's number, so that the next run finds its kernels; None where others could be in it."""
    with suppress(OSError, AttributeError):  # without a folder for temporary files; without users' numbers
        place = Path(tempfile.gettempdir(), f'{NAME}-{os.geteuid()}')
        make_private(place)
        if _can_be_written(place) and place.lstat().st_uid == os.geteuid() and place.lstat().st_mode & 0o077 == 0:
            return place
    return None


def temporary_folder() -> Path | None:
    """A folder for this process alone, where one can be had."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=f'{NAME}-'))
    except OSError:
        return None
    atexit.register(_remove, folder, os.getpid())
    return None if exposed(folder) else folder


def _remove(folder: Path, process: int) -> None:
    """Not by a fork, which ends before the process that uses the folder."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
