"""A second process that compiles kernels at the same time: those for scoring, sampling and the end of an iteration.

It saves its kernels in the cache folder, and this process loads them from there or compiles them itself. A first run of
--preset fast --cell lstm takes 8.7 s (bench/startup.py), and 15 s on one processor (the same under taskset -c 0).

Only one process at a time compiles for a cell and a dtype; a marker file shows when it is done. It receives no signals
from the terminal: after a Ctrl-C it finishes some seconds later, and the next run need not compile.
"""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..kernels import jit
from ..system.children import start_apart
from ..system.locks import lock_alone
from ..system.pauses import paused

COMPILER = 'fastrnn.engines.compile_kernels'  # the module that the process runs
MAX_WAIT = 60.0  # seconds; a process that takes longer has failed
LOOK = 0.02  # seconds between two checks of another process's lock

_under_way: list[subprocess.Popen[bytes] | Path] = []  # own processes, or locks held by other processes


def start(cell: str, dtype: Any) -> None:
    """Start compiling the kernels for a cell and a dtype, unless they are compiled already; returns at once."""
    name = np.dtype(dtype).name
    if not jit.SHARED or jit.CACHE_FOLDER is None or not sys.executable or getattr(sys, 'frozen', False):
        return
    marker = jit.CACHE_FOLDER / f'ahead-{cell}-{name}'
    with suppress(OSError):  # the folder is read-only; no process or memory left
        if marker.exists():
            return
        lock = marker.with_suffix('.lock')
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not lock_alone(descriptor):
                _under_way.append(lock)
            elif not marker.exists():  # another process may have finished
                _under_way.append(_process(marker, cell, name, descriptor))
        finally:
            os.close(descriptor)  # the child process keeps it open, and with it the lock


def _process(marker: Path, cell: str, dtype: str, lock: int) -> 'subprocess.Popen[bytes]':
    """Start it in its own session, with no open files that others may wait for."""
    # -P: no imports from the working folder
    return start_apart([sys.executable, '-P', '-m', COMPILER, str(marker), cell, dtype], lock)


def wait() -> None:
    """Wait for the compiling processes, own or other; this does not count as training time."""
    with paused():
        until = time.monotonic() + MAX_WAIT
        while _under_way:
            _await(_under_way.pop(), until)


def _await(other: 'subprocess.Popen[bytes] | Path', until: float) -> None:
    if not isinstance(other, Path):
        with suppress(subprocess.TimeoutExpired):
            other.wait(max(0.0, until - time.monotonic()))
        return
    with suppress(OSError):
        descriptor = os.open(other, os.O_RDWR)
        try:
            while not lock_alone(descriptor) and time.monotonic() < until:
                time.sleep(LOOK)
        finally:
            os.close(descriptor)
