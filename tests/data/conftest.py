"""Fixtures for tests of texts."""

import pytest
from helpers import SONNETS

from fastrnn.data import cache as text_cache


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The test's own cache; new files are trusted at once."""
    monkeypatch.setenv('FASTRNN_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setattr(text_cache, 'SETTLED', 0)
    return tmp_path / 'cache' / 'corpora'


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'text'
    path.write_text(SONNETS.read_text())
    return path
