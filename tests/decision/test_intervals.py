"""Intervals depend only on sizes."""

from dataclasses import replace

import pytest
from decisions import settings_of

from fastrnn.decision.intervals import (
    intervals_of,
    nominal_pace,
    nominal_saving,
    nominal_validation,
    part_of,
    reading,
    round_number,
    tidy,
)
from fastrnn.inference.held_out import spans_in
from fastrnn.settings.options import Settings


@pytest.mark.parametrize(
    ('value', 'expected'), [(0.1, 1), (1.4, 1), (1.5, 2), (3.1, 2), (3.3, 5), (7.2, 10), (140.0, 100), (150.0, 200)]
)
def test_round_numbers(value, expected):
    assert round_number(value) == expected


@pytest.mark.parametrize(
    ('value', 'below', 'near'), [(0.3, 1, 1), (1.7, 1, 2), (19, 15, 20), (77, 60, 80), (950, 800, 1000)]
)
def test_tidy_numbers(value, below, near):
    assert (tidy(value), tidy(value, nearest=True)) == (below, near)


def test_given_intervals_stay():
    config = Settings(print_every=3, validate_every=7, save_every=11)
    assert intervals_of(config, 65, 10_000, 500) == (3, 7, 11)


def test_the_gist_reports_as_the_gist_does():
    assert intervals_of(Settings(), 65, 0, None).print_every == 100


@pytest.mark.parametrize('seconds', [3.0, 60.0, 3600.0])
@pytest.mark.parametrize('held_out', [0, 150, 1000, 100_000, 10_000_000])
@pytest.mark.parametrize('others', [{}, {'dtype': 'float64'}, {'cell': 'lstm', 'layers': 2, 'hidden_size': 1024}])
def test_shares_of_the_time(seconds, held_out, others):
    """At nominal speeds: 20 to 30 reports, at least a second apart; a few percent for validations and checkpoints.

    A short run with held-out text reports more often. Its validations take up to a tenth of the time, so that there are
    eight.
    """
    config = settings_of('fast', time=seconds, **others)
    intervals = intervals_of(config, 65, held_out, None)
    pace, saving = nominal_pace(config, 65), nominal_saving(config, 65)
    report, between = intervals.print_every * pace, intervals.validate_every * pace
    assert report < 1.6 * max(1.0, seconds / 20) and (report > 0.6 * seconds / 30 or intervals.print_every == 1)
    assert report > 0.6 or (held_out and seconds < 30)
    assert intervals.validate_every % intervals.print_every == 0
    assert saving <= 0.0501 * intervals.save_every * pace and intervals.save_every * pace > 6
    if not held_out:
        return
    part = part_of(config, 65, held_out, intervals.validate_every, None)
    share = saving + (reading(config, 65, part, spans_in(part)) if part else nominal_validation(config, 65, held_out))
    assert share <= (0.051 if seconds > 60 else 0.134) * between
    assert part is None or 2000 <= part < held_out
    if not ('hidden_size' in others and seconds < 3600):
        assert seconds / between > 11


@pytest.mark.parametrize('speed', [0.5, 1.0, 3.0])
@pytest.mark.parametrize('seconds', [1.0, 3.0, 10.0, 60.0, 600.0])
@pytest.mark.parametrize('held_out', [500, 9000, 111_540, 2_000_000])
def test_runs_validate_at_least_eight_times(seconds, held_out, speed):
    """Even if the machine runs at two thirds of the measured speed."""
    H = {1.0: 64, 3.0: 128, 10.0: 192, 60.0: 256, 600.0: 512}[seconds]
    config = settings_of('fast', time=seconds, cell='lstm', hidden_size=H)
    expected = round(seconds * speed / nominal_pace(config, 65))
    intervals = intervals_of(config, 65, held_out, None, expected)
    slower = 2 / 3 if seconds * speed >= 3 else 1
    assert slower * expected // intervals.validate_every >= 8
    assert expected // intervals.validate_every <= 48
    by_iterations = settings_of('fast', iterations=expected, cell='lstm', hidden_size=H)
    assert intervals_of(by_iterations, 65, held_out, expected) == intervals


def test_the_part_is_as_small_as_possible():
    config = settings_of('fast', time=60.0, hidden_size=256, layers=2)
    every = intervals_of(config, 65, 10**6, None).validate_every
    part = part_of(config, 65, 10**6, every, None)
    assert 4000 <= part < 10**5 and part % 1000 == 0
    assert part_of(config, 65, 10**9, every, None) == part and part_of(config, 65, part + 1, every, None) is None
    assert part_of(config, 65, 500, every, None) is None
    assert part_of(replace(config, time=6e5), 65, 10**6, every * 1000, None) is None
    # if the interval is given, all is read; also in runs of earlier versions, which had no parts
    assert part_of(replace(config, validate_every=10), 65, 10**6, 10, None) is None
    assert part_of(replace(config, validate_every=10, validate_part=700), 65, 10**6, 10, None) == 700
    assert part_of(replace(config, validate_part=700), 65, 600, every, None) is None


def test_the_checkpoint_after_a_validation_counts():
    """Saving takes part of the time: 4,000 characters and not 6,000, 58,000 and not 60,000."""
    for characters, sizes in (
        (4000, {'cell': 'lstm', 'layers': 2, 'hidden_size': 512, 'time': 600.0}),
        (58_000, {'cell': 'gru', 'layers': 2, 'hidden_size': 512, 'time': 3600.0}),
    ):
        settings = settings_of('fast', **sizes)
        every = intervals_of(settings, 65, 10**6, None).validate_every
        assert part_of(settings, 65, 10**6, every, None) == characters


def test_a_run_without_an_end_validates_soon():
    for config in (Settings(), Settings(engine='batched', dtype='float32')):
        every = intervals_of(config, 65, 10**9, None).validate_every
        assert 15 < every * nominal_pace(config, 65) <= 30 and part_of(config, 65, 10**9, every, None) > 10**5


@pytest.mark.parametrize(('others', 'least'), [({}, 8), ({'dtype': 'float64', 'cell': 'gru'}, 5)])
def test_a_short_run_on_a_short_text_validates(others, least):
    """40 epochs over 1.3 kB take a tenth of a second."""
    config = settings_of('fast', epochs=40, hidden_size=128, **others)
    iterations = 40 * 1350 // 512
    intervals = intervals_of(config, 65, 150, iterations)
    assert iterations * nominal_pace(config, 65) < 0.5
    assert least <= iterations // intervals.validate_every <= 48


def test_the_first_of_two_ends_counts():
    by_time = intervals_of(settings_of('fast', time=3.0), 65, 1000, None)
    assert intervals_of(settings_of('fast', time=3.0, epochs=500), 65, 1000, 500_000) == by_time
    by_count = intervals_of(settings_of('fast', epochs=2), 65, 1000, 300)
    assert intervals_of(settings_of('fast', time=600.0, epochs=2), 65, 1000, 300) == by_count != by_time


def test_validations_in_parts_are_faster():
    """One stream takes more time per character than many; float64 takes twice the time of float32."""
    config = settings_of('fast', hidden_size=512)
    times = [nominal_validation(config, 65, n) / n for n in (8000, 9000, 17_000, 300_000)]
    assert times == sorted(times, reverse=True) and times[0] > 1.9 * times[-1]
    double = settings_of('fast', hidden_size=512, dtype='float64')
    assert nominal_validation(double, 65, 300_000) > 1.8 * nominal_validation(config, 65, 300_000)
