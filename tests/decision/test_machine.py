"""Speed trials: what they measure, how long they take, and that they end."""

import numpy as np
import pytest
from decisions import settings_of

from fastrnn.decision import machine
from fastrnn.decision.machine import Machine
from fastrnn.parallel import tuner
from fastrnn.parallel.layouts import ALONE, Layout


def ids(n):
    return np.arange(n, dtype=np.uint8) % 60


def test_a_trial_measures():
    """A real trial of a small model, which does not change the text."""
    read = ids(5_000)
    read.setflags(write=False)  # like a corpus, for which kernels are compiled
    trial, small = Machine(read, 60), settings_of(hidden_size=16, layers=1, streams=4, iterations=1)
    trial.measure(small, np.inf)
    assert trial.seconds > 0 and np.isfinite(trial.speed(small)) and trial.speed(small) > 0
    assert trial.spent(100.0) == trial.seconds and trial.spent(trial.seconds) == trial.seconds / 2


@pytest.mark.parametrize('pace', [1e-5, 1e-4, 1e-2, 3.0])
def test_a_trial_ends_however_fast_or_slow_the_machine(monkeypatch, pace):
    """Including iterations too short to wake a thread for; two threads are 1.5 times as fast."""
    clock, clocks_when_waited = Clock(pace), []
    monkeypatch.setattr(tuner, 'time', clock)
    monkeypatch.setattr(machine, 'time', clock)
    monkeypatch.setattr(machine, 'make_engine', clock.make_engine)
    monkeypatch.setattr(machine.compile_ahead, 'wait', lambda: clocks_when_waited.append(clock.perf_counter()))
    trial, config = Machine(ids(5_000), 60), settings_of(hidden_size=16, streams=4, iterations=1)
    trial.measure(config, 10.0)
    assert clocks_when_waited == [0.0]  # waits for the compiling process first
    assert 0.04 <= trial.seconds < max(0.4, 5 * pace)
    assert trial.threads == 2
    assert trial.speed(config) == pytest.approx(4 * 32 * 1.5 / pace, rel=0.05)


@pytest.mark.parametrize(('physical', 'processors', 'cores'), [(64, 128, 64), (64, 12, 12), (1, 1, 1)])
def test_cores_that_may_train(monkeypatch, physical, processors, cores):
    """Hyperthreads don't count; a quota of processor time does."""
    monkeypatch.setattr(machine, 'physical', lambda: physical)
    monkeypatch.setattr(machine, 'share_of_processors', lambda: processors)
    assert Machine(ids(9), 60).cores == cores


class Clock:
    """A clock that an engine of ``pace`` seconds an iteration advances."""

    def __init__(self, pace):
        self._now, self._pace = 0.0, pace

    def perf_counter(self):
        return self._now

    def make_engine(self, *_):
        found = tuner.ThreadTuner([ALONE, Layout(2)])

        def work(block, team):
            if team.rank == 0:
                self._now += self._pace * (block.stop - block.start) / (1.5 if team.size == 2 else 1)

        class Engine:
            settled, threads = property(lambda _: found.settled), property(lambda _: found.threads)
            close = staticmethod(found.close)

            def run(self, iterations):
                found.run(iterations, work)

        return Engine()
