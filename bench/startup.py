"""Time to the first printed loss, and memory: first run, warm start, plain import.

python bench/startup.py                   prints the table
python bench/startup.py docs/limits.md    puts it into that page, between its markers
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
RUNS = 5  # runs per median
MARKERS = '<!-- startup: made by bench/startup.py -->', '<!-- end of startup -->'
FAST = [*TRAIN, '--preset', 'fast', '--validation', '0.1']
LSTM = [*FAST, '--cell', 'lstm']
IMPORT = [sys.executable, '-c', 'import fastrnn']


def seconds(command: list[str], cache: str, runs: int) -> float:
    """Median seconds of a command with its own folder for compiled kernels."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, 'FASTRNN_CACHE': cache})
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def first_and_warm(command: list[str], what: str) -> list[str]:
    """Rows of the table: with an empty cache, and with the cache of the first run."""
    with tempfile.TemporaryDirectory() as cache:
        first, warm = seconds(command, cache, 1), seconds(command, cache, RUNS)
    return [f'| first run ever, compiling, {what} | {first:.1f} s |', f'| the same, warm | {warm:.2f} s |']


def main() -> None:
    lines = ['| | |', '|---|---|', *first_and_warm(TRAIN, 'to the first printed loss')]
    with tempfile.TemporaryDirectory() as cache:
        lines.append(f'| `import fastrnn` | {seconds(IMPORT, cache, RUNS):.2f} s |')
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    lines.append(f'| peak memory of these | {peak:.0f} MB |')
    lines += first_and_warm(FAST, 'of `--preset fast` on a short text (GRU), a validation and a sample included')
    lines += first_and_warm(LSTM, 'of `--preset fast --cell lstm`, likewise')
    publish(MARKERS, '\n'.join(lines), sys.argv[1] if len(sys.argv) > 1 else None)


if __name__ == '__main__':
    main()
