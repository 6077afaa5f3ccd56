"""Folders whose files are run or believed, as those of the caches are: nobody else can have put them there.

Whoever may write to a folder, or to one on the way to it, may exchange what is in it. So each of these, and each
link, must belong to the user or to root, and nobody else may write to it; on the way a sticky one will do, where only
the owner of a name can change it. Where the system knows no such owners, every folder counts as private.
"""

import errno
import functools
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ROOT = 0
WRITE, ENTER = stat.S_IWOTH, stat.S_IXOTH  # of the group, three bits higher
MOST_LINKS = 40  # that Linux follows on one way
ACL = 'system.posix_acl_access'  # rights of users by name
ELSEWHERE = 'name another folder with FASTRNN_CACHE'


class NotPrivate(OSError):
    """Others can put files there, or may have; ``strerror`` says where, and what would do."""


def make_private(folder: Path) -> None:
    """Find a folder private, or make it with mode 700, and what is missing above it too.

    Raises NotPrivate where it can't be that, having made nothing; OSError where it can't be made.
    """
    folder = Path.cwd() / folder
    _check(folder)
    missing = [place for place in (*reversed(folder.parents), folder) if not place.is_dir()]
    for place in missing:
        place.mkdir(0o700, exist_ok=True)
    if missing:  # somebody may have been faster
        _check(folder)


def _check(folder: Path) -> None:
    if reason := exposed(folder):
        raise NotPrivate(errno.EPERM, reason)


def has_owners() -> bool:
    """Whether the system numbers its users, to whom files belong; Windows does not."""
    return hasattr(os, 'geteuid')


def exposed(folder: Path) -> str:
    """How others can put files into a folder, in words; '' if they can't, or if there is no such folder yet.

    Of a file: how they can change or replace it. Only what is in a folder takes long to check.
    """
    if not has_owners():
        return ''
    shut: Path | None = None  # a folder on the way that others can't enter, nor what is below
    try:
        for place in _way(Path.cwd() / folder):
            state = os.lstat(place)
            if not _ours(state):
                return f'{place} belongs to another user: {ELSEWHERE}'
            if shut is None or not place.is_relative_to(shut):
                if _granted(WRITE, place, state) and not state.st_mode & stat.S_ISVTX:
                    return f'{place} can be written by others: chmod go-w {place}, or {ELSEWHERE}'
                shut = place if stat.S_ISDIR(state.st_mode) and not _granted(ENTER, place, state) else None
    except FileNotFoundError:
        return ''
    if shut is None and _granted(WRITE, place, state):
        return f'{place} can be written by others: {ELSEWHERE}'
    return _planted(place, shut is not None)


def _planted(folder: Path, shut: bool) -> str:
    """As above, of what is in a folder; of a shut one, what came there while it was not."""
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            place = os.path.join(parent, name)
            with suppress(FileNotFoundError):  # a cache is used by several processes
                state = os.lstat(place)
                if not _ours(state) or (not shut and _granted(WRITE, place, state)):
                    return f'{place} may be the work of others: remove {folder}'
    return ''


def _way(path: Path) -> Iterator[Path]:
    """The folders and links that the system passes on its way to an absolute path."""
    place, ahead, links = Path(path.anchor), [*reversed(path.parts[1:])], 0
    yield place
    while ahead:
        part = ahead.pop()
        place = place.parent if part == os.pardir else place / part
        yield place
        if place.is_symlink():
            target, links = Path(os.readlink(place)), links + 1
            if links > MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
            place = Path(target.anchor) if target.is_absolute() else place.parent
            ahead += reversed(target.parts[1:] if target.is_absolute() else target.parts)


def _ours(state: os.stat_result) -> bool:
    return state.st_uid in (ROOT, os.geteuid())


def _granted(right: int, place: str | Path, state: os.stat_result) -> bool:
    """Whether others than the user and root have a right; a link has none of its own."""
    if stat.S_ISLNK(state.st_mode):
        return False
    if state.st_mode & right:
        return True
    return bool(state.st_mode & right << 3) and (_named(place) or not alone(os.geteuid(), state.st_gid))


def _named(place: str | Path) -> bool:
    """Whether users by name have rights."""
    with suppress(OSError, AttributeError):  # not of this file system, not of this system
        return ACL in os.listxattr(place)
    return False


@functools.cache
def alone(uid: int, gid: int) -> bool:
    """Whether a group is the user's own: many systems give each user one of the same name, and the umask 002.

    A directory service may list 100,000 users, so they are asked for last, and once: of one group at most.
    """
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    if user.pw_gid != gid or user.pw_name != group.gr_name or not {user.pw_name}.issuperset(group.gr_mem):
        return False
    return all(entry.pw_name == user.pw_name for entry in pwd.getpwall() if entry.pw_gid == gid)
