"""Limits the threads that NumPy's BLAS starts when it is loaded, one for each processor.

If the system refuses a thread, OpenBLAS interrupts the program with SIGINT. fastrnn needs only one.
"""

import os
import sys
import threading

from . import limits

VARIABLES = ('OPENBLAS_NUM_THREADS', 'GOTO_NUM_THREADS', 'OMP_NUM_THREADS')  # any of them sets the number
MOST = 127  # OpenBLAS starts at most this many threads in addition to the first


def spare_threads() -> None:
    """Have BLAS start no threads if the system would refuse some. Call this before NumPy is imported."""
    if 'numpy' in sys.modules or any(os.environ.get(name) for name in VARIABLES):
        return
    count = min(MOST, limits.allowed().number - 1)
    if not limits.threads_are_plenty(count) and not can_start(count):
        os.environ[VARIABLES[0]] = '1'


def can_start(count: int) -> bool:
    """True if ``count`` more threads can run at once."""
    go, threads = threading.Event(), list[threading.Thread]()
    try:
        for _ in range(count):
            thread = threading.Thread(target=go.wait, daemon=True)
            thread.start()
            threads.append(thread)
    except (RuntimeError, MemoryError):
        return False
    finally:
        go.set()
        for thread in threads:
            thread.join()
    return True
