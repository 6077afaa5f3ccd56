"""How many physical cores the processors of this process belong to: hyperthreads share the units that multiply.

Linux lists the hyperthreads of a core in files. A processor whose list is unreadable or odd counts as a core.
"""

from contextlib import suppress
from pathlib import Path

from .limits import ROOT, affinity, allowed

LISTS = 'core_cpus_list', 'thread_siblings_list'  # the second one is the name of older kernels


def physical(root: Path = ROOT) -> int:
    """Cores, of the processors that this process may run on. ``root`` is where the system's files are."""
    mine = affinity()
    return len({_siblings(processor, root) for processor in mine}) or allowed().number


def _siblings(processor: int, root: Path) -> str:
    """The hyperthreads of a processor's core, as the system writes them: 0,6 or 0-1."""
    for name in LISTS:
        with suppress(OSError, ValueError):
            text = (root / f'sys/devices/system/cpu/cpu{processor}/topology' / name).read_text(encoding='ascii').strip()
            ranges = [part.partition('-') for part in text.split(',')]
            if any(int(first) <= processor <= int(last or first) for first, _, last in ranges):
                return text
    return str(processor)
