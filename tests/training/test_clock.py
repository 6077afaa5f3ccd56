"""The clock of a run."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
from helpers import SONNETS, run_python
from numba.core import event

import fastrnn
from fastrnn.system import pauses
from fastrnn.training import clock
from fastrnn.training.run import Run


def test_the_clock_stops_between_two_steps(monkeypatch):
    """A pause at the prompt does not count."""
    now = 0.0
    monkeypatch.setattr(clock, 'time', SimpleNamespace(perf_counter=lambda: now))
    run = fastrnn.train(SONNETS, seed=0, hidden_size=8, iterations=300, print_every=100)
    for _ in run:
        now += 10.0
        assert run.seconds == run.clock.seconds == 0.0
    with run.clock:
        now += 3.0
        assert run.clock.seconds == 3.0
    now += 10.0
    assert run.clock.seconds == 3.0
    assert Run(run.job, run.text, state=run.state()).clock.seconds == 0.0  # that of the last iteration


def test_a_resumed_run_continues_its_clock(monkeypatch):
    now = 100.0
    monkeypatch.setattr(clock, 'time', SimpleNamespace(perf_counter=lambda: now))
    run = fastrnn.train(SONNETS, seed=0, hidden_size=8, iterations=3)
    resumed = Run(run.job, run.text, state=replace(run.state(), seconds=7.5))
    assert resumed.seconds == resumed.clock.seconds == 7.5
    with resumed.clock:
        now += 3.0
    assert resumed.clock.seconds == 10.5
    assert next(resumed).seconds == resumed.seconds == 10.5


def test_compiling_is_not_training(monkeypatch):
    """Neither compiling within a step, such as the first sample's kernel, nor waiting for another process counts."""
    now = 0.0
    monkeypatch.setattr(clock, 'time', SimpleNamespace(perf_counter=lambda: now))
    found = clock.Clock()
    with found:
        now += 1.0
        with pauses.paused(), pauses.paused():
            now += 5.0
            assert found.seconds == 1.0
        now += 2.0
        event.start_event('numba:compile')
        now += 10.0
        assert found.seconds == 3.0
        event.end_event('numba:compile')
        assert found.seconds == 3.0
    with pauses.paused():
        now += 1.0
    with found:
        now += 1.0
        pauses.begin()  # and an interrupt
    with found:
        now += 1.0
        assert found.seconds == 5.0


def test_each_thread_has_its_own_pauses(monkeypatch):
    now = 0.0
    monkeypatch.setattr(clock, 'time', SimpleNamespace(perf_counter=lambda: now))
    found, other = clock.Clock(), threading.Thread(target=pauses.begin)
    with found:
        other.start()
        other.join()
        now += 2.0
        assert found.seconds == 2.0


@pytest.mark.long
@pytest.mark.parametrize('engine', ['exact', 'batched'])
def test_compiling_does_not_count_as_training(engine):
    """Here everything that a sample and a validation need is compiled within steps."""
    code = f"""
import time, numba.core.caching, fastrnn
from fastrnn.kernels import jit
jit._ForgivingCache.load_overload = lambda *_: None
jit._ForgivingCache.save_overload = lambda *_: None
jit.SHARED = False
run = fastrnn.train('to and fro, and to ' * 99, engine={engine!r}, hidden_size=8, iterations=9, validation=0.3)
run.state()
start = time.perf_counter()
list(run)
print(run.seconds, time.perf_counter() - start)
"""
    done = run_python('-c', code)
    assert done.returncode == 0, done.stderr.decode()
    trained, took = map(float, done.stdout.split())
    assert trained < 0.3 * took
