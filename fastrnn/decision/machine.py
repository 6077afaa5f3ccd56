"""What a machine says where a job is decided: how fast it trains, and how much memory it has."""

import time
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

from ..data.stored import Ids
from ..engines import compile_ahead
from ..engines.engine import Engine, make_engine
from ..model.architecture import Architecture
from ..parallel.processes import processes
from ..parallel.threads import share_of_processors
from ..settings.options import Settings
from ..system.cores import physical
from .memory import check_memory

TIMED = 0.05  # seconds of a trial, when the number of threads is found; its fastest block counts
BLOCK = 0.01  # seconds of iterations at once, for them to be worth a second thread (see parallel/threads.py)
TUNING = 0.25  # of the run's time, after which a trial looks no longer for the number of threads


class Measured(NamedTuple):
    """What a trial has found."""

    flops: float  # a second
    threads: int  # as many as pay


class Machine:
    """This one, training on a text of V distinct characters."""

    def __init__(self, ids: Ids, V: int) -> None:
        self.seconds = 0.0  # that measuring took
        self.measured = Measured(0.0, 1)  # of the last trial
        self._ids, self._V = ids, V

    @property
    def V(self) -> int:
        """Distinct characters of the text."""
        return self._V

    @property
    def threads(self) -> int:
        """As many as pay for the model that was measured last."""
        return self.measured.threads

    @property
    def cores(self) -> int:
        """Physical ones that may train."""
        return min(physical(), share_of_processors())

    def spent(self, seconds: float) -> float:
        """Seconds of a run of so many that trials took: half of them at most, since it has to begin."""
        return min(self.seconds, seconds / 2)

    def speed(self, settings: Settings) -> float:
        """Characters a second of a model, by the one that was measured last and by their flops."""
        return self.measured.flops / Architecture.of(settings, self._V).training_flops

    def has_room(self, settings: Settings) -> bool:
        """Whether a run of these has the memory that it needs, with a held-out text and checkpoints."""
        try:
            check_memory(settings, self._V, validated=True, kept=True)
        except ValueError:
            return False
        return True

    def measure(self, settings: Settings, seconds: float) -> None:
        """Train a model for a moment, for a run of so many seconds."""
        check_memory(settings, self._V)
        of_trial = replace(settings, init='gist', seed=0)
        with closing(make_engine(of_trial, self._ids, self._V)) as engine:
            compile_ahead.wait()  # a first run's other process compiles, and would halve what two threads reach
            start = time.perf_counter()
            pace = _pace(engine, 1)
            while processes().agree(not engine.settled and time.perf_counter() < start + TUNING * seconds):
                pace = _pace(engine, max(1, int(BLOCK / pace)))
            begin, paces = time.perf_counter(), list[float]()
            while processes().agree(not paces or time.perf_counter() < begin + TIMED):
                pace = _pace(engine, max(1, int(BLOCK / pace)))
                paces.append(pace)
            threads = engine.threads
            self.seconds += processes().agree(time.perf_counter() - start)
        flops = Architecture.of(settings, self._V).training_flops * settings.streams * settings.seq_length
        self.measured = Measured(flops / min(paces), threads)  # what else the machine does only slows


def _pace(engine: Engine, iterations: int) -> float:
    """Seconds an iteration, of so many at once."""
    start = time.perf_counter()
    engine.run(iterations)
    return processes().agree(max((time.perf_counter() - start) / iterations, 1e-9))
