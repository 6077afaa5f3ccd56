"""Presets: each is valid, and every option can be set with it."""

import pytest
from decisions import climbed, left_open, settings_of

from fastrnn.model.architecture import CELLS
from fastrnn.settings.config import Config, preset


def test_presets():
    assert preset('reference') == Config()
    assert preset('fast', time=3.0, hidden_size=64).hidden_size == 64
    with pytest.raises(ValueError, match='preset is'):
        preset('faster')
    assert settings_of('fast').time == 60.0
    for end in ({'iterations': 10}, {'epochs': 2.0}):
        assert settings_of('fast', **end).time is None and settings_of('fast', **end, time=5.0).time == 5.0
    assert 'hidden_size' in left_open('fast') and 'hidden_size' not in left_open('fast', hidden_size=64)
    assert 'epochs' in left_open('fast') and 'epochs' not in left_open('fast', iterations=10)
    for needs_an_end in ({'schedule': 'cosine'}, {'warmup': 0.1}):
        with pytest.raises(ValueError, match='needs an end'):
            Config(engine='batched', **needs_an_end)
    with pytest.raises(ValueError, match='streams is 2'):
        preset('reference', streams=2)


@pytest.mark.parametrize('engine', ['exact', 'reference'])
def test_an_engine_that_the_preset_is_not_for(engine):
    with pytest.raises(
        ValueError, match=f'but engine {engine} trains one, as the gist does: leave out --engine or --pre'
    ):
        preset('fast', engine=engine)
    with pytest.raises(ValueError, match="engine is 'slow'; it must be one of"):
        preset('fast', engine='slow')


def test_no_given_option_is_ignored():
    assert settings_of('fast').clip_norm == 1.0 and settings_of('fast', clip=0.1).clip_norm is None
    assert settings_of('fast', clip=0.1, clip_norm=2.0).clip_norm == 2.0
    assert settings_of('fast', optimizer='adagrad').optimizer == 'adagrad'
    for options in ({'weight_decay': 0.1}, {'hidden_decay': 3}, {'hidden_decay': 0}):
        with pytest.raises(ValueError, match=f'{next(iter(options))} needs the optimizer adam'):
            preset('fast', optimizer='adagrad', **options)
    assert settings_of('fast', optimizer='adagrad', weight_decay=0, hidden_decay=1).hidden_decay == 1


def rate(n=1_000_000, **options):
    return climbed(n, iterations=1000, **options).settings.learning_rate


def test_the_rate_follows_the_optimizer_and_the_schedule():
    assert rate(cell='lstm', hidden_size=256) == 5 / 256 and rate(cell='gru', layers=2, hidden_size=100) == 1.5 / 100
    for cell in CELLS:
        one, two = (rate(cell=cell, hidden_size=128, layers=layers, optimizer='adagrad') for layers in (1, 2))
        assert (one, two) == (0.2, 0.1)
        usual = rate(cell=cell, hidden_size=128)
        assert rate(cell=cell, hidden_size=128, schedule='constant') == pytest.approx(usual / 3)
        assert rate(cell=cell, hidden_size=128, schedule='wsd') == usual / 2
        assert rate(cell=cell, hidden_size=128, schedule='step') == usual
    assert rate(optimizer='adagrad', schedule='constant', hidden_size=64, layers=1) == 0.2
    for options in ({}, {'optimizer': 'adagrad'}, {'schedule': 'constant'}):
        assert rate(learning_rate=0.0123, **options) == 0.0123
    adagrad = settings_of('fast', optimizer='adagrad')
    assert (adagrad.weight_decay, adagrad.hidden_decay, adagrad.input_rate) == (0.0, 1.0, 2.0)


def test_without_the_preset_too():
    """The gist's rate is Adagrad's; Adam diverges with it."""
    assert settings_of('reference', engine='batched', optimizer='adam').learning_rate == 0.002
    assert settings_of('reference', engine='batched', optimizer='adam', learning_rate=0.1).learning_rate == 0.1
    assert settings_of('reference', engine='batched').learning_rate == settings_of('reference').learning_rate == 0.1
