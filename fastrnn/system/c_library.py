"""The system's own functions: by their addresses, for compiled code, or called by their names; none is needed.

An address is 0 if the system has no such function: then a thread that waits spins.
"""

import ctypes
import os
import sys
import time
from typing import Any


def yield_address() -> int:
    """Of the function that lets another thread run."""
    return _address(_open(None), 'sched_yield') or _address(_open('kernel32'), 'SwitchToThread')


def syscall_address() -> int:
    """Of Linux's ``syscall``, by which threads sleep until they are woken (futex)."""
    return _address(_open(None), 'syscall') if sys.platform == 'linux' else 0


class _MemoryStatus(ctypes.Structure):
    """What Windows fills in, MEMORYSTATUSEX."""

    _fields_ = (
        ('length', ctypes.c_uint32),
        ('load', ctypes.c_uint32),
        ('total', ctypes.c_uint64),
        ('others', ctypes.c_uint64 * 6),
    )


def memory_of_windows() -> int:
    """Bytes of the machine's memory; 0 on other systems."""
    status = _MemoryStatus(ctypes.sizeof(_MemoryStatus))
    fill = getattr(_open('kernel32'), 'GlobalMemoryStatusEx', None)
    return status.total if fill is not None and fill(ctypes.byref(status)) else 0


def give_way() -> None:
    """Let another thread or process run."""
    if hasattr(os, 'sched_yield'):
        os.sched_yield()
    else:
        time.sleep(0)


def _open(name: str | None) -> Any:
    """A library of Windows, or what this program has loaded; None if there is no such thing."""
    kind = ctypes.CDLL if name is None else getattr(ctypes, 'WinDLL', None)
    try:
        return None if kind is None else kind(name)
    except (OSError, TypeError):  # Windows has no name for all that is loaded
        return None


def _address(library: Any, name: str) -> int:
    try:
        return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
    except AttributeError:
        return 0
