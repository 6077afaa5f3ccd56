"""The processes above this one, as Linux shows them in files; elsewhere there are none to be seen."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path('/proc')


@dataclass(frozen=True)
class Parent:
    """A process above this one, by its folder of files."""

    folder: Path
    variables: frozenset[bytes]  # of its environment, as NAME=VALUE

    def maps(self) -> bytes:
        """The files that are mapped in its memory. Raises OSError for another user's."""
        return (self.folder / 'maps').read_bytes()


def parents(proc: Path = PROC) -> Iterator[Parent]:
    """From the nearest one up. Raises OSError, ValueError or IndexError at one that can't be read."""
    pid = os.getppid()
    while pid > 1:
        folder = proc / str(pid)
        yield Parent(folder, frozenset((folder / 'environ').read_bytes().split(b'\0')))
        pid = int((folder / 'stat').read_bytes().rpartition(b')')[2].split()[1])
