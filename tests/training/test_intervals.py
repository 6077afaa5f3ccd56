"""Intervals follow from sizes alone."""

import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.settings.config import Config
from fastrnn.settings.presets import preset
from fastrnn.training.intervals import intervals_of, nominal_pace, round_number


@pytest.mark.parametrize(
    ('value', 'expected'), [(0.1, 1), (1.4, 1), (1.5, 2), (3.1, 2), (3.3, 5), (7.2, 10), (140.0, 100), (150.0, 200)]
)
def test_round_numbers(value, expected):
    assert round_number(value) == expected


def test_what_is_given_stays():
    config = Config(print_every=3, validate_every=7, save_every=11)
    assert intervals_of(config, 65, 10_000, 500) == (3, 7, 11)


def test_the_gist_reports_as_the_gist_does():
    assert intervals_of(Config(), 65, 0, None).print_every == 100


@pytest.mark.parametrize('seconds', [3.0, 60.0, 3600.0])
@pytest.mark.parametrize('held_out', [1000, 100_000, 10_000_000])
def test_shares_of_the_time(seconds, held_out):
    """By the nominal speeds: a second to a minute between reports, a twentieth or so for validation."""
    config = preset('fast', time=seconds)
    intervals = intervals_of(config, 65, held_out, None)
    pace = nominal_pace(config, 65)
    assert 0.7 * max(1.0, seconds / 30) < intervals.print_every * pace < 1.6 * max(1.0, seconds / 30)
    H = config.hidden_size
    validation = 2 * H * (H + 65) * held_out / 3.5e10
    assert validation < 0.08 * intervals.validate_every * pace
    assert intervals.validate_every % intervals.print_every == 0
    assert 6 < intervals.save_every * pace < 16


def test_validation_waits_until_it_is_cheap():
    """A text whose evaluation would take longer than its share of the time is left to the end."""
    corpus = fastrnn.Corpus.of(SONNETS.read_text(encoding='utf-8') * 40)
    config = fastrnn.preset('fast', hidden_size=16, seq_length=8, streams=4, time=1.3, seed=0)
    validations = [record.validation for record in fastrnn.train(corpus, config, validation=corpus.ids)]
    assert validations[-1] is not None
    assert sum(value is not None for value in validations) <= 3
