"""Processes compared with threads on this machine: characters/s of an LSTM with one process, two, and two threads.

    pip install '.[mpi]' mpich
    python bench/processes.py        two minutes

Whole ``fastrnn train`` commands, in turn, with medians. The last column is the required ratio.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from peers_timing import processor

SONNETS = Path(__file__).parent.parent / 'data' / 'sonnets.txt'
TURNS, SECONDS = 7, 4.0
MODEL = 'cell=lstm hidden-size=256 streams=64 seq-length=64 dtype=float32 optimizer=adam learning-rate=1e-3 clip-norm=5'
OPTIONS = [
    '--engine',
    'batched',
    '--seed',
    '0',
    '--sample-length',
    '0',
    '--json',
    '--quiet',
    *(f'--{x}' for x in MODEL.split()),
]
SIDES = {  # processes under mpiexec (0: without), and threads of each
    '1 process x 1 thread': (0, 1),
    '2 processes x 1 thread': (2, 1),
    '1 process x 2 threads': (0, 2),
    '1 process under mpiexec': (1, 1),
}
BARS = (
    ('2 processes x 1 thread', '1 process x 1 thread', 1.8),
    ('2 processes x 1 thread', '1 process x 2 threads', 0.93),
    ('1 process under mpiexec', '1 process x 1 thread', 0.99),
)


def rate(text: Path, processes: int, threads: int) -> float:
    """Characters/s of a training."""
    command = [sys.executable, '-m', 'fastrnn', 'train', str(text), '--threads', str(threads), '--time', f'{SECONDS}s']
    command += OPTIONS
    if processes:
        mpiexec = shutil.which('mpiexec', path=Path(sys.executable).parent) or shutil.which('mpiexec')
        if mpiexec is None:
            raise SystemExit("There is no mpiexec: pip install '.[mpi]' mpich")
        command = [mpiexec, '-n', str(processes), *command]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(json.loads(printed.splitlines()[-1])['characters_per_second'])


def main() -> None:
    found: dict[str, list[float]] = {name: [] for name in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / 'text.txt'
        text.write_bytes(SONNETS.read_bytes() * 800)  # a megabyte
        for _ in range(TURNS):
            for name, side in SIDES.items():
                found[name].append(rate(text, *side))
    rates = {name: statistics.median(values) for name, values in found.items()}
    print('| what | against | | at least |\n|---|---|---|---|')
    for what, against, bar in BARS:
        cells = [f'{side} ({rates[side]:,.0f} characters/s)' for side in (what, against)]
        print(f'| {cells[0]} | {cells[1]} | {rates[what] / rates[against]:.3f}x | {bar}x |')
    print(f'\n{MODEL.replace("=", " ")}; medians of {TURNS} turns; {processor()}, {date.today()}.')


if __name__ == '__main__':
    main()
