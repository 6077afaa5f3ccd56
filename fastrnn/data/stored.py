"""Ids in a file: verified when opened, then read on demand with bounded memory.

They are read and not memory-mapped. If another program truncates a mapped file, or its disk or network fails, the next
access kills the process (SIGBUS). Mapped pages also count as the process's memory. Reading is no slower: a block of
16 streams takes 44 us (90 from the disk), mapped 78 us (320).

The check is a CRC-32 of all ids, at 3.3 GB/s with the reading: 0.3 s for a text of 1 GB, less than 1 % of an epoch.
SHA-256 has 1.6 GB/s, BLAKE2b 0.9. It detects accidents: any flipped bit, any burst of 32 bits.
"""

import operator
import os
import tempfile
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import TextLost
from ..system.pipes import check_room
from ..system.reading import read_at

IN_MEMORY = 1 << 26  # bytes of ids; fewer are held in memory
CHUNK = 1 << 20  # bytes per read


class StoredIds:
    """Ids in a file, used like a read-only 1-D array: a slice is read from the file and is an array.

    Raises TextLost if they can't be read or have changed since they were opened.
    """

    ndim = 1

    def __init__(self, file: 'IdsFile', start: int, stop: int) -> None:
        self._file, self._start, self._stop = file, start, stop

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._file.dtype

    @property
    def V(self) -> int:
        """The size of the vocabulary: all ids are below it."""
        return self._file.V

    @property
    def size(self) -> int:
        return self._stop - self._start

    @property
    def shape(self) -> tuple[int]:
        return (self.size,)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, slice):
            place = range(self.size)[operator.index(key)]
            return self[place : place + 1][0]
        start, stop, step = key.indices(self.size)
        if step != 1:
            return np.asarray(self)[key]
        return self._file.read(self._start + start, self._start + max(start, stop))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All ids, in memory."""
        ids = self[:]
        return ids if dtype is None else cast(NDArray[Any], ids.astype(dtype, copy=False))

    def between(self, start: int, stop: int) -> 'StoredIds':
        """A range of the ids, not read yet."""
        return StoredIds(self._file, self._start + start, self._start + stop)


Ids = NDArray[Any] | StoredIds


class Opened:
    """A file for reads at any offset, closed with its last reference. Takes over an open file."""

    def __init__(self, file: BinaryIO) -> None:
        self.name = file.name if isinstance(file.name, str) else 'a temporary file'
        self._descriptor = os.dup(file.fileno())  # an unclosed file object would warn
        file.close()

    def __del__(self) -> None:
        self.close()

    def close(self, close: Callable[[int], None] = os.close) -> None:  # os may be gone at interpreter exit
        descriptor, self._descriptor = getattr(self, '_descriptor', -1), -1
        if descriptor >= 0:
            close(descriptor)

    def fileno(self) -> int:
        return self._descriptor

    @property
    def state(self) -> tuple[int, int]:
        """Size, and time of the last change."""
        state = os.fstat(self._descriptor)
        return state.st_size, state.st_mtime_ns

    def read_at(self, offset: int, view: memoryview) -> int:
        """Read into ``view``; returns the number of bytes."""
        return read_at(self._descriptor, offset, view)


class IdsFile:
    """n ids below V in a file, and their checksum."""

    def __init__(self, file: Opened, dtype: np.dtype[Any], n: int, V: int, check: int) -> None:
        self.dtype, self.V = dtype, V
        self._file, self._n, self._check = file, n, check
        self._state = file.state

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Ids start ... stop-1. Raises TextLost; never returns an id of V or more."""
        ids, done = np.empty(stop - start, self.dtype), 0
        view, offset = ids.data.cast('B'), start * self.dtype.itemsize
        try:
            while done < view.nbytes and (count := self._file.read_at(offset + done, view[done : done + CHUNK])):
                done += count
            whole = done == view.nbytes and self._is_unchanged()
        except OSError as error:
            raise self._lost(error.strerror or str(error)) from error
        if not whole or int(ids.max(initial=0)) >= self.V:
            raise self._lost('another program truncated or changed it')
        ids.flags.writeable = False  # kernels are compiled for one type
        return ids

    def _is_unchanged(self) -> bool:
        """Compares size and time; if they differ, the contents, because some programs only touch files."""
        state = self._file.state
        if state == self._state:
            return True
        self._state = state
        same_size = state[0] == self._n * self.dtype.itemsize
        return same_size and checksum(self._file, np.empty(CHUNK, self.dtype), self._n, self.V) == self._check

    def _lost(self, reason: str) -> TextLost:
        return TextLost(f'{self._file.name}: the encoded text is lost ({reason}); the next run encodes it again')


def open_ids(file: Opened, dtype: np.dtype[Any], n: int, V: int, check: int) -> Ids | None:
    """n ids of a file, in memory if they are few; None if the checksum differs."""
    if file.state[0] != n * dtype.itemsize:
        return None
    few = n * dtype.itemsize <= IN_MEMORY
    room = np.empty(n if few else CHUNK, dtype)
    if checksum(file, room, n, V) != check:
        return None
    if not few:
        return StoredIds(IdsFile(file, dtype, n, V, check), 0, n)
    room.flags.writeable = False
    return room


def checksum(file: Opened, room: NDArray[Any], n: int, V: int) -> int | None:
    """CRC-32 of n ids, read into ``room`` (in parts if smaller); None if the file is short or an id is V or more."""
    check, step = 0, CHUNK // room.itemsize
    for first in range(0, n, step):
        start = first if room.size >= n else 0
        part = room[start : start + min(step, n - first)]
        if file.read_at(first * room.itemsize, part.data.cast('B')) < part.nbytes or int(part.max()) >= V:
            return None
        check = zlib.crc32(part.data, check)
    return check


class Summed:
    """A file that is written, with the CRC-32 of the data."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.check = file, 0

    def write(self, data: Any) -> int:
        self.check = zlib.crc32(data, self.check)
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class Spool:
    """Collects ids piece by piece: in memory, or in an unnamed temporary file if they are many.

    Raises OSError if the disk is full.
    """

    def __init__(self, dtype: Any, V: int) -> None:
        self._dtype, self._V, self._size = np.dtype(dtype), V, 0
        self._file: BinaryIO = BytesIO()
        self._sum = 0

    def __del__(self) -> None:  # after a failure; else ids() has closed it
        self._file.close()

    def write(self, data: Any) -> int:
        """Append ids, as bytes or an array."""
        view = memoryview(data).cast('B')
        self._sum = zlib.crc32(view, self._sum)
        if isinstance(self._file, BytesIO) and self._size + view.nbytes > IN_MEMORY:
            held, self._file = self._file, cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - closed in ids()
            self._file.write(held.getbuffer())
        if not isinstance(self._file, BytesIO):
            check_room(tempfile.gettempdir(), view.nbytes)
        self._size += view.nbytes
        return self._file.write(view)

    @property
    def place(self) -> str:
        """Where the ids are, in words."""
        return 'memory' if isinstance(self._file, BytesIO) else f'a temporary file in {tempfile.gettempdir()}'

    def ids(self) -> Ids:
        """All ids, read-only."""
        n = self._size // self._dtype.itemsize
        if isinstance(self._file, BytesIO):
            return np.frombuffer(self._file.getvalue(), self._dtype)
        self._file.flush()
        found = open_ids(Opened(self._file), self._dtype, n, self._V, self._sum)
        if found is None:
            raise OSError('the data read back differs from the data written')
        return found
