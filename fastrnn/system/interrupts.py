"""Delays signals until an update is complete, without losing any.

Python may run a signal handler between any two operations of the main thread. Its exception (KeyboardInterrupt on
Ctrl-C) may come after a kernel has changed the weights, but before the iteration is counted. Signals don't interrupt
other threads: there both contexts do nothing.
"""

import signal
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

Handler = Callable[[int, Any], Any]

# signals for which a program may have a handler that raises
NAMES = ['INT', 'BREAK', 'TERM', 'HUP', 'QUIT', 'ALRM', 'VTALRM', 'PROF', 'XCPU', 'USR1', 'USR2']
SIGNALS = [getattr(signal, 'SIG' + name) for name in NAMES if hasattr(signal, 'SIG' + name)]

_holding: list['held'] = []  # the active contexts, innermost last


def waits(handler: Handler) -> Handler:
    """Decorate a handler so that it waits while signals are held: replacing 8 handlers took 120 us more per step."""

    @wraps(handler)
    def call(number: int, frame: Any) -> None:
        if _holding:
            _holding[-1]._came[number] = None
        else:
            handler(number, frame)

    call.waits = True  # type: ignore[attr-defined]
    return call


class held:
    """A context that delays signal handlers until it ends (costs about 15 us)."""

    _can_wait = True  # handlers decorated with ``waits`` are not replaced

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
                if callable(handler):  # a Python function, neither the default nor ignored
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
        if self._over:  # another handler raised before this one was restored
            signal.signal(number, self._handlers[number])
            self._handlers[number](number, frame)
        else:
            self._came[number] = None

    def _restore(self, numbers: list[int]) -> None:
        """Restore the handlers, all of them even if a signal that comes now raises an exception here."""
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
                if callable(handler):  # a handler that waits may have been replaced meanwhile
                    handler(numbers[0], None)
            finally:
                self._deliver(numbers[1:])


class remembered(held):
    """A context that runs handlers at once, and raises their last exception again at its end if it was lost.

    Used around the compiler, whose callbacks lose exceptions.
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
