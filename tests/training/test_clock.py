"""The time that a run takes."""

from types import SimpleNamespace

from helpers import SONNETS

import fastrnn
from fastrnn.training import clock


def test_the_clock_stands_still_between_two_steps(monkeypatch):
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
    run.restore(run.state())  # as of the last iteration
    assert run.clock.seconds == 0.0
