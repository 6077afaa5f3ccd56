"""The choice of a layout of threads by trials."""

import math
import threading
import warnings
from itertools import takewhile

import pytest

import fastrnn
from fastrnn.parallel import tuner as module
from fastrnn.parallel.layouts import ALONE, Layout, layouts_for_streams
from fastrnn.parallel.tuner import TRIALS, TRY, TRY_AGAIN, WAKE, ThreadTuner, Trial

TWO = Layout(2)


def follow(tuner, pace, seconds, block=0.1):
    """Run blocks of ``block`` seconds on a simulated clock, with pace(layout, now); parts as (layout, seconds)."""
    parts, now = [], 0.0
    while now < seconds:
        left = max(1, int(block / pace(tuner._best, now)))
        while left:
            layout, iterations = tuner._choose(left)
            took = iterations * pace(layout, now)
            tuner._report(layout, iterations, took)
            parts.append((layout, took, tuner.settled))
            left, now = left - iterations, now + took
    return parts


def test_the_fastest_number_of_threads_is_chosen():
    """Each is tried until it is awake and timed. Then the fastest runs, and sometimes the other one again."""
    parts = follow(ThreadTuner([ALONE, TWO]), lambda layout, _: 2e-3 / layout.size, 40)
    used = {layout: sum(took for other, took, _ in parts if other == layout) for layout in (ALONE, TWO)}
    assert 3 * TRY < used[ALONE] < 0.1 * used[TWO]


@pytest.mark.parametrize('B', [1, 4, 16, 256])
@pytest.mark.parametrize('cores', [2, 6, 64])
@pytest.mark.parametrize('seconds', [1e-4, 5e-3, 0.05, 1.0])
def test_trials_are_short(processors, B, cores, seconds):
    """For any number of layouts. In the end one of the best runs; skipped layouts are tried later."""
    processors(2 * cores, cores)
    layouts = layouts_for_streams(B, 16, 10**12, 1)

    def pace(layout, _):
        """Seconds per iteration: a few rows take as long as four, units are whole panels, and barriers take time."""
        rows, panels = math.ceil(B / layout.groups), math.ceil(16 / layout.shares)
        waiting = 1e-4 * math.sqrt(layout.shares) * (layout.shares > 1) * math.sqrt(seconds)
        crowded = 0.9 * layout.size / cores if layout.size > cores else 1.0  # hyperthreads
        return (seconds * max(rows, 4) / max(B, 4) * panels / 16 + waiting) * crowded

    tuner = ThreadTuner(layouts)
    parts = follow(tuner, pace, 100, block=0.3)
    trials = sum(took for _, took, _ in takewhile(lambda part: not part[2], parts))
    best = min(pace(layout, 0) for layout in layouts)
    iterations = sum(took / pace(layout, 0) for layout, took, _ in parts)
    assert trials <= max(TRIALS[0], TRIALS[1] * seconds) + max(WAKE + 2 * TRY, 2 * seconds)
    assert pace(tuner._best, 0) <= 1.1 * best and iterations * best > 0.9 * 100


def test_other_shapes_of_the_best_number_are_tried():
    """Also those that are not next to the best one of fewer threads."""
    paces = {ALONE: 8, Layout(2): 4, Layout(1, 2): 5, Layout(4): 4, Layout(2, 2): 3, Layout(1, 4): 2}
    tuner = ThreadTuner([*paces])
    follow(tuner, lambda layout, _: 1e-3 * paces[layout], 0.4)
    assert tuner._best == (1, 4)


def test_far_slower_layouts_are_dropped():
    """Threads wait for each other if other processes are busy; larger numbers are then not tried."""
    tuner = ThreadTuner([ALONE, Layout(2), Layout(1, 2), Layout(4), Layout(2, 2), Layout(1, 4)])
    parts = follow(tuner, lambda layout, _: 1e-3 * (20 if layout.size > 1 else 1), 0.9)
    assert {layout for layout, _, _ in parts} == {ALONE, Layout(2), Layout(1, 2)}
    assert sum(took for layout, took, _ in parts if layout != ALONE) < 0.3


def test_more_threads_when_processors_become_free():
    """At first only one thread pays. Later all processors are free, and the tuner finds them step by step."""
    tuner = ThreadTuner([Layout(size) for size in (1, 2, 4, 8)])
    parts = follow(tuner, lambda layout, now: 1e-3 * (5 if layout.size > 1 and now < 30 else 1 / layout.size), 100)
    assert tuner.threads == 8
    assert sum(took for layout, took, _ in parts if layout.size == 8) > 100 - 30 - 4 * TRY_AGAIN[1]


def test_a_disturbed_block_costs_little():
    """After it another number of threads seems faster, but the previous one is soon tried again."""
    tuner, slow = ThreadTuner([ALONE, TWO]), 0.0
    for block in range(2000):
        layout, iterations = tuner._choose(100)
        seconds = iterations * (2e-3 if layout == ALONE else 1e-3)
        if block == 1000:
            assert layout == TWO
            seconds *= 5
        slow += seconds * (layout == ALONE) * (block > 1000)
        tuner._report(layout, iterations, seconds)
    assert slow < 3.0  # seconds; 12 without the earlier trial


def test_small_jobs_wake_no_threads():
    tuner = ThreadTuner([ALONE, TWO])
    for _ in range(300):
        layout, iterations = tuner._choose(1000)
        tuner._report(layout, iterations, iterations * 1e-5 / layout.size)
    assert tuner._choose(1000)[0] == TWO
    assert tuner._choose(3)[0] == ALONE


def test_results_are_shared(monkeypatch):
    """With the next tuner of the same work and layouts, which tries nothing. Other work needs its own trials."""
    monkeypatch.setattr(module, '_known', {})
    follow(ThreadTuner([ALONE, TWO], 'work'), lambda layout, _: 2e-3 / layout.size, 1)
    for layouts, work, settled in (((ALONE, TWO), 'work', True), ((ALONE, Layout(3)), 'work', False)):
        assert ThreadTuner(layouts, work).settled == settled
    assert ThreadTuner([ALONE, TWO], 'work')._choose(100) == (TWO, 100)
    assert not ThreadTuner([ALONE, TWO], 'another').settled and not ThreadTuner([ALONE, TWO]).settled


def test_two_tuners_of_the_same_work_at_once(monkeypatch):
    """One thread adds a result while the other searches the known ones."""

    class Shared(dict):
        def get(self, layout, otherwise):
            self[Layout(3)] = 1.0
            return super().get(layout, otherwise)

    monkeypatch.setattr(module, '_known', {('work', ALONE, TWO, Layout(3)): Shared({ALONE: 3.0, TWO: 2.0})})
    assert ThreadTuner([ALONE, TWO, Layout(3)], 'work')._best in (TWO, Layout(3))


def test_one_layout_is_not_timed(monkeypatch):
    """All iterations run at once, from the start."""
    tuner, parts = ThreadTuner([TWO]), []
    assert tuner.settled and tuner.threads == 2
    tuner.run(50, lambda part, team: parts.append((part, team.size)))
    tuner.close()
    assert parts == [(slice(0, 50), 2)] * 2


def test_layouts_share_their_threads():
    """The largest team starts all four threads, once; a rank always has the same thread."""
    tuner, threads = ThreadTuner([ALONE, TWO, Layout(4), Layout(2, 2), Layout(1, 4)]), {}

    def work(part, team):
        threads.setdefault(team.rank, set()).add(threading.get_ident())

    for layout in tuner._layouts:
        tuner._trial = Trial(layout, 0.0, 1.0)
        tuner._pace[ALONE] = 1.0
        tuner.run(1, work)
    tuner.close()
    assert sorted(threads) == [0, 1, 2, 3] and all(len(idents) == 1 for idents in threads.values())
    assert len(set.union(*threads.values())) == 4


@pytest.fixture
def scarce(monkeypatch):
    """A system that starts one thread besides the first, and no more."""
    module._tell_of_too_few.cache_clear()
    start, started = threading.Thread.start, []

    def refused(thread):
        if len([other for other in started if other.is_alive()]) >= 1:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, 'start', refused)


@pytest.mark.parametrize(('sizes', 'used'), [([4], 2), ([8], 2), ([2, 4], 2), ([3], 1)])
def test_fewer_threads_if_the_system_starts_no_more(scarce, sizes, used):
    """With one warning per number; no work has to be undone."""
    tuner, seen, parts = ThreadTuner([Layout(size) for size in sizes]), set(), []

    def work(part, team):
        seen.add(team.size)
        if team.rank == 0:
            parts.append(part)
        return team.rank

    tuner._trial = Trial(tuner._layouts[-1], WAKE)  # the largest is tried first
    with pytest.warns(RuntimeWarning, match='fewer are used, with the same results') as caught:
        assert tuner.run(50, work) == 0
    assert seen == {used} and [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == 50
    assert len({str(warning.message) for warning in caught}) == len(caught)
    tuner.close()


def test_results_of_more_threads_than_possible_are_dropped(scarce):
    tuner = ThreadTuner([ALONE, TWO, Layout(4)])
    follow(tuner, lambda layout, _: 1e-3 / layout.size, 1)
    with pytest.warns(RuntimeWarning, match="can't start 4 threads"):
        tuner.run(50, lambda part, team: None)
    tuner.close()
    assert tuner.threads == 2


def test_a_run_with_more_threads_than_possible(scarce, processors):
    processors(4)
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
