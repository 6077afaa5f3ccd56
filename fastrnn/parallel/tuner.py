"""Finds the fastest layout of threads by trials. Layouts do not change results."""

import time
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from ..kernels.team import Team
from ..system import limits
from .layouts import Layout
from .threads import Threads, ThreadTeam

WAKE = 0.03  # seconds until additional threads are awake, each on its own processor
TRY = 0.02  # timed seconds of a trial
PART = 0.01  # seconds of one part of a trial
GROWING = 1.1  # if a number of threads is slower by this factor than the best, larger numbers are skipped
TRIALS = 0.5, 8  # no trial starts after 0.5 s of trials, or 8 first iterations, if that is longer
TRY_AGAIN = 1.0, 16.0  # seconds until another layout is tried again: first and maximum
WORTH_WAKING = 1e-3  # seconds of work; waking a thread takes about 0.1 ms (bench/kernels.py)


_known: dict[Hashable, dict[Layout, float]] = {}  # seconds per iteration, by work and layouts


@cache
def _tell_of_too_few(size: int) -> None:
    """Warn once for each number of threads."""
    left = limits.tasks()
    reason = 'see ulimit -u' if left is None else left.source
    told = f"the system can't start {size} threads ({reason}): fewer are used, with the same results"
    warnings.warn(told, RuntimeWarning, stacklevel=2)


@dataclass
class Trial:
    """The measurements of a layout so far."""

    layout: Layout
    waking: float  # seconds until its threads are awake
    pace: float = 0.0  # seconds per iteration in the last part
    seconds: float = 0.0  # timed
    iterations: int = 0  # in the timed seconds


class ThreadTuner:
    """Finds the fastest layout by trials: it depends on the machine, the sizes and the load.

    The number of threads grows step by step, in layouts next to the best one so far, until that no longer pays. Then
    other layouts of the best number are tried. Tuners of the same work share their results.
    """

    def __init__(self, layouts: Sequence[Layout], work: Hashable = None) -> None:
        self.most = max(layout.size for layout in layouts)  # maximum number of threads
        self._threads = Threads()
        known = {} if work is None else _known.setdefault((work, *layouts), {})
        self._pace: dict[Layout, float] = known  # seconds per iteration of the layouts tried
        self._trying, self._bound = 0.0, TRIALS[0]  # seconds of trials so far, and their limit
        self._since_trial, self._try_again = 0.0, TRY_AGAIN[0]
        self._awake = 0  # number of threads in the last part
        self._settled_on: Layout | None = None
        self._take(layouts)

    def _take(self, layouts: Sequence[Layout]) -> None:
        """Choose among these layouts, and start with trials of the unknown ones."""
        self._layouts = sorted(layouts, key=lambda layout: (layout.size, layout.shares))
        self._teams = {layout: ThreadTeam(layout.size, layout.shares, self._threads) for layout in layouts}
        self._search = self._candidates()
        self._trial = self._next()

    def run(self, iterations: int, work: Callable[[slice, Team], Any]) -> Any:
        """Call work(part, team) for parts of range(iterations), one after the other, in all threads of a team at once.

        Returns rank 0's result of the last part. The parts are timed to choose the layout.
        """
        done, result = 0, None
        while done < iterations:
            layout, count = self._choose(iterations - done)
            team = self._teams[layout]
            if not team.start():
                self._do_without(layout)
                continue
            start = time.perf_counter()
            result = team.run(partial(work, slice(done, done + count)))
            self._report(layout, count, time.perf_counter() - start)
            done += count
        return result

    def _do_without(self, layout: Layout) -> None:
        """Use smaller teams if a team can't start: in the end only this thread, with the same results."""
        _tell_of_too_few(layout.size)
        self._pace = {other: pace for other, pace in self._pace.items() if other.size < layout.size}
        self._take([other for other in self._layouts if other.size < layout.size] or [layout.half])

    @property
    def settled(self) -> bool:
        """True once the fastest layout is chosen."""
        return len(self._layouts) == 1 or self._trial is None

    @property
    def threads(self) -> int:
        """The fastest number of threads so far."""
        return self._best.size

    @property
    def _best(self) -> Layout:
        tried = [*self._pace] or self._layouts[:1]  # a copy: a tuner in another thread may add layouts
        return min(tried, key=lambda layout: self._pace.get(layout, 0.0))

    def _choose(self, iterations: int) -> tuple[Layout, int]:
        """The layout to run next, and how many of ``iterations`` iterations."""
        if len(self._layouts) == 1:
            return self._layouts[0], iterations
        least = self._pace.get(self._best, 0.0)
        if least and iterations * least < WORTH_WAKING:
            return self._layouts[0], iterations
        if self._trial is not None:
            pace = self._trial.pace or 4 * least  # few at first: it may be far slower
            return self._trial.layout, min(iterations, max(1, int(PART / pace))) if pace else 1
        if self._best != self._settled_on:  # perhaps because of one disturbed block, so try again soon
            self._settled_on, self._since_trial, self._try_again = self._best, 0.0, TRY_AGAIN[0]
            self._search = self._candidates()
        return self._best, iterations

    def _report(self, layout: Layout, iterations: int, seconds: float) -> None:
        """Record the time of ``iterations`` iterations."""
        trial, self._awake = self._trial, layout.size
        if trial is None or layout != trial.layout:
            self._pace[layout] = seconds / iterations
            self._since_trial += seconds
            if self._since_trial > self._try_again and trial is None:
                self._since_trial, self._try_again = 0.0, min(2 * self._try_again, TRY_AGAIN[1])
                others = sorted(self._pace.keys() - {layout}, key=lambda other: self._pace[other])
                self._trial = self._trial_of(next(self._search, others[0] if others else None))
            return
        trial.pace = seconds / iterations
        self._trying += seconds
        if not self._pace:  # the very first iteration, used to plan
            self._pace[layout], self._bound = trial.pace, max(TRIALS[0], TRIALS[1] * trial.pace)
        if trial.waking > 0 and seconds < 10 * WAKE:  # in longer parts, waking does not matter
            trial.waking -= seconds
            return
        trial.seconds += seconds
        trial.iterations += iterations
        if trial.seconds >= TRY:
            self._pace[layout] = trial.seconds / trial.iterations
            self._trial = self._next()

    def _next(self) -> Trial | None:
        """The next trial; None if the search has ended or the limit is reached. The rest is tried later, one by one."""
        return self._trial_of(next(self._search, None) if self._trying < self._bound else None)

    def _trial_of(self, layout: Layout | None) -> Trial | None:
        return None if layout is None else Trial(layout, WAKE if layout.size > self._awake else 0.0)

    def _candidates(self) -> Iterator[Layout]:
        """Layouts to try next, chosen by the results so far."""
        sizes = sorted({layout.size for layout in self._layouts if layout.size >= self._best.size})
        for size in sizes:
            if size in (sizes[0], sizes[-1]):  # the last may be hyperthreads: find the best layout of the cores first
                yield from self._others_of_its_size()
            shapes = self._of_size(size)
            wider = sum(shape.groups > self._best.groups for shape in shapes)  # these come first
            yield from self._untried(shapes[max(0, wider - 1) : wider + 1])
            if min(self._pace[shape] for shape in shapes if shape in self._pace) > GROWING * self._pace[self._best]:
                break
        yield from self._others_of_its_size()

    def _others_of_its_size(self) -> Iterator[Layout]:
        """Layouts next to the best one of this size, until both neighbours are slower."""
        best = None
        while best != self._best:
            best = self._best
            shapes = self._of_size(best.size)
            k = shapes.index(best)
            yield from self._untried(shapes[max(0, k - 1) : k + 2])

    def _of_size(self, size: int) -> list[Layout]:
        return [layout for layout in self._layouts if layout.size == size]

    def _untried(self, layouts: Sequence[Layout]) -> list[Layout]:
        return [layout for layout in layouts if layout not in self._pace]

    def close(self) -> None:
        self._threads.close()
