"""Fixtures for tests of the progress line."""

import sys

import pytest
from screens import Screen


@pytest.fixture
def terminal_of(monkeypatch):
    """Prints to a terminal with this many columns from the call on."""

    def call(columns):
        monkeypatch.setenv('TERM', 'xterm')
        for name in ('COLUMNS', 'XTERM_VERSION', 'STY', 'NO_COLOR'):
            monkeypatch.delenv(name, raising=False)
        screen = Screen(columns)
        monkeypatch.setattr(sys, 'stderr', screen)
        monkeypatch.setattr(sys, 'stdout', screen)
        return screen

    return call
