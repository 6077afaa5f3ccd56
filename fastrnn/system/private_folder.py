"""Checks that other users can't put files into a folder. fastrnn runs or trusts the files in its caches.

Users who may write to a folder, or to one above it, may replace its contents. So the user or root must own all these
folders and links, and nobody else may write to them. Folders above may be writable if they are sticky: then only the
owner of a file can replace it. If the system has no such owners, every folder counts as private.
"""

import errno
import functools
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ROOT = 0
WRITE, ENTER = stat.S_IWOTH, stat.S_IXOTH  # rights of others; those of the group are three bits higher
MOST_LINKS = 40  # links that Linux follows in one path
ACL = 'system.posix_acl_access'  # rights of named users
ELSEWHERE = 'name another folder with FASTRNN_CACHE'


class NotPrivate(OSError):
    """Other users can put files there, or may have done so; ``strerror`` says where and what to do."""


def make_private(folder: Path) -> None:
    """Check that a folder is private, or create it and missing folders above it with mode 700.

    Raises NotPrivate if it is not private, or would not be: then nothing is created. Raises OSError if it can't be
    created.
    """
    folder = Path.cwd() / folder
    _check(folder)
    missing = [place for place in (*reversed(folder.parents), folder) if not place.is_dir()]
    for place in missing:
        place.mkdir(0o700, exist_ok=True)
    if missing:  # another user may have created one meanwhile
        _check(folder)


def _check(folder: Path) -> None:
    if reason := exposed(folder):
        raise NotPrivate(errno.EPERM, reason)


def has_owners() -> bool:
    """True if files belong to users with ids; not on Windows."""
    return hasattr(os, 'geteuid')


def exposed(folder: Path) -> str:
    """How other users can put files into a folder, in words; '' if they can't, or if the folder does not exist.

    For a file: how they can change or replace it. Only checking the contents of a folder takes long.
    """
    if not has_owners():
        return ''
    shut: Path | None = None  # a folder of the path that others can't enter
    try:
        for place in _way(Path.cwd() / folder):
            state = os.lstat(place)
            if not _ours(state):
                return f'{place} belongs to another user; {ELSEWHERE}'
            if shut is None or not place.is_relative_to(shut):
                if _granted(WRITE, place, state) and not state.st_mode & stat.S_ISVTX:
                    return f'other users can write to {place}; run chmod go-w {place}, or {ELSEWHERE}'
                shut = place if stat.S_ISDIR(state.st_mode) and not _granted(ENTER, place, state) else None
    except FileNotFoundError:
        return ''
    if shut is None and _granted(WRITE, place, state):
        return f'other users can write to {place}; {ELSEWHERE}'
    return _planted(place, shut is not None)


def _planted(folder: Path, shut: bool) -> str:
    """The same for the contents of a folder. In a shut folder only owners count: it may have been open before."""
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            place = os.path.join(parent, name)
            with suppress(FileNotFoundError):  # another process may have removed it
                state = os.lstat(place)
                if not _ours(state) or (not shut and _granted(WRITE, place, state)):
                    return f'other users may have written {place}; remove {folder}'
    return ''


def _way(path: Path) -> Iterator[Path]:
    """The folders and links that the system visits to resolve an absolute path."""
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
    """True if users other than this one and root have a right. Links have no rights."""
    if stat.S_ISLNK(state.st_mode):
        return False
    if state.st_mode & right:
        return True
    return bool(state.st_mode & right << 3) and (_named(place) or not alone(os.geteuid(), state.st_gid))


def _named(place: str | Path) -> bool:
    """True if an access control list gives rights to named users."""
    with suppress(OSError, AttributeError):  # the file system, or the system, has no such lists
        return ACL in os.listxattr(place)
    return False


@functools.cache
def alone(uid: int, gid: int) -> bool:
    """True if a group has only this user: many systems give each user a group of the same name, and the umask 002.

    A directory service may list 100,000 users, so they are read last, and only once for a group.
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
