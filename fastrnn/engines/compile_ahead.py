"""A second process that compiles while this one does: what the training calls last, and scoring and sampling.

It leaves its kernels in the cache folder, where this one finds them when it gets there; what it does not find, it
compiles itself. A first run of --preset fast --cell lstm takes 8.7 s
(bench/startup.py), on one processor 15 (the same under taskset -c 0).

One process at a time compiles for a cell and a dtype, and a marker tells when that is done. It gets no signal of the
terminal's: after a Ctrl-C it ends by itself, some seconds later, and the next run need not compile.
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
from ..system.locks import lock_alone
from ..system.pauses import paused

COMPILER = 'fastrnn.engines.compile_kernels'  # the module that the process runs
MAX_WAIT = 60.0  # seconds to be waited for; then it is not for want of time that nothing comes
LOOK = 0.02  # seconds between two looks at another's

_under_way: list[subprocess.Popen[bytes] | Path] = []  # processes; or locks that those of others hold


def start(cell: str, dtype: Any) -> None:
    """Have the kernels for a cell and weights of a dtype compiled, unless they are already; returns at once."""
    name = np.dtype(dtype).name
    if not jit.SHARED or jit.CACHE_FOLDER is None or not sys.executable or getattr(sys, 'frozen', False):
        return
    marker = jit.CACHE_FOLDER / f'ahead-{cell}-{name}'
    with suppress(OSError):  # the folder can't be written; there are no more processes, or no memory for one
        if marker.exists():
            return
        lock = marker.with_suffix('.lock')
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not lock_alone(descriptor):
                _under_way.append(lock)
            elif not marker.exists():  # it may have come meanwhile
                _under_way.append(_process(marker, cell, name, descriptor))
        finally:
            os.close(descriptor)  # the process has it, and with it the lock, until it ends


def _process(marker: Path, cell: str, dtype: str, lock: int) -> 'subprocess.Popen[bytes]':
    """In a session of its own, and with nothing open that others wait for."""
    kept: dict[str, Any] = {} if sys.platform == 'win32' else {'pass_fds': [lock], 'start_new_session': True}
    command = [sys.executable, '-P', '-m', COMPILER, str(marker), cell, dtype]  # -P: nothing of the working folder
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kept
    )


def wait() -> None:
    """Until what was started is done, here or by another process; that is not time of training."""
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
