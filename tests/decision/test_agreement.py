"""What all processes share."""

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


def test_one_shard_per_process(three):
    """Unless given; the preset chooses a number of streams that the shards divide, also for short texts."""
    settings, left = in_common(settings_of('fast', time=5)), left_open('fast', time=5)
    assert settings.shards == 3 and settings.seed is not None
    assert in_common(settings_of('fast', shards=6)).shards == 6
    for characters in (30, 200, 5000, 10**6):
        assert with_windows(settings, left, characters).streams % 3 == 0
    assert with_windows(settings, left, 10**6).streams == 18


def test_the_gists_engines_have_no_shards():
    assert in_common(settings_of('reference', seed=3)) == settings_of('reference', seed=3)
