"""What each process of bench/cluster.py runs: an engine over random characters, and how long its iterations take.

python bench/cluster_step.py OPTIONS, a JSON object: H, layers, streams, shards, threads, seconds to take (budget), and
to which core each process is bound, by its number (cores; [] for none). The first process prints a JSON object.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from fastrnn.engines.batched import BatchedEngine, sizes_of
from fastrnn.engines.shards import updated
from fastrnn.model.architecture import Architecture
from fastrnn.model.state import MOMENTS
from fastrnn.parallel.launcher import launched
from fastrnn.parallel.processes import processes
from fastrnn.settings.config import Config

V, T, CHARACTERS = 65, 64, 1 << 20
BLOCKS, EXCHANGES = 5, 3


def config_of(given: dict[str, Any]) -> Config:
    """An LSTM as the preset trains it: Adam, and a clipped norm, so that an iteration has all three exchanges."""
    return Config(
        engine='batched',
        cell='lstm',
        hidden_size=given['H'],
        layers=given['layers'],
        streams=given['streams'],
        shards=given['shards'],
        threads=given['threads'],
        seq_length=T,
        dtype='float32',
        optimizer='adam',
        learning_rate=1e-3,
        clip_norm=5.0,
        init='scaled',
        seed=0,
        iterations=1,
    )


class Stopwatch:
    """When this process entered each exchange of the kernels with others, and when it left."""

    def __init__(self) -> None:
        self._moments: list[tuple[float, float]] = []
        for name in ('exchange', 'collect'):
            setattr(processes(), name, self._timed(getattr(processes(), name)))

    def _timed(self, call: Callable[..., None]) -> Callable[..., None]:
        def timed(*arrays: Any) -> None:
            start = time.perf_counter()
            call(*arrays)
            self._moments.append((start, time.perf_counter()))

        return timed

    def seconds(self, iterations: int) -> float:
        """Of the exchanges of an iteration, medians of the last ones: from when all are there to when all have gone.

        So waiting for another's computing does not count. All call it; their clock has to be one machine's.
        """
        moments = np.array(processes().all(self._moments[-EXCHANGES * iterations :]))
        if moments.size == 0:
            return 0.0
        taken = (moments[..., 1].max(axis=0) - moments[..., 0].max(axis=0)).reshape(iterations, EXCHANGES)
        return float(np.median(taken, axis=0).sum())


def measured(given: dict[str, Any]) -> dict[str, Any]:
    """Seconds an iteration, the median of blocks that take so long in all, and of its exchanges; what else is told."""
    config, stopwatch = config_of(given), Stopwatch()
    architecture = Architecture.of(config, V)
    engine = BatchedEngine(config, np.random.RandomState(0).randint(0, V, CHARACTERS).astype(np.uint8), V)
    engine.run(2)
    start = time.perf_counter()
    engine.run(2)
    pace = (time.perf_counter() - start) / 2
    iterations = processes().agree(max(1, round(given['budget'] / BLOCKS / pace)))
    seconds = []
    for _ in range(BLOCKS):
        start = time.perf_counter()
        engine.run(iterations)
        seconds.append((time.perf_counter() - start) / iterations)
    engine.close()
    N, itemsize = sizes_of(architecture).N, np.dtype(config.dtype).itemsize
    return {
        'seconds': statistics.median(seconds),
        'exchange': stopwatch.seconds(BLOCKS * iterations),
        'iterations': 4 + BLOCKS * iterations,
        'N': N,
        'memory': BatchedEngine.memory(config, architecture),
        'moments': len(MOMENTS[config.optimizer]) * updated(N) * itemsize,
    }


def main() -> None:
    given = json.loads(sys.argv[1])
    found = launched()
    if given['cores']:
        os.sched_setaffinity(0, {given['cores'][0 if found is None else found[2]]})
    result = measured(given)
    if processes().leads:
        print(json.dumps(result), flush=True)


if __name__ == '__main__':
    main()
