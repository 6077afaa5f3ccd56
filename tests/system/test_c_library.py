"""Addresses of the system's functions, and 0 on a system that has other ones."""

import ctypes
import os
import sys

import pytest

from fastrnn.parallel.threads import ThreadTeam
from fastrnn.system import c_library


def no_library(name):
    raise TypeError('a name is needed')


class Kernel32:
    def __init__(self, name):
        assert name == 'kernel32'
        self.SwitchToThread = ctypes.CFUNCTYPE(ctypes.c_int)(int)


@pytest.fixture
def windows(monkeypatch):
    """A system that has no name for what is loaded, nor these functions."""
    monkeypatch.setattr(ctypes, 'CDLL', no_library)
    monkeypatch.setattr(ctypes, 'WinDLL', Kernel32, raising=False)
    monkeypatch.setattr(sys, 'platform', 'win32')


def test_windows_has_a_function_of_another_name(windows):
    assert c_library.yield_address() != 0 and c_library.syscall_address() == 0


def test_a_team_without_them_spins(windows, monkeypatch):
    monkeypatch.delattr(ctypes, 'WinDLL')
    assert c_library.yield_address() == 0
    team = ThreadTeam(2)
    assert team.team(0)[-2:] == (0, 0) and team.run(lambda team: team.rank) == 0
    team.close()


def test_another_process_gets_its_turn(monkeypatch):
    c_library.give_way()
    monkeypatch.delattr(os, 'sched_yield', raising=False)
    c_library.give_way()
