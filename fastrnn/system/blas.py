"""NumPy's BLAS starts a thread for each processor when it is loaded.

If the system allows no more threads, OpenBLAS interrupts the program, by a SIGINT of its own. One thread would do.
"""

import os
import sys
import threading

from . import limits

VARIABLES = ('OPENBLAS_NUM_THREADS', 'GOTO_NUM_THREADS', 'OMP_NUM_THREADS')  # any of them decides
MOST = 127  # threads besides the first that OpenBLAS starts


def spare_threads() -> None:
    """Before NumPy is imported: have BLAS start no threads if not all can be started."""
    if 'numpy' in sys.modules or any(os.environ.get(name) for name in VARIABLES):
        return
    count = min(MOST, limits.allowed().number - 1)
    if not limits.threads_are_plenty(count) and not can_start(count):
        os.environ[VARIABLES[0]] = '1'


def can_start(count: int) -> bool:
    """Whether ``count`` more threads can run at once."""
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
