"""The clock of a run, which stops while the run does not train and while kernels compile."""

import time
from contextlib import AbstractContextManager

from ..system.pauses import running


class Clock:
    """Seconds during which it was entered, without pauses."""

    def __init__(self) -> None:
        self._before, self._since = 0.0, 0.0
        self._stops: int | None = None  # pauses that have not ended; None: not entered
        self._running: AbstractContextManager[None] | None = None

    @property
    def seconds(self) -> float:
        return self._before + (time.perf_counter() - self._since if self._stops == 0 else 0.0)

    def set(self, seconds: float) -> None:
        self._before, self._since = seconds, time.perf_counter()

    def stop(self) -> None:
        self.set(self.seconds)
        self._stops = (self._stops or 0) + 1

    def go(self) -> None:
        self.set(self.seconds)
        self._stops = max(0, (self._stops or 0) - 1)

    def __enter__(self) -> None:
        self._running = running(self)
        self._running.__enter__()
        self.set(self._before)
        self._stops = 0  # also after an interrupted pause

    def __exit__(self, *_: object) -> None:
        self._before, self._stops = self.seconds, None
        if self._running is not None:
            self._running.__exit__(None, None, None)
