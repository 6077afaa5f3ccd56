"""The start of MPI, which waits for all processes of the launcher: with an end, if one of them never comes."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import mpi4py

mpi4py.rc.initialize, mpi4py.rc.finalize = False, True  # join starts MPI; its end stays mpi4py's
from mpi4py import MPI as MPI  # noqa: E402

from .launcher import OR_ALONE, is_command  # noqa: E402

SOON = 10.0  # seconds of waiting for the others, after which that is said
LATE = 60.0  # and after which a command ends: its processes start together
LATEST = 600.0  # those of a script may have other things to do first
FAILED = 1  # exit code


def join(count: int) -> None:
    """Start MPI, unless the program has; ``count`` processes do. One that waits in vain ends the process in one line.

    By ctypes, if it finds the function: mpi4py's own call lets no other thread run.
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
        communicator.Set_errhandler(MPI.ERRORS_RETURN)  # as mpi4py does: an error is an exception


@contextmanager
def _watched(count: int) -> Iterator[None]:
    """Say that others are waited for, and end the process in the end: nothing else ends the wait."""
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
    with suppress(OSError, ValueError, AttributeError):  # closed, or there is none
        print(line, file=sys.stderr, flush=True)
