"""Guards standard output and standard error, which may be closed, full or blocked.

The first error is stored, and later output is dropped: a failing output never costs a model or a file. At the end the
command line sets the exit code.
"""

import errno
import io
import os
import select
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import stop

CHUNK = 4096  # bytes; a writable pipe takes this many at once (select.PIPE_BUF)
STEP = 100  # milliseconds between two checks of a full pipe
GRACE = 1.0  # seconds that a command waits for its reader after a signal


def open_closed() -> None:
    """Open descriptors 0, 1 and 2 if they are closed: else the next opened file would get the number, and the output.

    They are opened for the wrong direction, so that using them raises an error, as if they were closed.
    """
    for descriptor, flags in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            try:
                os.set_inheritable(os.open(os.devnull, flags), True)  # gets the lowest free number: this one
            except OSError:
                return


def columns() -> int:
    """The width of standard output; unlimited for a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


class Output(io.RawIOBase):
    """The raw layer of a text stream. It never closes the file."""

    def __init__(self, file: io.FileIO, name: str, *, forgiving: bool) -> None:
        """``forgiving``: raise no error; otherwise raise the first one."""
        self._file, self._name, self.forgiving = file, name, forgiving
        self.error: OSError | None = None

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        left = memoryview(data).cast('B')
        size = len(left)
        while left and self.error is None:
            try:
                self._wait()
                left = left[self._file.write(left[:CHUNK]) or 0 :]  # None: full
            except OSError as error:
                reason = 'it is closed' if error.errno == errno.EBADF else error.strerror
                self.error = OSError(error.errno, reason, self._name)  # EPIPE makes this a BrokenPipeError
                if not self.forgiving:
                    raise self.error from None
        return size

    def _wait(self) -> None:
        """Wait until it is writable. Python's writes fail on a full non-blocking pipe, and ignore signals on others."""
        if not hasattr(select, 'poll'):
            return
        poll, waited = select.poll(), 0.0
        poll.register(self.fileno(), select.POLLOUT)
        while not poll.poll(STEP):
            if stop.came:
                waited += STEP / 1000
                if waited > GRACE:
                    raise OSError(errno.ETIMEDOUT, 'no program reads it')


_output: Output | None = None  # the raw layer of standard output


def install() -> tuple[Any, Any]:
    """Guard both streams; returns the previous ones.

    Standard output then raises only its first error, and standard error none.
    """
    global _output
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _guarded(sys.stdout, 1), _guarded(sys.stderr, 2)
    raw = getattr(getattr(sys.stdout, 'buffer', None), 'raw', getattr(sys.stdout, 'buffer', None))
    _output = raw if isinstance(raw, Output) else None
    return before


@contextmanager
def guarded() -> Iterator[None]:
    """A context in which both streams are guarded."""
    before = install()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def failure() -> OSError | None:
    """The first error of standard output; None without an error."""
    return None if _output is None else _output.error


def reader_is_gone() -> bool:
    """True if standard output is a pipe that its reader has closed."""
    return isinstance(failure(), BrokenPipeError)


@contextmanager
def forgiven() -> Iterator[None]:
    """A context in which standard output raises no error, so that other work is completed."""
    output = _output
    if output is None:
        yield
        return
    before, output.forgiving = output.forgiving, True
    try:
        yield
    finally:
        output.forgiving = before


def _guarded(stream: Any, descriptor: int) -> Any:
    """A guarded stream, if the given one writes to a system file, else the same one. None: a closed stream."""
    buffer = getattr(stream, 'buffer', None)
    file = getattr(buffer, 'raw', buffer)
    if stream is None:
        file = io.FileIO(descriptor, 'w', closefd=False)
    if not isinstance(file, io.FileIO):  # replaced by a test, or already guarded
        return stream
    output = Output(file, 'standard output' if descriptor == 1 else 'standard error', forgiving=descriptor == 2)
    return io.TextIOWrapper(
        output if buffer is file else io.BufferedWriter(output),  # python -u: unbuffered
        getattr(stream, 'encoding', None),
        getattr(stream, 'errors', 'strict' if descriptor == 1 else 'backslashreplace'),
        line_buffering=getattr(stream, 'line_buffering', descriptor == 2),
        write_through=getattr(stream, 'write_through', False),
    )
