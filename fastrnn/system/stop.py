"""Signals that ask a command to end: Ctrl-C, a scheduler's, a dropped connection.

The first signal ends the command: at once if nothing would be lost, else as soon as the work is saved. A second Ctrl-C
ends it at once. Other signals may come twice and force nothing: bash and the kernel both send SIGHUP, ``timeout`` sends
SIGTERM to the process and to its group, a limit of processor time sends SIGXCPU every second. The exit code is 128 +
the number of the first signal.

Only the command line uses this: a library must leave signals alone.
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

# what terminals (INT, QUIT, HUP, on Windows BREAK), systems (TERM, ALRM) and schedulers (TERM, USR1, USR2, XCPU) send
# to end a process
NAMES = ('INT', 'TERM', 'HUP', 'QUIT', 'USR1', 'USR2', 'XCPU', 'ALRM', 'BREAK')
ENDING = tuple(getattr(signal, 'SIG' + name) for name in NAMES if hasattr(signal, 'SIG' + name))
KEYS = tuple(number for number in ENDING if number.name in ('SIGINT', 'SIGQUIT', 'SIGBREAK'))  # of a keyboard
GRACE = 1.0  # seconds for compiled code to return and for cleaning up, if there is nothing to save
STEP = 0.1  # seconds between two looks at whether there is

came: list[int] = []  # signals that ask for an end, in their order
unfinished: set[Path] = set()  # files being written under temporary names


@dataclass(frozen=True)
class _Work:
    """What an end depends on; see :func:`working`."""

    patient: Callable[[], bool] = bool
    gentle: Callable[[], bool] = bool
    last_words: Callable[[], str] = str
    led: bool = False
    over: bool = False  # the outcome is known: signals change nothing
    returns: bool = False  # Ctrl-C ends a part of the work only


_work = _Work()
_ends: Any = None  # of the channel by which a thread learns of signals
_watched = False  # by a thread, which ends the process if the main thread can't


def check() -> None:
    """Raise what the first signal asks for, if one has come: the compiler's callbacks lose what a handler raises."""
    if came:
        raise KeyboardInterrupt if came[0] == signal.SIGINT else SystemExit(128 + came[0])


@waits
def _receive(number: int, frame: Any) -> None:
    if _work.led:
        return
    if _work.returns and number == signal.SIGINT and not came:
        raise KeyboardInterrupt
    came.append(number)
    again = number in KEYS and _work.gentle() and not _watched  # else the first end is on its way, or a thread ends it
    if not _work.over and (again if len(came) > 1 else not _work.gentle()):
        check()


def install() -> dict[int, Any]:
    """Have these signals end the command; returns the handlers before. What is ignored stays so, as under nohup."""
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
    """A context in which signals end the command."""
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
    """A context for what is to be saved before the command ends; gives the signals that have come, as they come.

    ``patient``: whether there is something to save, so that a busy process is waited for. ``gentle``: whether the first
    signal is only noted, as the caller looks for it. ``last_words``: the line that a second Ctrl-C prints. ``led``:
    another process gets the signals.
    """
    with _set(_Work(patient, gentle, last_words, led)):
        yield came


@contextmanager
def leaving() -> Iterator[None]:
    """A context in which the command has its outcome, and only has to end."""
    with _set(_Work(over=True)):
        yield


@contextmanager
def returning() -> Iterator[None]:
    """A context in which each Ctrl-C raises KeyboardInterrupt, for the caller to catch and go on."""
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
    """End the process from a thread if the main one can't: in the compiler, in a long call, in a blocked write.

    For the program alone, not for those who call its main function: the thread stays until the process ends.
    """
    global _watched, _ends
    reader, writer, receive = _channel()
    try:
        threading.Thread(target=_watch, args=(reader, receive, grace), daemon=True).start()
    except RuntimeError:  # a container may allow no more threads
        reader.close()
        writer.close()
        return
    _ends = reader, writer  # they stay open as long as someone refers to them
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    atexit.register(_ignore)  # the first to be registered is the last to be called
    sys.unraisablehook = _unraisable
    _watched = True


def _channel() -> tuple[Any, Any, Callable[[int], bytes | None]]:
    """Two connected files, and what reads from the first: a pipe; on Windows, which waits for no pipe, sockets."""
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
    """Python sets handlers back to the system's default while it ends, which takes some tenths of a second."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def _watch(reader: Any, receive: Callable[[int], bytes | None], grace: float) -> None:
    """Numbers of signals come as bytes, as soon as they come, whatever the main thread does."""
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
    except Exception:  # asked from a thread, between any two operations of the other
        return False


def _end_at_once(number: int) -> None:
    with suppress(BaseException):
        _print_last(_work.last_words())
    for path in unfinished.copy():
        with suppress(OSError):
            path.unlink()
    os._exit(128 + number)


def _print_last(words: str) -> None:
    """On standard error, unless it is blocked; a terminal gets its cursor back, which a progress display hides."""
    text = f'{words}\n' if words else ''
    if os.isatty(2):
        text = '\r\x1b[K\x1b[?25h' + text
    if text and _takes_more(2):
        os.write(2, text.encode(errors='backslashreplace'))


def _takes_more(descriptor: int) -> bool:
    """Whether a file takes more right now; True where the system does not tell."""
    try:
        return bool(select.select([], [descriptor], [], 0)[1])
    except OSError:
        return sys.platform == 'win32'


def _unraisable(lost: Any) -> None:
    """No traceback of an end that a callback has lost: ``check`` and the thread bring it about."""
    if not came or not issubclass(lost.exc_type, (KeyboardInterrupt, SystemExit)):
        sys.__unraisablehook__(lost)
