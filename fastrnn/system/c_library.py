"""Addresses of the system's own functions, for compiled code; 0 where there are none: then a waiting thread spins."""

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
