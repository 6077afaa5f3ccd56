"""Standard output and standard error that may be closed, full, blocked or gone.

The first error is remembered and what follows is dropped: so an output that fails costs neither a model nor a file.
The command line decides on the exit code at the end.
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

CHUNK = 4096  # bytes: a pipe that has any room takes as many at once (select.PIPE_BUF)
STEP = 100  # milliseconds between two looks at a pipe that nobody reads
GRACE = 1.0  # seconds for which a command that is to end waits for its reader


def open_closed() -> None:
    """Open descriptors 0, 1 and 2 if they are closed: else the next file that is opened gets the number, and prints.

    For the wrong direction, so that who uses one gets an error, as of a closed one.
    """
    for descriptor, flags in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            try:
                os.set_inheritable(os.open(os.devnull, flags), True)  # gets the lowest number, which is this one
            except OSError:  # there is no such device
                return


def columns() -> int:
    """How many standard output has; a pipe or a file has room for any line."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


class Output(io.RawIOBase):
    """What is below a text stream: its file, which it does not close."""

    def __init__(self, file: io.FileIO, name: str, *, forgiving: bool) -> None:
        """``forgiving``: no error is raised; else the first one is."""
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
                left = left[self._file.write(left[:CHUNK]) or 0 :]  # None: not now
            except OSError as error:
                reason = 'it is closed' if error.errno == errno.EBADF else error.strerror
                self.error = OSError(error.errno, reason, self._name)  # a BrokenPipeError is one again
                if not self.forgiving:
                    raise self.error from None
        return size

    def _wait(self) -> None:
        """Until it takes more. Python's own writes fail if it is non-blocking, and outlast signals if it is not."""
        if not hasattr(select, 'poll'):
            return
        poll, waited = select.poll(), 0.0
        poll.register(self.fileno(), select.POLLOUT)
        while not poll.poll(STEP):
            if stop.came:
                waited += STEP / 1000
                if waited > GRACE:
                    raise OSError(errno.ETIMEDOUT, 'nobody reads it')


_output: Output | None = None  # below standard output


def install() -> tuple[Any, Any]:
    """Guard standard output, which raises its first error only, and standard error, which raises none.

    Returns the streams before.
    """
    global _output
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _guarded(sys.stdout, 1), _guarded(sys.stderr, 2)
    raw = getattr(getattr(sys.stdout, 'buffer', None), 'raw', getattr(sys.stdout, 'buffer', None))
    _output = raw if isinstance(raw, Output) else None
    return before


@contextmanager
def guarded() -> Iterator[None]:
    """A context in which both are guarded."""
    before = install()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def failure() -> OSError | None:
    """The first error of standard output."""
    return None if _output is None else _output.error


def reader_is_gone() -> bool:
    """Whether standard output is a pipe that was closed."""
    return isinstance(failure(), BrokenPipeError)


@contextmanager
def forgiven() -> Iterator[None]:
    """A context in which standard output raises no error: there is more to do than to print."""
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
    """The stream, or one in its place if it writes to a file of the system's. A closed one is None to Python."""
    buffer = getattr(stream, 'buffer', None)
    file = getattr(buffer, 'raw', buffer)
    if stream is None:
        file = io.FileIO(descriptor, 'w', closefd=False)
    if not isinstance(file, io.FileIO):  # a test's, or already guarded
        return stream
    output = Output(file, 'standard output' if descriptor == 1 else 'standard error', forgiving=descriptor == 2)
    return io.TextIOWrapper(
        output if buffer is file else io.BufferedWriter(output),  # python -u: unbuffered
        getattr(stream, 'encoding', None),
        getattr(stream, 'errors', 'strict' if descriptor == 1 else 'backslashreplace'),
        line_buffering=getattr(stream, 'line_buffering', descriptor == 2),
        write_through=getattr(stream, 'write_through', False),
    )
