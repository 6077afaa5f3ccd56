"""How many threads run a kernel, found by trying."""

import threading
import warnings

import pytest

import fastrnn
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
    monkeypatch.setattr(module, 'share_of_processors', lambda: there)
    assert counts_for_streams(B, flops, 1000) == counts


def test_a_quota_of_processor_time_bounds_threads(monkeypatch):
    """Of a container whose processes train together each has its share."""
    monkeypatch.setattr(limits, 'allowed', lambda: limits.Count(8, 'this machine'))
    monkeypatch.setattr(limits, 'quota', lambda: limits.Count(3, 'cgroup'))
    assert counts_for_streams(16, 10**9, 1000) == [1, 2, 3]
    monkeypatch.setattr(module, '_sharing', 2)
    assert module.share_of_processors() == 2
    monkeypatch.setattr(module, '_sharing', 64)
    assert module.share_of_processors() == 1


@pytest.fixture
def scarce(monkeypatch):
    """A system that starts one thread besides the first, and then no more."""
    module._tell_of_too_few.cache_clear()
    start, started = threading.Thread.start, []

    def refused(thread):
        if len([other for other in started if other.is_alive()]) >= 1:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, 'start', refused)


@pytest.mark.parametrize(('sizes', 'used'), [([4], 2), ([8], 2), ([2, 4], 2), ([3], 1)])
def test_fewer_threads_do_where_the_system_starts_no_more(scarce, sizes, used):
    """With one warning for each number; nothing has begun that would have to be undone."""
    tuner, seen, parts = ThreadTuner(sizes), set(), []

    def work(part, team):
        seen.add(team.size)
        if team.rank == 0:
            parts.append(part)
        return team.rank

    tuner._waiting = tuner._waiting[-1:]  # the largest is tried first
    with pytest.warns(RuntimeWarning, match='fewer are used, with the same results') as caught:
        assert tuner.run(50, work) == 0
    assert seen == {used} and [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == 50
    assert len({str(warning.message) for warning in caught}) == len(caught)
    tuner.close()


def test_a_run_with_more_threads_than_there_can_be(scarce):
    options = {'preset': 'fast', 'cell': 'rnn', 'layers': 1, 'hidden_size': 8, 'seq_length': 5, 'streams': 6}
    models = []
    for threads in (1, 4):
        run = fastrnn.train('to and fro, and to ' * 30, threads=threads, iterations=5, seed=1, **options)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            list(run)
        models.append(run.model.params)
        run.close()
    assert models[0] == models[1]
