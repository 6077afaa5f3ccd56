"""Who uses what in the cache: locks that the system itself lets go of when a process ends, however it ends.

On Windows there are none, but a file that is open can't be removed there anyway.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != 'win32':
    import fcntl

TRIES = 50  # of a lock that another process has for a moment


def hold(descriptor: int) -> bool:
    """Mark an open file or folder as in use until it is closed; False where another process is about to remove it."""
    for _ in range(TRIES):
        if _lock(descriptor, exclusive=False):
            return True
        time.sleep(0.01)  # perhaps it is only being looked at
    return False


def lock_alone(descriptor: int) -> bool:
    """Lock an open file until all who have it open in this way close it; False if another process has it."""
    return _lock(descriptor, exclusive=True)


def hold_folder(folder: Path) -> None:
    """Mark a folder as in use until this process ends, and as used now."""
    with suppress(OSError):  # Windows opens no folder
        os.utime(folder)
        hold(os.open(folder, os.O_RDONLY))


def can_lock(path: Path) -> bool:
    """Whether the file system of a file, which is made if it lacks, has locks. OSError where it can't be opened."""
    if sys.platform == 'win32':
        return True
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # another process has it
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


@contextmanager
def unused(path: Path) -> Iterator[bool]:
    """Whether no process holds a file or folder; until the end of the block none can."""
    try:
        descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # NFS locks only what can be written
    except OSError:  # it is gone, or can't be removed either
        yield True
        return
    try:
        yield _lock(descriptor, exclusive=True)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, exclusive: bool) -> bool:
    if sys.platform != 'win32':
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            pass
    return True
