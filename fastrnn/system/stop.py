"""Stops a command on a signal: Ctrl-C, a scheduler's signal, a dropped connection.

The first signal stops the command: at once if nothing would be lost, else when the work is saved. A second Ctrl-C stops
it at once. Other repeated signals have no effect, as many come twice. Bash and the kernel both send SIGHUP, and
``timeout`` sends SIGTERM to the process and to its group. A limit of processor time sends SIGXCPU every second. The
exit code is 128 + the number of the first signal.

Only the command line uses this: a library must not handle signals.
"""

import atexit
import io
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .interrupts import waits

# signals of terminals (INT, QUIT, HUP, on Windows BREAK), systems (TERM, ALRM) and schedulers (TERM, USR1, USR2, XCPU)
# that end a process
NAMES = ('INT', 'TERM', 'HUP', 'QUIT', 'USR1', 'USR2', 'XCPU', 'ALRM', 'BREAK')
ENDING = tuple(getattr(signal, 'SIG' + name) for name in NAMES if hasattr(signal, 'SIG' + name))
KEYS = tuple(number for number in ENDING if number.name in ('SIGINT', 'SIGQUIT', 'SIGBREAK'))  # sent by keys
GRACE = 1.0  # seconds for compiled code to return and for cleaning up, if nothing is to be saved
STEP = 0.1  # seconds between two checks whether something is to be saved

came: list[int] = []  # received signals that stop the command, in order
unfinished: set[Path] = set()  # files being written under temporary names


@dataclass(frozen=True)
class _Work:
    """Decides how a signal stops the command; see :func:`working`."""

    patient: Callable[[], bool] = bool
    gentle: Callable[[], bool] = bool
    last_words: Callable[[], str] = str
    led: bool = False
    over: bool = False  # the outcome is known: signals no longer change it
    returns: bool = False  # Ctrl-C stops only a part of the work


_work = _Work()
_ends: Any = None  # the two ends of the channel that passes signals to a thread
_watched = False  # True if a thread ends the process when the main thread can't


def check() -> None:
    """Raise the first signal's exception, if a signal came: the compiler's callbacks lose exceptions of handlers."""
    if came:
        raise KeyboardInterrupt if came[0] == signal.SIGINT else SystemExit(128 + came[0])


@waits
def _receive(number: int, frame: Any) -> None:
    if _work.led:
        return
    if _work.returns and number == signal.SIGINT and not came:
        raise KeyboardInterrupt
    came.append(number)
    again = number in KEYS and _work.gentle() and not _watched  # else the first signal or the thread stops it
    if not _work.over and (again if len(came) > 1 else not _work.gentle()):
        check()


def install() -> dict[int, Any]:
    """Stop the command on these signals; returns the previous handlers. Ignored signals stay ignored (nohup)."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    handlers = {number: signal.getsignal(number) for number in ENDING}
    if _receive not in handlers.values():
        came.clear()
    before = {number: old for number, old in handlers.items() if old not in (signal.SIG_IGN, None, _receive)}
    for number in before:
        signal.signal(number, _receive)
    return before


@contextmanager
def caught() -> Iterator[None]:
    """A context in which signals stop the command."""
    before = install()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def working(
    patient: Callable[[], bool], gentle: Callable[[], bool], last_words: Callable[[], str], led: bool = False
) -> Iterator[list[int]]:
    """A context for work to save before the command ends; yields the list of received signals, which grows.

    ``patient``: True while something is to be saved, so that a busy process gets time. ``gentle``: True if the first
    signal is only recorded, as the caller checks the list. ``last_words``: the line that a second Ctrl-C prints.
    ``led``: ignore signals, as another process handles them.
    """
    with _set(_Work(patient, gentle, last_words, led)):
        yield came


@contextmanager
def leaving() -> Iterator[None]:
    """A context for the end of a command, in which signals don't change its outcome."""
    with _set(_Work(over=True)):
        yield


@contextmanager
def returning() -> Iterator[None]:
    """A context in which each Ctrl-C raises KeyboardInterrupt, which the caller catches and continues."""
    with _set(_Work(returns=True)):
        yield


@contextmanager
def _set(work: _Work) -> Iterator[None]:
    global _work
    before, _work = _work, work
    try:
        yield
    finally:
        _work = before


def watch(grace: float = GRACE) -> None:
    """Start a thread that ends the process if the main thread is in the compiler, a long call or a blocked write.

    Only for the program, not for callers of its main function: the thread runs until the process ends.
    """
    global _watched, _ends
    reader, writer, receive = _channel()
    try:
        threading.Thread(target=_watch, args=(reader, receive, grace), daemon=True).start()
    except RuntimeError:  # a container may allow no more threads
        reader.close()
        writer.close()
        return
    _ends = reader, writer  # keeps both ends open
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    atexit.register(_ignore)  # registered first, so called last
    sys.unraisablehook = _unraisable
    _watched = True


def _channel() -> tuple[Any, Any, Callable[[int], bytes | None]]:
    """Two connected files, and a function that reads the first: a pipe; sockets on Windows, where select needs them."""
    if sys.platform == 'win32':
        import socket  # 3 ms

        end, other = socket.socketpair()
        other.setblocking(False)
        return end, other, end.recv
    descriptors = os.pipe()
    os.set_blocking(descriptors[1], False)
    reader, writer = io.FileIO(descriptors[0]), io.FileIO(descriptors[1], 'w')
    return reader, writer, reader.read


def _ignore() -> None:
    """Ignore signals. At exit Python restores the default handlers, and then runs for some tenths of a second."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def _watch(reader: Any, receive: Callable[[int], bytes | None], grace: float) -> None:
    """Read signal numbers as bytes. They arrive at once, even if the main thread is busy."""
    seen: list[int] = []
    waited = 0.0
    while True:
        ready, _, _ = select.select([reader], [], [], STEP if seen else None)
        if ready:
            ending = set(ENDING) - ({signal.SIGINT} if _work.returns else set())
            seen += [number for number in receive(64) or b'' if number in ending]
            if any(number in KEYS for number in seen[1:]):
                _end_at_once(seen[0])
        elif _patient():
            waited = 0.0
        else:
            waited += STEP
            if waited > grace:
                _end_at_once(seen[0])


def _patient() -> bool:
    try:
        return _work.patient()
    except Exception:  # another thread's data may be inconsistent at this moment
        return False


def _end_at_once(number: int) -> None:
    with suppress(BaseException):
        _print_last(_work.last_words())
    for path in unfinished.copy():
        with suppress(OSError):
            path.unlink()
    os._exit(128 + number)


def _print_last(words: str) -> None:
    """Print to standard error, unless it is blocked. In a terminal, show the cursor that a progress display hides."""
    text = f'{words}\n' if words else ''
    if os.isatty(2):
        text = '\r\x1b[K\x1b[?25h' + text
    if text and _takes_more(2):
        os.write(2, text.encode(errors='backslashreplace'))


def _takes_more(descriptor: int) -> bool:
    """True if a file is writable now. On Windows, which can't check files, True."""
    try:
        return bool(select.select([], [descriptor], [], 0)[1])
    except OSError:
        return sys.platform == 'win32'


def _unraisable(lost: Any) -> None:
    """Print no traceback if a callback has lost the exception of a signal: ``check`` and the thread end the command."""
    if not came or not issubclass(lost.exc_type, (KeyboardInterrupt, SystemExit)):
        sys.__unraisablehook__(lost)
