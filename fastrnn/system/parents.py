"""The parent processes of this process, read from Linux's /proc."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path('/proc')


@dataclass(frozen=True)
class Parent:
    """A parent process, or one above it, with its folder in /proc."""

    folder: Path
    variables: frozenset[bytes]  # its environment, as NAME=VALUE

    def maps(self) -> bytes:
        """The files mapped into its memory. Raises OSError for a process of another user."""
        return (self.folder / 'maps').read_bytes()


def parents(proc: Path = PROC) -> Iterator[Parent]:
    """Yield parents, nearest first. Raises OSError, ValueError or IndexError at an unreadable process."""
    pid = os.getppid()
    while pid > 1:
        folder = proc / str(pid)
        yield Parent(folder, frozenset((folder / 'environ').read_bytes().split(b'\0')))
        pid = int((folder / 'stat').read_bytes().rpartition(b')')[2].split()[1])
