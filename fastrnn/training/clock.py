"""The clock of a run, which stands still while nobody trains it."""

import time


class Clock:
    """Seconds that have passed while it was entered."""

    def __init__(self) -> None:
        self._before, self._since = 0.0, 0.0
        self._runs = False

    @property
    def seconds(self) -> float:
        return self._before + (time.perf_counter() - self._since if self._runs else 0.0)

    def set(self, seconds: float) -> None:
        self._before, self._since = seconds, time.perf_counter()

    def __enter__(self) -> None:
        self.set(self._before)
        self._runs = True

    def __exit__(self, *_: object) -> None:
        self._before, self._runs = self.seconds, False
