"""Presets: each is valid, and every field can be set beside it."""

import pytest

from fastrnn.settings.config import Config
from fastrnn.settings.presets import preset


def test_presets():
    """Every preset is valid, and every field can be set beside it."""
    assert preset('reference') == Config()
    assert preset('fast', time=3.0, hidden_size=64).hidden_size == 64
    with pytest.raises(ValueError, match='preset is'):
        preset('faster')
    assert preset('fast').time == 60.0
    assert preset('fast', iterations=10).time is None
    sizes = [preset('fast', time=seconds).hidden_size for seconds in (1, 10, 30, 300, 1e6)]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]
    with pytest.raises(ValueError, match='needs an end'):
        Config(engine='fast', schedule='cosine')
    with pytest.raises(ValueError, match='streams is 2'):
        preset('reference', streams=2)
