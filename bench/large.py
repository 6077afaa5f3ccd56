"""Checks the promises of ``fastrnn train --preset fast`` on a large text: fast encoding, an early first report, bounded
memory, busy cores, and little time for validations and checkpoints.

    python bench/corpora.py FOLDER --c 50MB
    python bench/corpora.py FOLDER --repeat 1GB FOLDER/c-50MB.txt
    python bench/large.py FOLDER/c-50MB-1GB.txt [--time 10min] [--validation 2%]

Uses a new cache in a temporary folder: a separate process encodes the text, then the measured run encodes it again.
Short runs on a small text compile the kernels first. The run is the command itself, with clocks around scoring
held-out text (Block.read_piece) and writing checkpoints (Saver.save). Processor time and peak memory come from the
system. Exits with 1 if a promise is broken.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from fastrnn.model.architecture import CELLS
from fastrnn.settings.parsing import parse_size

SONNETS = Path(__file__).parent.parent / 'data' / 'sonnets.txt'
BUSY = 1.85 / 2  # minimum share of the cores
OTHER = 1 / 20  # maximum share of the time for validations, or for checkpoints
BEYOND = 300.0  # maximum MB above the printed memory: interpreter, libraries, compiled code, text
RATE = 200.0  # minimum MB of text encoded per second
FIRST = 30.0  # maximum seconds until the first report
OPTIONS = ('--preset', 'fast', '--seed', '0')


@dataclass(frozen=True)
class Process:
    """Measurements of a training process."""

    wall: float
    busy: float  # processor seconds
    peak: float  # MB of memory
    told: float  # MB without the text, as printed
    seconds: dict[str, float]  # of training in all, of 'validations' and of 'checkpoints'
    first: float  # seconds until its first report


# --- the process that is measured -----------------------------------------------------------------------------------


def timed(function: Callable[..., Any], seconds: dict[str, float], name: str) -> Callable[..., Any]:
    """The same function; adds its time to ``seconds``."""

    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start

    return run


@contextmanager
def clocks() -> Iterator[dict[str, float]]:
    """Seconds of validations, checkpoints and all training within the context."""
    from fastrnn.runs.saver import Saver
    from fastrnn.runs.session import Session
    from fastrnn.training.blocks import Block

    seconds: dict[str, float] = {}
    places = ((Block, 'read_piece', 'validations'), (Saver, 'save', 'checkpoints'), (Session, 'advance', 'training'))
    before = [(place, name, getattr(place, name)) for place, name, _ in places]
    for (place, name, function), (_, _, what) in zip(before, places, strict=True):
        setattr(place, name, timed(function, seconds, what))
    try:
        yield seconds
    finally:
        for place, name, function in before:
            setattr(place, name, function)


def command(out: str, arguments: list[str]) -> None:
    """Run ``fastrnn`` with these arguments; writes its clocks to a file."""
    from fastrnn.cli import main as fastrnn

    sys.argv = ['fastrnn', *arguments]
    with clocks() as seconds:
        try:
            fastrnn()
        finally:
            Path(out).write_text(json.dumps(seconds), encoding='utf-8')


# --- the measuring process ------------------------------------------------------------------------------------------


def measured(text: Path, *options: str) -> Process:
    """Train in a separate process, in a folder that is removed."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Path(folder, 'clock.json')
        call = [sys.executable, __file__, '--command', str(clock), 'train', str(text), *OPTIONS, *options]
        start = time.perf_counter()
        process = subprocess.Popen([*call, '--out', f'{folder}/run'], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines, first = list[str](), 0.0
        for line in process.stdout:
            lines.append(tell(line))
            if not first and line.startswith('iter '):
                first = time.perf_counter() - start
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f'{" ".join(call)} has failed')
        seconds = json.loads(clock.read_text(encoding='utf-8'))
    told = re.search(r'memory ([\d.]+ [KMG]B) without the text', ''.join(lines))
    assert told is not None
    busy, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6
    return Process(wall, busy, peak, parse_size(told[1]) / 1e6, seconds, first)


def tell(line: str) -> str:
    print(line, end='', file=sys.stderr, flush=True)
    return line


def encoded(text: Path) -> float:
    """MB/s of encoding a new text, in a process that imports no compiler."""
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run(
            [sys.executable, __file__, '--encode', str(text), folder], stdout=subprocess.PIPE, text=True, check=True
        )
    return text.stat().st_size / 1e6 / float(told.stdout)


def encode(path: str, cache: str) -> None:
    """Print the seconds of encoding."""
    from fastrnn.data.corpus import open_corpus

    start = time.perf_counter()
    open_corpus(path, cache=cache)
    print(time.perf_counter() - start)


def promises(run: Process, rate: float) -> list[tuple[str, bool]]:
    """Each promise in words, and whether it is kept. rate: of encoding, in MB/s."""
    cores = os.cpu_count() or 1
    busy, beyond = run.busy / run.wall, run.peak - run.told
    found = [
        (f'encoded at {rate:.0f} MB/s, of at least {RATE:.0f}', rate >= RATE),
        (f'the first report after {run.first:.1f} s, of at most {FIRST:.0f}', run.first <= FIRST),
        (f'{busy:.3f} processor seconds a second, of at least {BUSY * cores:.2f}', busy >= BUSY * cores),
    ]
    memory = f'{run.peak:.0f} MB of memory, {run.told:.0f} of them told: {beyond:.0f} MB more'
    found.append((f'{memory}, of at most {BEYOND:.0f}', beyond <= BEYOND))
    for what in ('validations', 'checkpoints'):
        share = run.seconds.get(what, 0.0) / run.seconds['training']
        found.append((f'{share:.2%} of the time for {what}, of at most {OTHER:.0%}', share <= OTHER))
    return found


def main() -> None:
    if sys.argv[1:2] == ['--command']:
        command(sys.argv[2], sys.argv[3:])
        return
    if sys.argv[1:2] == ['--encode']:
        encode(sys.argv[2], sys.argv[3])
        return
    parser = argparse.ArgumentParser(description='Promises about large texts.')
    parser.add_argument('text', type=Path)
    parser.add_argument('--time', default='10min')
    parser.add_argument('--validation', default='2%')
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ['FASTRNN_CACHE'] = cache
        for cell in CELLS:  # compiles the kernels of all cells
            measured(SONNETS, '--validation', given.validation, '--time', '1s', '--cell', cell)
        rate = encoded(given.text)
        run = measured(given.text, '--validation', given.validation, '--time', given.time)
    found = promises(run, rate)
    print(f'{given.text}: {run.wall:.1f} s, {run.seconds["training"]:.1f} s of them training')
    for words, kept in found:
        print(f'{"kept" if kept else "BROKEN"}: {words}')
    raise SystemExit(not all(kept for _, kept in found))


if __name__ == '__main__':
    main()
