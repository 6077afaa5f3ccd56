"""Whether ``fastrnn train --preset fast`` keeps its promises on a large text: all cores busy, memory as it is told, and
hardly any time for validations and checkpoints.

    python bench/corpora.py FOLDER --repeat 100MB TEXT
    python bench/large.py FOLDER/TEXT-100MB.txt [--time 10min] [--validation 2%]

One process is the command itself, with clocks around what scores the held-out text (Block.read_piece) and what writes
checkpoints (Saver.save). The system tells its processor seconds and its peak memory. Of the latter is subtracted what a
process holds that trains on a tiny text, beside what that was told: the interpreter, the compiler, compiled code. Exits
with 1 where a promise is not kept. Short runs before compile what is not compiled yet.
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
BUSY = 1.85 / 2  # of the cores, at least
OTHER = 1 / 20  # of the time, for validations or checkpoints, at most
BESIDE = 1.1  # of the memory that was told
OPTIONS = ('--preset', 'fast', '--seed', '0')


@dataclass(frozen=True)
class Process:
    """What one training was."""

    wall: float
    busy: float  # processor seconds
    peak: float  # MB of memory
    told: float  # MB, which it said that it would take beside the text
    seconds: dict[str, float]  # of training in all, of 'validations' and of 'checkpoints'

    @property
    def beside(self) -> float:
        """MB of memory beside what it told."""
        return self.peak - self.told


# --- the process that is measured -----------------------------------------------------------------------------------


def timed(function: Callable[..., Any], seconds: dict[str, float], name: str) -> Callable[..., Any]:
    """The same function, whose seconds are added up."""

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
    """Seconds of validations, checkpoints and all training, while it is open."""
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
    """``fastrnn`` with these arguments; its clocks are written to a file."""
    from fastrnn.cli import main as fastrnn

    sys.argv = ['fastrnn', *arguments]
    with clocks() as seconds:
        try:
            fastrnn()
        finally:
            Path(out).write_text(json.dumps(seconds), encoding='utf-8')


# --- and who measures it --------------------------------------------------------------------------------------------


def measured(text: Path, *options: str) -> Process:
    """Train in a process of its own, in a folder that is removed."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Path(folder, 'clock.json')
        call = [sys.executable, __file__, '--command', str(clock), 'train', str(text), *OPTIONS, *options]
        start = time.perf_counter()
        process = subprocess.Popen([*call, '--out', f'{folder}/run'], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines = [tell(line) for line in process.stdout]
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f'{" ".join(call)} has failed')
        seconds = json.loads(clock.read_text(encoding='utf-8'))
    told = re.search(r'memory ([\d.]+ [KMG]B) beside the text', ''.join(lines))
    assert told is not None
    busy, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6
    return Process(wall, busy, peak, parse_size(told[1]) / 1e6, seconds)


def tell(line: str) -> str:
    print(line, end='', file=sys.stderr, flush=True)
    return line


def promises(run: Process, base: Process, text_size: float) -> list[tuple[str, bool]]:
    """Each in words, and whether it is kept. text_size: MB."""
    cores = os.cpu_count() or 1
    busy = run.busy / run.wall
    found = [(f'{busy:.3f} processor seconds a second, of at least {BUSY * cores:.2f}', busy >= BUSY * cores)]
    beside, most = run.peak - base.beside, run.told * BESIDE + text_size
    memory = f'{run.peak:.0f} MB of memory, {base.beside:.0f} of them without text and model: {beside:.0f} MB for these'
    found.append((f'{memory}, of at most {run.told:.0f} MB told and {text_size:.0f} MB of text', beside <= most))
    for what in ('validations', 'checkpoints'):
        share = run.seconds.get(what, 0.0) / run.seconds['training']
        found.append((f'{share:.2%} of the time for {what}, of at most {OTHER:.0%}', share <= OTHER))
    return found


def main() -> None:
    if sys.argv[1:2] == ['--command']:
        command(sys.argv[2], sys.argv[3:])
        return
    parser = argparse.ArgumentParser(description='Promises about large texts.')
    parser.add_argument('text', type=Path)
    parser.add_argument('--time', default='10min')
    parser.add_argument('--validation', default='2%')
    given = parser.parse_args()
    for cell in CELLS:  # compiles what the preset may take, and numbers the characters
        measured(given.text, '--validation', '0.1%', '--time', '1s', '--cell', cell)
    base = measured(SONNETS, '--validation', given.validation, '--time', '1s')
    run = measured(given.text, '--validation', given.validation, '--time', given.time)
    found = promises(run, base, given.text.stat().st_size / 1e6)
    print(f'{given.text}: {run.wall:.1f} s, {run.seconds["training"]:.1f} s of them training')
    for words, kept in found:
        print(f'{"kept" if kept else "BROKEN"}: {words}')
    raise SystemExit(not all(kept for _, kept in found))


if __name__ == '__main__':
    main()
