"""How many threads run a kernel: found by trying, since results do not depend on it."""

import os
from collections.abc import Sequence

from .kernels.team import Crew

WAKE, TRY = 3, 12  # iterations of a trial: until all threads are awake, and timed
TRY_EVERY = 64  # blocks between two trials of another number of threads
WORTH_WAKING = 1e-3  # seconds of work; waking threads takes about 0.15 ms


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crews:
    """Finds by trying how many threads pay: it depends on the machine, on H and on who else computes."""

    def __init__(self, sizes: Sequence[int], wake: int = WAKE, trial: int = TRY) -> None:
        """``wake`` and ``trial``: iterations that a trial runs before it is timed, and while it is."""
        self._crews = [Crew(size) for size in sizes]
        self._seconds = dict.fromkeys(sizes, 0.0)  # an iteration's
        self._lengths = (wake, trial)
        self._trials = [(crew, length) for crew in self._crews for length in self._lengths]
        self._blocks = 0

    def choose(self, iterations: int) -> tuple[Crew, int]:
        """Who is to run, and how many of so many iterations."""
        if len(self._crews) == 1:
            return self._crews[0], iterations
        self._blocks += 1
        if self._blocks % TRY_EVERY == 0 and not self._trials:
            other = self._crews[self._blocks // TRY_EVERY % len(self._crews)]
            self._trials = [(other, length) for length in self._lengths]
        if self._trials:
            crew, length = self._trials.pop(0)
            return crew, min(length, iterations)
        smallest = min(self._seconds)
        if iterations * self._seconds[smallest] < WORTH_WAKING:
            return self._crews[0], iterations
        return min(self._crews, key=lambda crew: self._seconds[crew.size]), iterations

    def report(self, crew: Crew, iterations: int, seconds: float) -> None:
        """How long the iterations took together; the first few after waking count only for want of better."""
        if iterations >= min(self._lengths[1], 2 * self._lengths[0]) or not self._seconds[crew.size]:
            self._seconds[crew.size] = seconds / iterations

    def close(self) -> None:
        for crew in self._crews:
            crew.close()
