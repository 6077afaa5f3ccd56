"""Functions of the C library: addresses for compiled code, and calls. All are optional.

An address is 0 if the system does not have the function: then waiting threads spin.
"""

import ctypes
import os
import sys
import time
from typing import Any


def yield_address() -> int:
    """The address of the function that yields the processor to another thread."""
    return _address(_open(None), 'sched_yield') or _address(_open('kernel32'), 'SwitchToThread')


def syscall_address() -> int:
    """The address of Linux's ``syscall``, with which threads sleep until they are woken (futex)."""
    return _address(_open(None), 'syscall') if sys.platform == 'linux' else 0


class _MemoryStatus(ctypes.Structure):
    """Windows' MEMORYSTATUSEX."""

    _fields_ = (
        ('length', ctypes.c_uint32),
        ('load', ctypes.c_uint32),
        ('total', ctypes.c_uint64),
        ('others', ctypes.c_uint64 * 6),
    )


def memory_of_windows() -> int:
    """The machine's memory in bytes, on Windows; 0 on other systems."""
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
    """A library of Windows by name, or with None everything that this program has loaded; None if not available."""
    kind = ctypes.CDLL if name is None else getattr(ctypes, 'WinDLL', None)
    try:
        return None if kind is None else kind(name)
    except (OSError, TypeError):  # Windows can't open everything that is loaded
        return None


def _address(library: Any, name: str) -> int:
    try:
        return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
    except AttributeError:
        return 0
