"""The end of a run, and the learning rate until then."""

from dataclasses import replace

import numpy as np
import pytest
from decisions import job_of

from fastrnn.decision.job import Job
from fastrnn.decision.schedule import FINAL, Segment, cos_pi


def batched(characters=1000, **options):
    return job_of(characters, **{'engine': 'batched', 'learning_rate': 1.0, 'seq_length': 10, **options})


def test_the_end():
    """Whichever comes first: iterations, epochs or seconds."""
    job = batched(100, epochs=2, iterations=50, time=4.0)
    assert job.iterations_per_epoch == 9
    assert job.ends == (18, 4.0)
    assert not job.over(17, 3.9)
    assert job.over(18, 0.0)
    assert job.over(0, 4.0)
    assert job.share(9, 3.0) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ('schedule', 'expected'),
    [
        ('constant', [1, 1, 1, 1]),
        ('cosine', [1, (1 + FINAL) / 2, FINAL + (1 - FINAL) * (1 + np.cos(0.9 * np.pi)) / 2, FINAL]),
        ('step', [1, 1 / 3, 1 / 27, 1 / 27]),
        ('linear', [1, 0.5, 0.1, 0]),
        ('wsd', [1, 1, 0.5, 0]),
    ],
)
def test_schedules(schedule, expected):
    job = batched(schedule=schedule, iterations=100)
    rates = [job.rates(n, 1, 0.0, 0.0)[0] for n in (0, 50, 90, 100)]
    np.testing.assert_allclose(rates, expected, atol=1e-15)


def test_cosine():
    """Computed without libm, so the same everywhere. Never above 1, or a rate would exceed its maximum."""
    shares = np.linspace(0, 1, 1001)
    np.testing.assert_allclose([cos_pi(x) for x in shares], np.cos(np.pi * shares), atol=1e-15)
    assert cos_pi(0.0) == 1.0 and max(cos_pi(x) for x in shares) == 1.0


def test_warmup_rises():
    rates = batched(iterations=100, warmup=0.1).rates(0, 12, 0.0, 0.0)
    assert (np.diff(rates[:10]) > 0).all()
    assert rates[0] == pytest.approx(1e-3 / (0.1 + 1e-3), rel=1e-12)  # not 0, which would waste the first step
    assert rates[11] == 1


@pytest.mark.parametrize('schedule', ['cosine', 'linear', 'wsd'])
def test_no_rate_is_beyond_its_neighbours(schedule):
    """A schedule starts at the end of the warm-up, and falls from there."""
    rates = batched(schedule=schedule, iterations=100, warmup=0.9).rates(0, 101, 0.0, 0.0)
    assert (np.diff(rates[:91]) > 0).all() and rates[90] == pytest.approx(1)
    assert (np.diff(rates[90:]) <= 0).all() and rates[100] == pytest.approx(FINAL if schedule == 'cosine' else 0)


def test_by_time():
    """The same in seconds, from the start of the schedule to its end."""
    job = batched(schedule='cosine', learning_rate=0.1, time=20.0)
    shorter = replace(job, segments=(Segment('cosine', 0, 0.0, None, 10.0),))
    assert shorter.rates(5, 3, 10.0, 1.0) == pytest.approx([0.1 * FINAL] * 3)
    later = replace(job, segments=(Segment('cosine', 7, 10.0, None, 20.0),))
    assert later.rates(7, 2, 10.0, 10.0) == pytest.approx([0.1, 0.1 * FINAL])


def test_the_peak_of_a_segment():
    """Without a peak in the file, it is the learning rate."""
    job = batched(schedule='cosine', iterations=100)
    half = replace(job, segments=(('cosine', 0, 0.0, 100, None, 0.5),))
    assert list(half.rates(0, 100, 0.0, 0.0)) == list(job.rates(0, 100, 0.0, 0.0) / 2)
    assert replace(job, segments=[['cosine', 0, 0.0, 100, None]]) == job


@pytest.mark.parametrize(
    'segment',
    [
        *(1, (), ('x', 0, 0.0, 9, None), (0, 0.0, 1, 2, 3), ('cosine', -1, 0.0, None, None)),
        *(('cosine', 0, -1.0, None, None), ('cosine', 0, 0.0, 1.5, None), ('cosine', 0, 0.0, None, float('inf'))),
        *(('cosine', 0, 0.0, 9, None, 0.0), ('cosine', 0, 0.0, 9, None, 1.5), ('cosine', 0, 0.0, 9, None, 1.0, 2.0)),
    ],
)
def test_invalid_segments(segment):
    """A file may contain anything."""
    with pytest.raises(ValueError, match=r'^a segment is .*; it must have a schedule, a start and an end$'):
        Job(engine='batched', segments=[segment])
