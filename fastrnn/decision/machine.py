"""Measures the machine for the decisions about a job: how fast it trains, and whether a model fits into memory."""

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

TIMED = 0.05  # seconds of a trial once the number of threads is chosen; its fastest block counts
BLOCK = 0.01  # seconds of a block of iterations, long enough for a second thread (see parallel/threads.py)
TUNING = 0.25  # of the run's time: limit for choosing the number of threads


class Measured(NamedTuple):
    """The result of a trial."""

    flops: float  # a second
    threads: int  # the fastest number


class Machine:
    """This machine, training on a text with V distinct characters."""

    def __init__(self, ids: Ids, V: int) -> None:
        self.seconds = 0.0  # spent on measuring
        self.measured = Measured(0.0, 1)  # of the last trial
        self._ids, self._V = ids, V

    @property
    def V(self) -> int:
        """Distinct characters of the text."""
        return self._V

    @property
    def threads(self) -> int:
        """The fastest number of threads for the model measured last."""
        return self.measured.threads

    @property
    def cores(self) -> int:
        """Physical cores that may train."""
        return min(physical(), share_of_processors())

    def spent(self, seconds: float) -> float:
        """Seconds spent on trials, at most half of a run of ``seconds``, so that it can start."""
        return min(self.seconds, seconds / 2)

    def speed(self, settings: Settings) -> float:
        """Characters a second of a model, estimated from the model measured last by their flops."""
        return self.measured.flops / Architecture.of(settings, self._V).training_flops

    def has_room(self, settings: Settings) -> bool:
        """True if a run with held-out text and checkpoints fits into memory."""
        try:
            check_memory(settings, self._V, validated=True, kept=True)
        except ValueError:
            return False
        return True

    def measure(self, settings: Settings, seconds: float) -> None:
        """Train a model briefly, as a trial for a run of ``seconds``."""
        check_memory(settings, self._V)
        of_trial = replace(settings, init='gist', seed=0)
        with closing(make_engine(of_trial, self._ids, self._V)) as engine:
            compile_ahead.wait()  # a compiling process (first run only) would halve the speed of two threads
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
        self.measured = Measured(flops / min(paces), threads)  # the fastest: other load only slows it down


def _pace(engine: Engine, iterations: int) -> float:
    """Seconds per iteration, for ``iterations`` at once."""
    start = time.perf_counter()
    engine.run(iterations)
    return processes().agree(max((time.perf_counter() - start) / iterations, 1e-9))
