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
    assert 'hidden_size' in preset('fast').fit and 'hidden_size' not in preset('fast', hidden_size=64).fit
    assert 'epochs' in preset('fast').fit and 'epochs' not in preset('fast', iterations=10).fit
    with pytest.raises(ValueError, match='needs an end'):
        Config(engine='fast', schedule='cosine')
    with pytest.raises(ValueError, match='streams is 2'):
        preset('reference', streams=2)


def test_nothing_that_is_given_is_passed_over():
    assert preset('fast').clip_norm == 1.0 and preset('fast', clip=0.1).clip_norm is None
    assert preset('fast', clip=0.1, clip_norm=2.0).clip_norm == 2.0
    assert preset('fast', optimizer='adagrad').optimizer == 'adagrad'
    for options in ({'weight_decay': 0.1}, {'hidden_decay': 3}, {'hidden_decay': 0}):
        with pytest.raises(ValueError, match=f'{next(iter(options))} is for the optimizer adam'):
            preset('fast', optimizer='adagrad', **options)
    assert preset('fast', optimizer='adagrad', weight_decay=0, hidden_decay=1).hidden_decay == 1
