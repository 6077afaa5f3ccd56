"""Signals that come while something is half done wait until it is whole; those that come meanwhile are never lost.

Python runs the handler of a signal between any two of the main thread's operations, and what it raises (Ctrl-C's
KeyboardInterrupt) may come between what a kernel has changed and what is counted after it. Other threads are not
interrupted by signals: there both contexts do nothing.
"""

import signal
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

Handler = Callable[[int, Any], Any]

# those that a program may have a handler for that raises
NAMES = ['INT', 'BREAK', 'TERM', 'HUP', 'QUIT', 'ALRM', 'VTALRM', 'PROF', 'XCPU', 'USR1', 'USR2']
SIGNALS = [getattr(signal, 'SIG' + name) for name in NAMES if hasattr(signal, 'SIG' + name)]

_holding: list['held'] = []  # those that are entered, the innermost last


def waits(handler: Handler) -> Handler:
    """A handler that waits by itself while signals are held: to exchange eight of them took 120 us more a step."""

    @wraps(handler)
    def call(number: int, frame: Any) -> None:
        if _holding:
            _holding[-1]._came[number] = None
        else:
            handler(number, frame)

    call.waits = True  # type: ignore[attr-defined]
    return call


class held:
    """A context in which handlers of signals do not run; they do when it ends (some 15 us in all)."""

    _can_wait = True  # the handlers that wait by themselves need no other in their place

    def __enter__(self) -> None:
        self._handlers: dict[int, Handler] = {}
        self._came: dict[int, None] = {}
        self._over = False
        if threading.current_thread() is not threading.main_thread():
            return
        if self._can_wait:
            _holding.append(self)
        try:
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if self._can_wait and hasattr(handler, 'waits'):
                    continue
                if callable(handler):  # of Python: neither the system's default nor ignored
                    self._handlers[number] = handler
                    signal.signal(number, self._receive)
        except BaseException:
            self._end_holding()
            self._restore(list(self._handlers))
            raise

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._over = True
        self._end_holding()
        try:
            self._restore(list(self._handlers))
        finally:
            self._deliver(list(self._came))

    def _end_holding(self) -> None:
        if self in _holding:
            _holding.remove(self)

    def _receive(self, number: int, frame: Any) -> None:
        if self._over:  # left in place by what another handler raised while they were put back
            signal.signal(number, self._handlers[number])
            self._handlers[number](number, frame)
        else:
            self._came[number] = None

    def _restore(self, numbers: list[int]) -> None:
        """A signal that comes just now may raise here: then the other handlers are still put back."""
        for k, number in enumerate(numbers):
            try:
                signal.signal(number, self._handlers[number])
            except BaseException:
                self._restore(numbers[k:])
                raise

    def _deliver(self, numbers: list[int]) -> None:
        if numbers:
            try:
                handler = self._handlers.get(numbers[0]) or signal.getsignal(numbers[0])
                if callable(handler):  # one that waits may have been exchanged meanwhile
                    handler(numbers[0], None)
            finally:
                self._deliver(numbers[1:])


class remembered(held):
    """A context in which handlers run at once; what they raise and a callback swallows is raised again at the end.

    For the compiler, whose callbacks lose exceptions.
    """

    _can_wait = False

    def __enter__(self) -> None:
        self._lost: BaseException | None = None
        super().__enter__()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        super().__exit__(kind, error, trace)
        if kind is None and self._lost is not None:
            raise self._lost

    def _receive(self, number: int, frame: Any) -> None:
        try:
            self._handlers[number](number, frame)
        except BaseException as error:
            self._lost = error
            raise
