"""What a configuration leaves open, decided by the text, by how much of it a run reads, and by the machine."""

import math
import time
from contextlib import closing
from dataclasses import dataclass, replace

from ..data.stored import Ids
from ..engines import compile_ahead
from ..engines.engine import Engine, make_engine
from ..engines.memory import check_memory
from ..model.architecture import Architecture
from ..parallel.processes import processes
from ..settings.config import Config
from ..settings.ladder import completed, steps_up
from .schedule import Horizon

FIRST = 3  # step of the ladder, that is measured first: a small model's flops a second say little of a large one
TIMED = 0.05  # seconds of a trial, when the number of threads is found; its fastest block counts
BLOCK = 0.01  # seconds of iterations at once, for them to be worth a second thread (see parallel/threads.py)
LONGEST = 0.25  # of the run's time, after which a trial looks no longer for the number of threads
SHORTEST = 1.0  # seconds of training, for a trial at all
AGAIN = 20.0  # seconds of training that are worth a second trial
ENOUGH = 0.8  # of what a model needs, by the second trial


@dataclass(frozen=True)
class Fitted:
    """A configuration with nothing left open, and what decided."""

    config: Config
    chosen: bool = False  # whether anything was open
    speed: float | None = None  # characters a second; None where the clock has no say
    seconds: float = 0.0  # that trials took
    trained: float = 0.0  # characters that the run would read, were the text long enough

    @property
    def expected(self) -> float | None:
        """Iterations that the machine is likely to do in the run's time; None where nobody measured."""
        return None if self.speed is None else self.trained / (self.config.seq_length * self.config.streams)


def fit(config: Config, ids: Ids, V: int, held_out: int = 0) -> Fitted:
    """Decide what is open, for a text of V distinct characters, beside so many that are held out.

    The largest model is taken whose need of characters the run fulfils. Where the run ends by time alone, how many it
    reads is found by training for a moment, which counts as a part of the time; else nothing depends on the clock.
    Raises ValueError for a text that is too short, and where a trial needs more memory than there is.
    """
    if not config.fit:
        return Fitted(config)
    n, seconds = ids.size, config.time or 0.0
    steps, trial = steps_up(config, n), Trial(ids, V, seconds)
    steps[0][1].check_text(n, V, held_out)  # if its window fits, so do all; a trial would read beyond the text's end
    timed = config.iterations is None and config.epochs is None and config.time is not None

    def reads(candidate: Config) -> float:
        """Characters that a run reads."""
        if timed:
            return trial.speed(candidate) * (seconds - trial.counted)
        counts = [math.inf if config.epochs is None else config.epochs * n]
        if config.iterations is not None:
            counts.append(config.iterations * candidate.streams * candidate.seq_length)
        return min(counts)

    clocked = timed and seconds >= SHORTEST
    if clocked:
        trial.measure(steps[min(FIRST, len(steps) - 1)][1])
    at = max(k for k, (need, step) in enumerate(steps) if reads(step) >= need)
    if clocked and seconds >= AGAIN:
        trial.measure(steps[at][1])
        at -= at > 0 and reads(steps[at][1]) < ENOUGH * steps[at][0]
    chosen = steps[at][1]
    trained, speed = reads(chosen), trial.speed(chosen) if clocked else None
    return Fitted(_planned(completed(chosen, n, trained), n, trial.counted), True, speed, trial.counted, trained)


def _planned(config: Config, characters: int, spent: float) -> Config:
    """With a schedule that begins after the trial, which would else take the place of the warm-up."""
    if not spent or config.planned is not None:
        return config
    return replace(config, planned=(0, spent, Horizon(config, characters).iterations, config.time))


class Trial:
    """How fast this machine trains on a text, for a run of so many seconds."""

    def __init__(self, ids: Ids, V: int, seconds: float = math.inf) -> None:
        self.seconds = 0.0  # that measuring took
        self._ids, self._V, self._of, self._flops = ids, V, seconds, 0.0

    @property
    def counted(self) -> float:
        """Seconds that are the run's: half of its time at most, since it has to begin."""
        return min(self.seconds, self._of / 2)

    def speed(self, config: Config) -> float:
        """Characters a second of a model, by the one that was measured last and by their flops."""
        return self._flops / Architecture.of(config, self._V).training_flops

    def measure(self, config: Config) -> None:
        """Train a model for a moment."""
        processes().together(lambda: check_memory(config, self._V))
        of_trial = replace(config, init='gist', seed=0, fit=())
        with closing(processes().by_host(lambda: make_engine(of_trial, self._ids, self._V))) as engine:
            compile_ahead.wait()  # a first run's other process compiles, and would halve what two threads reach
            start = time.perf_counter()
            pace = _pace(engine, 1)
            while processes().agree(not engine.settled and time.perf_counter() < start + LONGEST * self._of):
                pace = _pace(engine, max(1, int(BLOCK / pace)))
            begin, paces = time.perf_counter(), list[float]()
            while processes().agree(not paces or time.perf_counter() < begin + TIMED):
                pace = _pace(engine, max(1, int(BLOCK / pace)))
                paces.append(pace)
            self.seconds += processes().agree(time.perf_counter() - start)
        flops = Architecture.of(config, self._V).training_flops * config.streams * config.seq_length
        self._flops = flops / min(paces)  # what else the machine does only slows


def _pace(engine: Engine, iterations: int) -> float:
    """Seconds an iteration, of so many at once."""
    start = time.perf_counter()
    engine.run(iterations)
    return processes().agree(max((time.perf_counter() - start) / iterations, 1e-9))
