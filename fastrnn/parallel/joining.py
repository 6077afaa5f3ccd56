"""Starts MPI, which waits for all processes of the launcher, with a time limit if one of them is missing."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import mpi4py

mpi4py.rc.initialize, mpi4py.rc.finalize = False, True  # join() starts MPI, mpi4py ends it
from mpi4py import MPI as MPI  # noqa: E402

from .launcher import OR_ALONE, is_command  # noqa: E402

SOON = 10.0  # seconds of waiting, then a warning
LATE = 60.0  # seconds of waiting, then a command fails: its processes start together
LATEST = 600.0  # scripts may have other work first
FAILED = 1  # exit code


def join(count: int) -> None:
    """Start MPI unless the program already has. If some of the ``count`` processes don't come, exit with an error.

    Calls it by ctypes if possible, because mpi4py's call blocks the other threads.
    """
    if MPI.Is_initialized():
        return
    with _watched(count):
        try:
            start = ctypes.CDLL(MPI.__file__).MPI_Init_thread
        except (OSError, AttributeError):
            MPI.Init_thread(MPI.THREAD_MULTIPLE)
        else:
            start(None, None, ctypes.c_int(MPI.THREAD_MULTIPLE), ctypes.byref(ctypes.c_int()))
    for communicator in (MPI.COMM_WORLD, MPI.COMM_SELF):
        communicator.Set_errhandler(MPI.ERRORS_RETURN)  # like mpi4py: errors become exceptions


@contextmanager
def _watched(count: int) -> Iterator[None]:
    """Print that others are missing, and finally end the process: nothing else ends the wait."""
    here = threading.Event()
    longest = LATE if is_command() else LATEST

    def watch() -> None:
        if not here.wait(SOON):
            _tell(f'warning: waiting for all {count} processes to start MPI: start them together, {OR_ALONE}')
        if not here.wait(longest - SOON):
            _tell(
                f'error: not all {count} processes started MPI within {longest:.0f} s: start them together, {OR_ALONE}'
            )
            os._exit(FAILED)

    with suppress(RuntimeError):  # the system allows no more threads
        threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        here.set()


def _tell(line: str) -> None:
    with suppress(OSError, ValueError, AttributeError):  # standard error is closed or missing
        print(line, file=sys.stderr, flush=True)
