"""How long until the first printed loss, and how much memory: first run ever, warm start, plain import.

python bench/startup.py
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SONNETS = Path(__file__).parent.parent / 'data' / 'sonnets.txt'
TRAIN = [sys.executable, '-m', 'fastrnn', 'train', str(SONNETS), '--seed', '0', '--iterations', '1']
IMPORT = [sys.executable, '-c', 'import fastrnn']


def seconds(command: list[str], cache: str, runs: int) -> float:
    """Median seconds of a command with its own folder for compiled kernels."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, 'FASTRNN_CACHE': cache})
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as cache:
        print(f'first run ever, compiling, to the first printed loss: {seconds(TRAIN, cache, 1):.1f} s')
        print(f'warm start, to the first printed loss: {seconds(TRAIN, cache, 5):.2f} s')
        print(f'import fastrnn: {seconds(IMPORT, cache, 5):.2f} s')
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f'peak memory of these: {peak / 1024:.0f} MB')


if __name__ == '__main__':
    main()
