"""Detects optional features of the operating system: ``fastrnn info`` lists those found and those missing."""

import os
from collections.abc import Callable

from . import c_library, limits, locks, private_folder

# by the names that ``fastrnn info`` prints; this package has a fallback for each
FEATURES: dict[str, Callable[[], bool]] = {
    'locks': locks.has_locks,
    'owners': private_folder.has_owners,
    'fsync': lambda: hasattr(os, 'O_DIRECTORY'),  # for folders
    'preadv': lambda: hasattr(os, 'preadv'),
    'affinity': lambda: bool(limits.affinity()),
    'cgroups': limits.has_groups,
    'ulimit': limits.has_limits,
    'fork': lambda: hasattr(os, 'register_at_fork'),
    'futex': lambda: c_library.syscall_address() != 0,
}


def found() -> tuple[list[str], list[str]]:
    """Names of the features that this system has, and of those that are missing."""
    there = [name for name, has in FEATURES.items() if has()]
    return there, [name for name in FEATURES if name not in there]
