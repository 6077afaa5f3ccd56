"""Addresses of the system's functions; 0 if the system does not have them."""

import ctypes
import os
import sys

import pytest

from fastrnn.parallel.threads import ThreadTeam
from fastrnn.system import c_library, limits


def no_library(name):
    raise TypeError('a name is needed')


class Kernel32:
    def __init__(self, name):
        assert name == 'kernel32'
        self.SwitchToThread = ctypes.CFUNCTYPE(ctypes.c_int)(int)
        self.GlobalMemoryStatusEx = fill


def fill(status):
    """Refuse structures of another size, as Windows does."""
    pieces = ctypes.cast(status, ctypes.POINTER(ctypes.c_uint32 * 16))[0]
    if pieces[0] != 64:
        return 0
    pieces[2], pieces[3] = 1024, 3  # 64 bits, the lower half first
    return 1


@pytest.fixture
def windows(monkeypatch):
    """A system without these functions, where loaded libraries can't be searched."""
    monkeypatch.setattr(ctypes, 'CDLL', no_library)
    monkeypatch.setattr(ctypes, 'WinDLL', Kernel32, raising=False)
    monkeypatch.setattr(sys, 'platform', 'win32')


def test_windows_has_another_function(windows):
    assert c_library.yield_address() != 0 and c_library.syscall_address() == 0


def test_teams_spin_without_these_functions(windows, monkeypatch):
    monkeypatch.delattr(ctypes, 'WinDLL')
    assert c_library.yield_address() == 0
    team = ThreadTeam(2)
    assert team.team(0)[-2:] == (0, 0) and team.run(lambda team: team.rank) == 0
    team.close()


def test_yields_to_other_processes(monkeypatch):
    c_library.give_way()
    monkeypatch.delattr(os, 'sched_yield', raising=False)
    c_library.give_way()


def test_memory_on_windows(windows, monkeypatch):
    monkeypatch.delattr(os, 'sysconf', raising=False)
    monkeypatch.setattr(limits.Path, 'read_text', lambda *_, **__: '')
    assert limits.memories() == [limits.Memory(3 * 2**32 + 1024, 0, 'this machine')]


def test_no_memory_of_windows_on_other_systems():
    assert c_library.memory_of_windows() == 0 and limits.memory().limit > 0
