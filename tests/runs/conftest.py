"""Fixtures for tests of run folders."""

import pytest
from kept import begin, one_by_one, run_to


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run that was interrupted at iteration 28; it has checkpoints 25 and 28."""
    one_by_one(monkeypatch)
    return run_to(begin(tmp_path / 'run'), 28).folder.path
