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

from table import publish

SONNETS = Path(__file__).parent.parent / 'data' / 'sonnets.txt'
TRAIN = [sys.executable, '-m', 'fastrnn', 'train', str(SONNETS), '--seed', '0', '--iterations', '1']
MARKERS = '<!-- startup: made by bench/startup.py -->', '<!-- end of startup -->'
FAST = [*TRAIN, '--preset', 'fast', '--validation', '0.1']
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
        lines = [
            '| | |',
            '|---|---|',
            f'| first run ever, compiling, to the first printed loss | {seconds(TRAIN, cache, 1):.1f} s |',
            f'| warm start, to the first printed loss | {seconds(TRAIN, cache, 5):.2f} s |',
            f'| `import fastrnn` | {seconds(IMPORT, cache, 5):.2f} s |',
            f'| peak memory of these | {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB |',
            f'| first run with `--preset fast`, a validation and a sample included | {seconds(FAST, cache, 1):.1f} s |',
            f'| the same, warm | {seconds(FAST, cache, 5):.2f} s |',
        ]
    publish(MARKERS, '\n'.join(lines), sys.argv[1] if len(sys.argv) > 1 else None)


if __name__ == '__main__':
    main()
