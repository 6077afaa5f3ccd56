"""Counts the physical cores of this process: hyperthreads share the arithmetic units of a core.

Linux lists the hyperthreads of each core in files. A processor with an unreadable or invalid list counts as a core.
"""

from contextlib import suppress
from pathlib import Path

from .limits import ROOT, affinity, allowed

LISTS = 'core_cpus_list', 'thread_siblings_list'  # older Linux kernels have the second file


def physical(root: Path = ROOT) -> int:
    """The number of cores that this process may run on. ``root`` is the folder of the system's files."""
    mine = affinity()
    return len({_siblings(processor, root) for processor in mine}) or allowed().number


def _siblings(processor: int, root: Path) -> str:
    """The hyperthreads of a processor's core in the system's notation: 0,6 or 0-1."""
    for name in LISTS:
        with suppress(OSError, ValueError):
            text = (root / f'sys/devices/system/cpu/cpu{processor}/topology' / name).read_text(encoding='ascii').strip()
            ranges = [part.partition('-') for part in text.split(',')]
            if any(int(first) <= processor <= int(last or first) for first, _, last in ranges):
                return text
    return str(processor)
