"""Limits of memory, processors and processes, from the system's files."""

import os

import pytest

from fastrnn.system import limits
from fastrnn.system.limits import memory, processors, quota, tasks

GB = 10**9


class Tree:
    """The root of a system, with the control groups of its process."""

    def __init__(self, root):
        self.root = root
        self.write('proc/meminfo', 'MemTotal:       16000000 kB\nMemFree: 1 kB\n')
        self.write('proc/self/statm', '500000 100000 1 1 0 250000 0\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def mount(self, *lines, groups):
        """Write mounts as (group, folder, type and options)."""
        mounts = [
            f'{n} 1 0:{n} {top} {place} rw,nosuid shared:4 - {kind}\n' for n, (top, place, kind) in enumerate(lines)
        ]
        self.write('proc/self/mountinfo', '21 1 8:1 / / rw - ext4 /dev/root rw\n' + ''.join(mounts))
        self.write('proc/self/cgroup', groups)


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


@pytest.fixture
def unified(tree):
    """cgroup v2, in a nested group."""
    tree.mount(('/', '/sys/fs/cgroup', 'cgroup2 cgroup2 rw'), groups='0::/outer/inner\n')
    return tree


@pytest.fixture
def split(tree):
    """cgroup v1 in a container that sees only its own group."""
    tree.mount(
        ('/docker/ab', '/sys/fs/cgroup/memory', 'cgroup cgroup rw,memory'),
        ('/docker/ab', '/sys/fs/cgroup/cpu,cpuacct', 'cgroup cgroup rw,cpu,cpuacct'),
        ('/docker/ab', '/sys/fs/cgroup/pids', 'cgroup cgroup rw,pids'),
        groups='12:memory:/docker/ab\n4:cpu,cpuacct:/docker/ab/job\n3:pids:/docker/ab\n1:name=systemd:/docker/ab\n',
    )
    return tree


def test_a_machine_without_groups(tree):
    assert memory(tree.root) == (16_384_000_000, 0, 'this machine')
    assert quota(tree.root) is None and tasks(tree.root) is None
    assert processors(tree.root).number == len(os.sched_getaffinity(0))


def test_the_smallest_limit_of_all_groups_counts(unified):
    """Inactive file caches count as free memory of a group."""
    place = 'sys/fs/cgroup/outer'
    unified.write(f'{place}/inner/memory.max', f'{8 * GB}\n')
    unified.write(f'{place}/inner/memory.current', f'{GB}\n')
    unified.write(f'{place}/memory.max', f'{4 * GB}\n')
    unified.write(f'{place}/memory.current', f'{3 * GB}\n')
    unified.write(f'{place}/memory.stat', f'anon 5\ninactive_file {GB}\ninactive_file_2 7\n')
    unified.write(f'{place}/memory.swap.max', '0\n')
    found = memory(unified.root)
    assert (found.limit, found.used, found.free) == (4 * GB, 2 * GB, 2 * GB)
    assert found.source == f'cgroup v2, {unified.root}/{place}/memory.max'
    unified.write(f'{place}/inner/memory.high', f'{2 * GB}\n')
    assert memory(unified.root).free == GB
    unified.write('sys/fs/cgroup/outer/inner/memory.current', f'{5 * GB}\n')
    assert memory(unified.root).free == 0


def test_a_quota_in_whole_processors(unified, monkeypatch):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: set(range(8)), raising=False)
    unified.write('sys/fs/cgroup/outer/inner/cpu.max', 'max 100000\n')
    assert processors(unified.root).number == 8
    unified.write('sys/fs/cgroup/outer/cpu.max', '250000 100000\n')
    assert processors(unified.root) == (3, f'cgroup v2, {unified.root}/sys/fs/cgroup/outer/cpu.max: 2.5')
    unified.write('sys/fs/cgroup/outer/inner/cpu.max', '1000 100000\n')
    assert processors(unified.root).number == 1
    monkeypatch.setattr(os, 'cpu_count', lambda: 8)
    for name in ('outer/cpu.max', 'outer/inner/cpu.max'):
        unified.write(f'sys/fs/cgroup/{name}', '3200000 100000\n')
    assert processors(unified.root) == (8, 'this machine')
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: {1, 2}, raising=False)
    assert processors(unified.root) == (2, 'affinity, of 8')


def test_version_1(split):
    place = 'sys/fs/cgroup/memory'
    split.write(f'{place}/memory.limit_in_bytes', '9223372036854771712\n')
    assert memory(split.root).source == 'this machine'
    split.write(f'{place}/memory.limit_in_bytes', f'{2 * GB}\n')
    split.write(f'{place}/memory.usage_in_bytes', f'{GB}\n')
    split.write(f'{place}/memory.stat', f'total_inactive_file {GB // 2}\nhierarchical_memory_limit {9 * GB}\n')
    split.write(f'{place}/memory.memsw.limit_in_bytes', '1\n')
    assert memory(split.root)[:2] == (2 * GB, GB // 2)
    split.write(f'{place}/memory.stat', f'hierarchical_memory_limit {GB}\n')  # of an invisible group
    assert memory(split.root)[:2] == (GB, GB)
    place = 'sys/fs/cgroup/cpu,cpuacct'
    split.write(f'{place}/cpu.cfs_period_us', '50000\n')
    split.write(f'{place}/cpu.cfs_quota_us', '-1\n')
    assert quota(split.root) is None
    split.write(f'{place}/cpu.cfs_quota_us', '75000\n')
    assert quota(split.root).number == 2
    split.write('sys/fs/cgroup/pids/pids.max', '40\n')
    split.write('sys/fs/cgroup/pids/pids.current', '15\n')
    assert tasks(split.root).number == 25
    split.write('sys/fs/cgroup/pids/pids.max', 'max\n')
    assert tasks(split.root) is None


def test_both_versions_at_once(tree):
    tree.mount(
        ('/', '/sys/fs/cgroup/memory', 'cgroup cgroup rw,memory'),
        ('/', '/sys/fs/cgroup/a\\040b', 'cgroup2 cgroup2 rw'),
        groups='4:memory:/job\n0::/unit\n',
    )
    tree.write('sys/fs/cgroup/memory/job/memory.limit_in_bytes', f'{GB}\n')
    tree.write('sys/fs/cgroup/a b/unit/cpu.max', '100000 100000\n')
    assert memory(tree.root).limit == GB
    assert quota(tree.root).number == 1


@pytest.mark.parametrize('path', ['/elsewhere', '/../..', '/docker/abc', '/docker/ab/gone', ''])
def test_groups_outside_of_the_mounted_group(tree, path):
    """In a container with its own view, the mounted group is the process's group."""
    tree.mount(('/docker/ab', '/sys/fs/cgroup', 'cgroup2 cgroup2 rw'), groups=f'0::{path}\n')
    tree.write('sys/fs/cgroup/memory.max', f'{GB}\n')
    assert memory(tree.root).limit == GB


@pytest.mark.parametrize('text', ['', 'max', 'nonsense', '-5', '0', '9' * 30, '1.5', '\0', '1 2 3 4', 'é'])
def test_invalid_files_are_ignored(unified, text):
    for name in ('memory.max', 'memory.high', 'memory.current', 'memory.stat', 'pids.max', 'cpu.max'):
        (unified.root / 'sys/fs/cgroup/outer').mkdir(parents=True, exist_ok=True)
        (unified.root / 'sys/fs/cgroup/outer' / name).write_bytes(text.encode('latin-1'))
    assert memory(unified.root).limit == 16_384_000_000
    assert text == '1 2 3 4' or quota(unified.root) is None
    assert tasks(unified.root) is None
    for name in ('cgroup', 'mountinfo', 'statm'):
        unified.write(f'proc/self/{name}', text + '\n:\n - \n- cgroup2\n0::')
    assert memory(unified.root).limit == 16_384_000_000


def test_unreadable_files_are_ignored(unified):
    for name in ('memory.max', 'cpu.max', 'pids.max'):
        (unified.root / 'sys/fs/cgroup/outer/inner' / name).mkdir(parents=True)
    assert memory(unified.root).source == 'this machine' and quota(unified.root) is None and tasks(unified.root) is None


def test_limits_of_the_process(tree, monkeypatch):
    given = {limits.resource.RLIMIT_AS: 4 * GB, limits.resource.RLIMIT_DATA: 2 * GB}
    monkeypatch.setattr(limits.resource, 'getrlimit', lambda kind: (given[kind], limits.resource.RLIM_INFINITY))
    found = memory(tree.root)
    assert found == (2 * GB, 250_000 * limits.resource.getpagesize(), 'ulimit -d')
    given[limits.resource.RLIMIT_DATA] = limits.resource.RLIM_INFINITY
    assert memory(tree.root) == (4 * GB, 500_000 * limits.resource.getpagesize(), 'ulimit -v')


@pytest.mark.parametrize(
    ('most', 'now', 'nproc', 'space', 'plenty'),
    [
        ('max', 15, -1, -1, True),
        ('500', 15, 60_000, -1, True),
        ('40', 15, -1, -1, False),
        ('max', 15, 2000, -1, False),
        ('max', 15, -1, 10**9, False),
    ],
)
def test_threads_are_plenty_if_limits_are_far(split, monkeypatch, most, now, nproc, space, plenty):
    split.write('sys/fs/cgroup/pids/pids.max', f'{most}\n')
    split.write('sys/fs/cgroup/pids/pids.current', f'{now}\n')
    given = {limits.resource.RLIMIT_NPROC: nproc, limits.resource.RLIMIT_AS: space}
    monkeypatch.setattr(limits.resource, 'getrlimit', lambda number: (given[number], -1))
    assert limits.threads_are_plenty(7, split.root) == plenty
