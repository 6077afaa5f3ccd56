"""Limits of this process for memory, processors, threads and processes. The smallest limit counts; its source is named.

A container's limits are those of its control groups (cgroup v1 and v2) and of all visible groups above them. Unreadable
or invalid limits are ignored, without an error. ``root`` is the folder of the system's files; tests use another one.
"""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..settings.parsing import size_in_words
from .c_library import memory_of_windows

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

ROOT = Path('/')
MANY, MOST_OF_A_USER = 4, 1000  # limits must allow 4 times the threads; those that a user may have already
ENDLESS = 1 << 60  # bytes; cgroup v1 shows a huge number for no limit


class Memory(NamedTuple):
    """A limit of memory, and how much of it is used, in bytes."""

    limit: int
    used: int
    source: str

    @property
    def free(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def in_words(self) -> str:
        if not self.used:
            return f'{self.source} has {size_in_words(self.limit)}'
        return f'{size_in_words(self.free)} of {size_in_words(self.limit)} are free ({self.source})'


class Count(NamedTuple):
    """A limit of a number, with its source."""

    number: int
    source: str


class Group(NamedTuple):
    """The folder of a control group. File names depend on the version of cgroup."""

    folder: Path
    version: int

    def text(self, name: str) -> str:
        with suppress(OSError, ValueError):
            return (self.folder / name).read_text(encoding='ascii')
        return ''

    def read(self, name: str) -> int | None:
        """The number in a file; None for 'max' and for invalid numbers."""
        return _number(self.text(name))

    def field(self, name: str, key: str) -> int | None:
        """The number for a key in a file whose lines are a key and a number; None if missing."""
        for line in self.text(name).splitlines():
            if line.startswith(f'{key} '):
                return _number(line[len(key) :])
        return None


def memory(root: Path = ROOT) -> Memory | None:
    """The limit with the least free memory; None if the system shows none."""
    return min(memories(root), key=lambda found: found.free, default=None)


def memories(root: Path = ROOT) -> list[Memory]:
    """This machine's memory and all limits. Swap does not count; memory of other processes counts only in a group."""
    return [*_of_machine(root), *_of_groups(root), *_of_process(root)]


def _of_machine(root: Path) -> Iterator[Memory]:
    with suppress(OSError, ValueError, IndexError):
        for line in (root / 'proc/meminfo').read_text(encoding='ascii').splitlines():
            if line.startswith('MemTotal:'):
                yield Memory(int(line.split()[1]) * 1024, 0, 'this machine')
                return
    if root == ROOT:
        with suppress(AttributeError, OSError, ValueError):
            yield Memory(os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE'), 0, 'this machine')
            return
        if size := memory_of_windows():
            yield Memory(size, 0, 'this machine')


def _of_groups(root: Path) -> Iterator[Memory]:
    """Limits of control groups. memory.high counts too: above it the system slows the group down to a halt."""
    for group in groups('memory', root):
        v2 = group.version == 2
        names = ('memory.max', 'memory.high') if v2 else ('memory.limit_in_bytes',)
        found = [(name, group.read(name)) for name in names]
        if not v2:  # includes groups above that the container can't see
            found.append(('memory.stat', group.field('memory.stat', 'hierarchical_memory_limit')))
        used = group.read('memory.current' if v2 else 'memory.usage_in_bytes') or 0
        cached = group.field('memory.stat', 'inactive_file' if v2 else 'total_inactive_file') or 0
        for name, limit in found:
            if limit is not None and 0 < limit < ENDLESS:
                yield Memory(limit, max(0, used - cached), f'cgroup v{group.version}, {group.folder / name}')


def _of_process(root: Path) -> Iterator[Memory]:
    """Limits of the address space and the data of this process, set by ``ulimit`` or ``prlimit``."""
    if resource is None:
        return
    pages = [0] * 6
    with suppress(OSError, ValueError):
        pages = [int(number) for number in (root / 'proc/self/statm').read_text(encoding='ascii').split()]
    for name, column, source in (('RLIMIT_AS', 0, 'ulimit -v'), ('RLIMIT_DATA', 5, 'ulimit -d')):
        with suppress(AttributeError, OSError, ValueError, IndexError):
            limit = resource.getrlimit(getattr(resource, name))[0]
            if limit != resource.RLIM_INFINITY and 0 < limit < ENDLESS:
                yield Memory(limit, pages[column] * resource.getpagesize(), source)


def processors(root: Path = ROOT) -> Count:
    """How many processors this process may use at once: the smaller of its affinity and its quota."""
    there, limit = allowed(), quota(root)
    return there if limit is None or limit.number >= there.number else limit


def allowed() -> Count:
    """How many processors it may run on, by its affinity, which cpusets and ``taskset`` restrict."""
    there = os.cpu_count() or 1
    mine = len(affinity()) or there
    return Count(mine, 'this machine' if mine >= there else f'affinity, of {there}')


def affinity() -> list[int]:
    """Numbers of the processors that this process may run on; empty if the system has no affinity."""
    with suppress(AttributeError, OSError):
        return sorted(os.sched_getaffinity(0))
    return []


def bind(processors: list[int]) -> None:
    """Run this process on these processors only. The system must have affinity."""
    os.sched_setaffinity(0, processors)


def quota(root: Path = ROOT) -> Count | None:
    """A container's quota of processor time, rounded up to whole processors; None without a quota."""
    found = []
    for group in groups('cpu', root):
        if group.version == 2:
            name, (share, period, *_) = 'cpu.max', [*group.text('cpu.max').split(), '', '']
        else:
            name, share, period = 'cpu.cfs_quota_us', group.text('cpu.cfs_quota_us'), group.text('cpu.cfs_period_us')
        time, every = _number(share), _number(period)
        if time is not None and every is not None and time > 0 and every > 0:  # in v1, -1 means no quota
            source = f'cgroup v{group.version}, {group.folder / name}: {time / every:g}'
            found.append(Count(max(1, math.ceil(time / every)), source))
    return min(found, key=lambda limit: limit.number, default=None)


def tasks(root: Path = ROOT) -> Count | None:
    """How many more threads and processes a container may start; None without a limit."""
    found = []
    for group in groups('pids', root):
        most, now = group.read('pids.max'), group.read('pids.current')
        if most is not None and now is not None and most >= 0:
            found.append(Count(max(0, most - now), f'cgroup v{group.version}, {group.folder / "pids.max"}: {most}'))
    return min(found, key=lambda left: left.number, default=None)


def threads_are_plenty(count: int, root: Path = ROOT) -> bool:
    """True if ``count`` more threads can certainly be started, as all limits are far away."""
    left = tasks(root)
    if left is not None and left.number < MANY * count:
        return False
    if resource is None:
        return True
    user, space = (getattr(resource, name, None) for name in ('RLIMIT_NPROC', 'RLIMIT_AS'))  # RLIMIT_AS: their stacks
    soft = [None if number is None else resource.getrlimit(number)[0] for number in (user, space)]
    many = soft[0] in (None, resource.RLIM_INFINITY) or soft[0] >= MANY * (count + MOST_OF_A_USER)
    return many and soft[1] in (None, resource.RLIM_INFINITY)


def has_limits() -> bool:
    """True if the system has limits for each process (``ulimit``)."""
    return resource is not None


def has_groups(root: Path = ROOT) -> bool:
    """True if the system has control groups."""
    return bool(_lines(root / 'proc/self/cgroup'))


def groups(controller: str, root: Path = ROOT) -> Iterator[Group]:
    """The control groups of this process with a controller, from the innermost up, if their folders are mounted."""
    for version, path in _memberships(controller, root):
        for top, below in _mounts(controller, version, root):
            inside = _inside(path, top)
            folder = below / inside
            while True:
                if folder.is_dir():
                    yield Group(folder, version)
                if folder == below:
                    break
                folder = folder.parent


def _memberships(controller: str, root: Path) -> Iterator[tuple[int, str]]:
    """Version and path of the groups, from /proc/self/cgroup."""
    for line in _lines(root / 'proc/self/cgroup'):
        number, _, rest = line.partition(':')
        names, _, path = rest.partition(':')
        if number == '0' and not names:
            yield 2, path
        elif controller in names.split(','):
            yield 1, path


def _mounts(controller: str, version: int, root: Path) -> Iterator[tuple[str, Path]]:
    """The mounted groups, and the folders where they are mounted."""
    for line in _lines(root / 'proc/self/mountinfo'):
        fields, _, kind = line.partition(' - ')
        parts, (name, *options) = fields.split(), kind.split() or ['']
        if len(parts) < 5 or name != ('cgroup2' if version == 2 else 'cgroup'):
            continue
        if version == 2 or controller in ','.join(options).split(','):
            yield _unescaped(parts[3]), root / _unescaped(parts[4]).lstrip('/')


def _inside(path: str, top: str) -> str:
    """A group's path below the mounted group ``top``; '' if it is ``top`` itself, or outside, as in some containers."""
    path, top = os.path.normpath(f'/{path.lstrip("/")}'), os.path.normpath(f'/{top.lstrip("/")}')
    if top != '/' and path != top and not path.startswith(f'{top}/'):
        return ''
    return path.removeprefix(top if top != '/' else '').lstrip('/')


def _lines(path: Path) -> list[str]:
    with suppress(OSError):
        return path.read_text(encoding='utf-8', errors='replace').splitlines()
    return []


def _unescaped(name: str) -> str:
    r"""Decode a name of mountinfo, which has \040 for a space."""
    for code in ('\\040', '\\011', '\\012', '\\134'):
        name = name.replace(code, chr(int(code[1:], 8)))
    return name


def _number(text: str) -> int | None:
    with suppress(ValueError):
        return int(text)
    return None
