"""What processes have in common."""

import pytest
from decisions import left_open, settings_of

from fastrnn.decision import agreement
from fastrnn.decision.agreement import in_common
from fastrnn.decision.ladder import with_windows
from fastrnn.parallel.group import Processes


@pytest.fixture
def three(monkeypatch):
    """Pretend that there are three processes."""
    group = Processes()
    group.size = 3
    monkeypatch.setattr(agreement, 'processes', lambda: group)


def test_there_are_as_many_shards_as_processes(three):
    """Where nothing is said; the preset takes streams that they share evenly, of short texts, too."""
    settings, left = in_common(settings_of('fast', time=5)), left_open('fast', time=5)
    assert settings.shards == 3 and settings.seed is not None
    assert in_common(settings_of('fast', shards=6)).shards == 6
    for characters in (30, 200, 5000, 10**6):
        assert with_windows(settings, left, characters).streams % 3 == 0
    assert with_windows(settings, left, 10**6).streams == 18


def test_the_gists_engines_have_none():
    assert in_common(settings_of('reference', seed=3)) == settings_of('reference', seed=3)
