"""Who uses what in the cache: locks that the system itself lets go of when a process ends, however it ends.

Windows has no such locks, but refuses to remove a file that is open, and to rename a folder with one in it.
"""

import os
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NO_LINK = getattr(os, 'O_NOFOLLOW', 0)  # open no link; Windows does
TRIES = 50  # of a lock that another process has for a moment


def has_locks() -> bool:
    """Whether the system has locks of open files."""
    return fcntl is not None


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
    if fcntl is None:
        return True
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | NO_LINK | getattr(os, 'O_NONBLOCK', 0), 0o666)
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
    if fcntl is None:  # the system finds out when it is removed, and to open it here would keep it
        yield True
        return
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
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            pass
    return True


def is_held(path: Path) -> bool:
    """Whether a process has locked a file for itself, as ``filelock`` does.

    Takes no lock meanwhile, not for a moment: a run that begins then would be refused. So Linux is asked for its list
    of locks, and for a file of another machine (or a system whose locks are all of one kind) who would be in the way.
    """
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | NO_LINK | getattr(os, 'O_NONBLOCK', 0))
    except OSError:
        return False
    try:
        return _is_listed(os.fstat(descriptor)) or _in_the_way(descriptor)
    finally:
        os.close(descriptor)


def _is_listed(file: os.stat_result) -> bool:
    """Lines such as ``1: FLOCK  ADVISORY  WRITE 1309 fe:00:2172688 0 EOF``; a file system without a device of its own
    (btrfs, overlay) has another minor number there."""
    try:
        with open('/proc/locks', encoding='ascii') as locks:
            lines = [line.split() for line in locks]
    except (OSError, ValueError):
        return False
    for line in lines:
        if len(line) > 5 and line[1] == 'FLOCK' and line[3] == 'WRITE':
            major, minor, number = line[5].split(':')
            device = (int(major, 16), int(minor, 16))
            here = (os.major(file.st_dev), os.minor(file.st_dev))
            if int(number) == file.st_ino and (device == here or device[0] == here[0] == 0):
                return True
    return False


def _in_the_way(descriptor: int) -> bool:
    """Whether a lock on the whole file would have to wait for another process's."""
    linux = sys.platform == 'linux'
    # struct flock: type, whence, start, length, process; BSD has the first two last
    layout = 'hhqqi4x' if linux else 'qqihhi'
    asked = (fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0) if linux else (0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET, 0)
    try:
        answer = struct.unpack(layout, fcntl.fcntl(descriptor, fcntl.F_GETLK, struct.pack(layout, *asked)))
    except (OSError, struct.error):
        return False
    return bool(answer[0 if linux else 3] != fcntl.F_UNLCK)
