"""Intervals follow from sizes alone."""

import pytest

from fastrnn.settings.config import Config
from fastrnn.settings.presets import preset
from fastrnn.training.intervals import intervals_of, nominal_pace, nominal_saving, nominal_validation, round_number


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
@pytest.mark.parametrize('held_out', [0, 150, 1000, 100_000, 10_000_000])
@pytest.mark.parametrize('others', [{}, {'dtype': 'float64'}, {'cell': 'lstm', 'layers': 2, 'hidden_size': 1024}])
def test_shares_of_the_time(seconds, held_out, others):
    """By the nominal speeds: some 30 reports, at least a second apart, and a twentieth for validations and checkpoints.

    The reports of a short run with held-out text are nearer to each other, where its validations cost little.
    """
    config = preset('fast', time=seconds, **others)
    intervals = intervals_of(config, 65, held_out, None)
    pace, saving = nominal_pace(config, 65), nominal_saving(config, 65)
    report = intervals.print_every * pace
    assert report < 1.6 * max(1.0, seconds / 30) and (report > 0.6 * seconds / 30 or intervals.print_every == 1)
    assert report > 0.6 or (held_out and seconds < 30)
    assert intervals.validate_every % intervals.print_every == 0
    validation = saving + nominal_validation(config, 65, held_out) if held_out else 0.0
    assert validation <= 0.0501 * intervals.validate_every * pace
    assert saving <= 0.0501 * intervals.save_every * pace and intervals.save_every * pace > 6
    if held_out == 150 and not others:
        assert intervals.validate_every * pace < 1.6 * max(seconds / 30, 0.15)  # 20 in 3 s


@pytest.mark.parametrize(('others', 'least'), [({}, 8), ({'dtype': 'float64', 'cell': 'gru'}, 5)])
def test_a_short_run_on_a_short_text_validates(others, least):
    """40 passes over 1.3 kB, which is a tenth of a second."""
    config = preset('fast', epochs=40, hidden_size=128, **others)
    iterations = 40 * 1350 // 512
    intervals = intervals_of(config, 65, 150, iterations)
    assert iterations * nominal_pace(config, 65) < 0.5
    assert least <= iterations // intervals.validate_every <= 48


def test_of_two_ends_the_first_counts():
    by_time = intervals_of(preset('fast', time=3.0), 65, 1000, None)
    assert intervals_of(preset('fast', time=3.0, epochs=500), 65, 1000, 500_000) == by_time
    by_count = intervals_of(preset('fast', epochs=2), 65, 1000, 300)
    assert intervals_of(preset('fast', time=600.0, epochs=2), 65, 1000, 300) == by_count != by_time


def test_validations_follow_the_parts():
    """One stream is slower, a character, than many; float64 takes twice the time of float32."""
    config = preset('fast', hidden_size=512)
    times = [nominal_validation(config, 65, n) / n for n in (8000, 9000, 17_000, 300_000)]
    assert times == sorted(times, reverse=True) and times[0] > 1.9 * times[-1]
    double = preset('fast', hidden_size=512, dtype='float64')
    assert nominal_validation(double, 65, 300_000) > 1.8 * nominal_validation(config, 65, 300_000)


def test_validation_waits_until_it_is_cheap():
    """A text whose evaluation would take longer than its share of the time is left to the end."""
    config = preset('fast', hidden_size=16, seq_length=8, streams=4, time=1.3)
    assert intervals_of(config, 42, 1_000_000, None).validate_every * nominal_pace(config, 42) >= 1.3
    assert intervals_of(config, 42, 1_000_000, None).print_every * nominal_pace(config, 42) < 1.6
