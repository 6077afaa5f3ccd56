"""What two threads gain next to other busy processes, and alone: microseconds per iteration of the batched engine.

    python bench/busy.py

One and two threads in turn, with medians; then the same next to one busy process per processor. Takes half a minute.
"""

import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
from peers_timing import processor

from fastrnn.engines.engine import BatchedEngine
from fastrnn.parallel.threads import share_of_processors
from fastrnn.settings.options import Settings

MODELS: dict[str, dict[str, Any]] = {
    'lstm H=256, 64 streams': {'cell': 'lstm', 'hidden_size': 256, 'streams': 64, 'seq_length': 64},
    'gru H=128, 16 streams': {'cell': 'gru', 'hidden_size': 128, 'streams': 16, 'seq_length': 32},
    'H=100, 16 streams': {'hidden_size': 100, 'streams': 16, 'seq_length': 25},
}
TURNS, SECONDS = 7, 0.3
BUSY = 'while True: pass'


def engines() -> dict[tuple[str, int], BatchedEngine]:
    """An engine of each model with one thread, and one with two."""
    ids = np.random.default_rng(0).integers(0, 65, 200_000).astype(np.uint8)
    ids.flags.writeable = False
    return {
        (name, threads): BatchedEngine(
            Settings(engine='batched', dtype='float32', seed=0, threads=threads, **options), ids, 65
        )
        for name, options in MODELS.items()
        for threads in (1, 2)
    }


def measure(made: dict[tuple[str, int], BatchedEngine]) -> dict[tuple[str, int], float]:
    """Seconds per iteration: medians of turns, each with one measurement per engine."""
    found: dict[tuple[str, int], list[float]] = {key: [] for key in made}
    for _ in range(TURNS):
        for key, engine in made.items():
            start, done = time.perf_counter(), 0
            while time.perf_counter() < start + SECONDS:
                engine.run(5)
                done += 5
            found[key].append((time.perf_counter() - start) / done)
    return {key: statistics.median(times) for key, times in found.items()}


def main() -> None:
    made = engines()
    measure(made)
    alone = measure(made)
    others = [subprocess.Popen([sys.executable, '-c', BUSY]) for _ in range(share_of_processors())]
    try:
        beside = measure(made)
    finally:
        for other in others:
            other.kill()
    print(f'us an iteration, {processor()}; beside: {len(others)} busy processes')
    print('| model | one thread | two | one, beside | two, beside | two for one, beside |')
    print('|---|---|---|---|---|---|')
    for name in MODELS:
        times = [alone[name, 1], alone[name, 2], beside[name, 1], beside[name, 2]]
        cells = ' | '.join(f'{1e6 * seconds:,.0f}' for seconds in times)
        print(f'| {name} | {cells} | {times[3] / times[2]:.2f} |')


if __name__ == '__main__':
    main()
