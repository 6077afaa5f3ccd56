"""Physical cores, from Linux's files."""

import os

import pytest

from fastrnn.system import limits
from fastrnn.system.cores import physical


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with a list of hyperthreads for each processor. The process may run on all, or on ``mine``."""

    def make(lists, mine=None, name='core_cpus_list'):
        for processor, text in lists.items():
            folder = tmp_path / f'sys/devices/system/cpu/cpu{processor}/topology'
            folder.mkdir(parents=True)
            (folder / name).write_text(text)
        monkeypatch.setattr(os, 'sched_getaffinity', lambda _: set(lists if mine is None else mine), raising=False)
        return tmp_path

    return make


@pytest.mark.parametrize('name', ['core_cpus_list', 'thread_siblings_list'])
def test_hyperthreads_of_a_core(machine, name):
    """Numbered as by Intel and AMD: second threads come after the first threads of all cores."""
    assert physical(machine({n: f'{n % 6},{n % 6 + 6}\n' for n in range(12)}, name=name)) == 6


def test_adjacent_hyperthreads(machine):
    assert physical(machine({n: f'{n // 2 * 2}-{n // 2 * 2 + 1}\n' for n in range(24)})) == 12


@pytest.mark.parametrize(('mine', 'cores'), [({0, 6}, 1), ({0, 1}, 2), ({0, 1, 6}, 2), ({5}, 1)])
def test_only_processors_of_this_process_count(machine, mine, cores):
    assert physical(machine({n: f'{n % 6},{n % 6 + 6}\n' for n in range(12)}, mine)) == cores


@pytest.mark.parametrize('text', ['', '\n', 'none', '0-', '-', '9', '5-7', '3,', b'\xff\xfe'.decode('latin-1')])
def test_invalid_lists(machine, text):
    """Each processor counts as a core."""
    assert physical(machine(dict.fromkeys(range(4), text))) == 4


def test_no_files(machine, tmp_path):
    assert physical(machine({}, mine=range(8))) == 8


def test_a_system_without_affinity(monkeypatch, tmp_path):
    monkeypatch.delattr(os, 'sched_getaffinity', raising=False)
    monkeypatch.setattr(os, 'cpu_count', lambda: 3)
    assert physical(tmp_path) == 3


def test_this_machine():
    assert 1 <= physical() <= limits.allowed().number
