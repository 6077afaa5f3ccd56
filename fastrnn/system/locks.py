"""Locks of cache entries that are in use. The system releases them when a process ends, even if it is killed.

Windows has no such locks. It refuses to remove open files and to rename folders that contain them.
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

NO_LINK = getattr(os, 'O_NOFOLLOW', 0)  # refuses links; not on Windows
TRIES = 50  # while another process briefly holds the lock


def has_locks() -> bool:
    """True if the system can lock open files."""
    return fcntl is not None


def hold(descriptor: int) -> bool:
    """Mark an open file or folder as in use until it is closed; False if another process is about to remove it."""
    for _ in range(TRIES):
        if _lock(descriptor, exclusive=False):
            return True
        time.sleep(0.01)  # the other process may only be checking
    return False


def lock_alone(descriptor: int) -> bool:
    """Lock an open file until all processes that share this descriptor close it; False if another process holds it."""
    return _lock(descriptor, exclusive=True)


def hold_folder(folder: Path) -> None:
    """Mark a folder as in use until this process ends, and as used now."""
    with suppress(OSError):  # Windows can't open folders
        os.utime(folder)
        hold(os.open(folder, os.O_RDONLY))


def can_lock(path: Path) -> bool:
    """True if the file system of a file has locks. Creates a missing file; raises OSError if it can't be opened."""
    if fcntl is None:
        return True
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | NO_LINK | getattr(os, 'O_NONBLOCK', 0), 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # another process holds it
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


@contextmanager
def unused(path: Path) -> Iterator[bool]:
    """Yield True if no process holds a file or folder. Until the end of the block none can."""
    if fcntl is None:  # Windows checks on removal, and would refuse a file that is open here
        yield True
        return
    try:
        descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # NFS locks only writable files
    except OSError:  # it is missing, or can't be removed either
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
    """True if a process holds an exclusive lock on a file, as ``filelock`` does.

    This takes no lock, as a run that starts at that moment would be refused. It reads Linux's list of locks. For files
    of other machines, and for systems with only one kind of locks, it asks which lock would be in the way.
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
    """True if /proc/locks lists it, in a line such as ``1: FLOCK  ADVISORY  WRITE 1309 fe:00:2172688 0 EOF``.

    File systems without a device (btrfs, overlay) have a different minor number there.
    """
    try:
        with open('/proc/locks', encoding='ascii') as locks:
            lines = [line.split() for line in locks]
    except (OSError, ValueError):
        return False
    for line in lines:
        place = line[5].split(':') if len(line) > 5 else []
        if len(place) == 3 and line[1] == 'FLOCK' and line[3] == 'WRITE':  # a lock without a file has '<none>:0'
            major, minor, number = place
            device = (int(major, 16), int(minor, 16))
            here = (os.major(file.st_dev), os.minor(file.st_dev))
            if int(number) == file.st_ino and (device == here or device[0] == here[0] == 0):
                return True
    return False


def _in_the_way(descriptor: int) -> bool:
    """True if a lock on the whole file would have to wait for another process."""
    linux = sys.platform == 'linux'
    # struct flock: type, whence, start, length, process; in BSD type and whence come last
    layout = 'hhqqi4x' if linux else 'qqihhi'
    asked = (fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0) if linux else (0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET, 0)
    try:
        answer = struct.unpack(layout, fcntl.fcntl(descriptor, fcntl.F_GETLK, struct.pack(layout, *asked)))
    except (OSError, struct.error):
        return False
    return bool(answer[0 if linux else 3] != fcntl.F_UNLCK)
