"""What a machine says where a job is decided: how fast it trains, and how much memory it has."""

import time
from contextlib import closing
from dataclasses import replace

from ..data.stored import Ids
from ..engines import compile_ahead
from ..engines.engine import Engine, make_engine
from ..model.architecture import Architecture
from ..parallel.processes import processes
from ..settings.options import Settings
from .memory import check_memory

TIMED = 0.05  # seconds of a trial, when the number of threads is found; its fastest block counts
BLOCK = 0.01  # seconds of iterations at once, for them to be worth a second thread (see parallel/threads.py)
TUNING = 0.25  # of the run's time, after which a trial looks no longer for the number of threads


class Machine:
    """This one, training on a text of V distinct characters."""

    def __init__(self, ids: Ids, V: int) -> None:
        self.seconds = 0.0  # that measuring took
        self.threads = 1  # of the model that was measured last, as many as pay
        self._ids, self._V, self._flops = ids, V, 0.0

    def spent(self, seconds: float) -> float:
        """Seconds of a run of so many that trials took: half of them at most, since it has to begin."""
        return min(self.seconds, seconds / 2)

    def speed(self, settings: Settings) -> float:
        """Characters a second of a model, by the one that was measured last and by their flops."""
        return self._flops / Architecture.of(settings, self._V).training_flops

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
            self.threads = engine.threads
            self.seconds += processes().agree(time.perf_counter() - start)
        flops = Architecture.of(settings, self._V).training_flops * settings.streams * settings.seq_length
        self._flops = flops / min(paces)  # what else the machine does only slows


def _pace(engine: Engine, iterations: int) -> float:
    """Seconds an iteration, of so many at once."""
    start = time.perf_counter()
    engine.run(iterations)
    return processes().agree(max((time.perf_counter() - start) / iterations, 1e-9))
