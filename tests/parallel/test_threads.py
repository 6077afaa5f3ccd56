"""How many threads run a kernel, found by trying."""

import pytest

from fastrnn.parallel import threads as module
from fastrnn.parallel.threads import TRY, WAKE, ThreadTuner, counts_for_streams
from fastrnn.system import limits


def test_the_fastest_number_of_threads_is_chosen():
    """Each is tried until it is awake and timed; then the fastest runs, and the other again now and then."""
    tuner = ThreadTuner([1, 2])
    used = {1: 0.0, 2: 0.0}
    for _ in range(400):
        threads, iterations = tuner._choose(100)
        seconds = iterations * (2e-3 if threads.size == 1 else 1e-3)
        used[threads.size] += seconds
        tuner._report(threads, iterations, seconds)
    tuner.close()
    assert 3 * (WAKE + TRY) < used[1] < 0.1 * used[2]


def test_a_disturbed_block_costs_little():
    """After it another number of threads seems to be faster; the one before is soon tried again."""
    tuner, slow = ThreadTuner([1, 2]), 0.0
    for block in range(2000):
        threads, iterations = tuner._choose(100)
        seconds = iterations * (2e-3 if threads.size == 1 else 1e-3)
        if block == 1000:
            assert threads.size == 2
            seconds *= 5
        slow += seconds * (threads.size == 1) * (block > 1000)
        tuner._report(threads, iterations, seconds)
    tuner.close()
    assert slow < 3.0  # seconds, of which one is a trial each 16; 12 if none came sooner


def test_small_jobs_wake_nobody():
    tuner = ThreadTuner([1, 2])
    for _ in range(300):
        threads, iterations = tuner._choose(1000)
        tuner._report(threads, iterations, iterations * 1e-5 / threads.size)
    assert tuner._choose(1000)[0].size == 2
    assert tuner._choose(3)[0].size == 1
    tuner.close()


@pytest.mark.parametrize(
    ('there', 'B', 'flops', 'counts'),
    [
        (8, 16, 10**9, [1, 2, 4, 8]),
        (6, 16, 10**9, [1, 2, 4, 6]),
        (8, 3, 10**9, [1, 2, 3]),
        (8, 1, 10**9, [1]),
        (8, 16, 5 * 1000 + 999, [1, 2, 4, 5]),
        (8, 16, 1999, [1]),
        (1, 16, 10**9, [1]),
    ],
)
def test_as_many_threads_as_processors_streams_and_work_allow(monkeypatch, there, B, flops, counts):
    monkeypatch.setattr(module, 'processors', lambda: there)
    assert counts_for_streams(B, flops, 1000) == counts


def test_a_quota_of_processor_time_bounds_threads(monkeypatch):
    """Of a container whose processes train together each has its share."""
    monkeypatch.setattr(limits, 'allowed', lambda: limits.Count(8, 'this machine'))
    monkeypatch.setattr(limits, 'quota', lambda: limits.Count(3, 'cgroup'))
    assert counts_for_streams(16, 10**9, 1000) == [1, 2, 3]
    monkeypatch.setattr(module, '_sharing', 2)
    assert module.processors() == 2
    monkeypatch.setattr(module, '_sharing', 64)
    assert module.processors() == 1
