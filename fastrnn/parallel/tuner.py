"""Which layout of threads pays: found by trying, since results do not depend on it."""

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

WAKE = 0.03  # seconds until more threads than before are awake, each on a processor of its own
TRY = 0.02  # seconds of a trial that are timed
PART = 0.01  # seconds of one part of a trial
GROWING = 1.1  # times as long as the best: more threads than those are not tried
TRIALS = 0.5, 8  # no trial starts after so many seconds of trials, or first iterations, whichever is longer
TRY_AGAIN = 1.0, 16.0  # seconds until another layout is tried again: at first, and at most
WORTH_WAKING = 1e-3  # seconds of work; waking a thread takes about 0.1 ms (bench/kernels.py)


_known: dict[Hashable, dict[Layout, float]] = {}  # seconds an iteration, by work and layouts


@cache
def _tell_of_too_few(size: int) -> None:
    """Once for each number."""
    left = limits.tasks()
    reason = 'see ulimit -u' if left is None else left.source
    told = f'the system can not start {size} threads ({reason}): fewer are used, with the same results'
    warnings.warn(told, RuntimeWarning, stacklevel=2)


@dataclass
class Trial:
    """Of a layout; what has been seen of it."""

    layout: Layout
    waking: float  # seconds until its threads are awake
    pace: float = 0.0  # seconds an iteration, of the last part
    seconds: float = 0.0  # that were timed
    iterations: int = 0  # in these


class ThreadTuner:
    """Finds by trying which layout pays: it depends on the machine, on the sizes and on who else computes.

    The number of threads grows from one to the next, in shapes next to the best one so far, until that no longer
    pays; then others of the best number are tried. What one tuner has found, the next one of the same work knows.
    """

    def __init__(self, layouts: Sequence[Layout], work: Hashable = None) -> None:
        self.most = max(layout.size for layout in layouts)  # threads at once
        self._threads = Threads()
        known = {} if work is None else _known.setdefault((work, *layouts), {})
        self._pace: dict[Layout, float] = known  # seconds an iteration, of those that were tried
        self._trying, self._bound = 0.0, TRIALS[0]  # seconds of trials, so far and at most
        self._since_trial, self._try_again = 0.0, TRY_AGAIN[0]
        self._awake = 0  # threads of the last part
        self._settled_on: Layout | None = None
        self._take(layouts)

    def _take(self, layouts: Sequence[Layout]) -> None:
        """Choose among these, and begin to try those of which nothing is known."""
        self._layouts = sorted(layouts, key=lambda layout: (layout.size, layout.shares))
        self._teams = {layout: ThreadTeam(layout.size, layout.shares, self._threads) for layout in layouts}
        self._search = self._candidates()
        self._trial = self._next()

    def run(self, iterations: int, work: Callable[[slice, Team], Any]) -> Any:
        """Do work(part, team) for parts of range(iterations), one after another, in all threads of a team at once.

        Returns what the last part's rank 0 returned. Which layout the team has is found by timing the parts.
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
        """Use smaller teams than one that can't be had: at last this thread alone, with the same results."""
        _tell_of_too_few(layout.size)
        self._pace = {other: pace for other, pace in self._pace.items() if other.size < layout.size}
        self._take([other for other in self._layouts if other.size < layout.size] or [layout.half])

    @property
    def settled(self) -> bool:
        """Whether it is known which layout pays."""
        return len(self._layouts) == 1 or self._trial is None

    @property
    def threads(self) -> int:
        """How many pay, as far as is known."""
        return self._best.size

    @property
    def _best(self) -> Layout:
        tried = [*self._pace] or self._layouts[:1]  # a copy: a tuner of the same work in another thread may add some
        return min(tried, key=lambda layout: self._pace.get(layout, 0.0))

    def _choose(self, iterations: int) -> tuple[Layout, int]:
        """What is to run, and how many of so many iterations."""
        if len(self._layouts) == 1:
            return self._layouts[0], iterations
        least = self._pace.get(self._best, 0.0)
        if least and iterations * least < WORTH_WAKING:
            return self._layouts[0], iterations
        if self._trial is not None:
            pace = self._trial.pace or 4 * least  # little at first: it may be far slower
            return self._trial.layout, min(iterations, max(1, int(PART / pace))) if pace else 1
        if self._best != self._settled_on:  # perhaps for one block that was disturbed: soon to be tried again
            self._settled_on, self._since_trial, self._try_again = self._best, 0.0, TRY_AGAIN[0]
            self._search = self._candidates()
        return self._best, iterations

    def _report(self, layout: Layout, iterations: int, seconds: float) -> None:
        """How long the iterations took together."""
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
        if not self._pace:  # the first iteration of all: a pace to plan by
            self._pace[layout], self._bound = trial.pace, max(TRIALS[0], TRIALS[1] * trial.pace)
        if trial.waking > 0 and seconds < 10 * WAKE:  # of a longer part, waking is little
            trial.waking -= seconds
            return
        trial.seconds += seconds
        trial.iterations += iterations
        if trial.seconds >= TRY:
            self._pace[layout] = trial.seconds / trial.iterations
            self._trial = self._next()

    def _next(self) -> Trial | None:
        """None when the search has ended, or has taken long enough: what is left is tried one at a time, later."""
        return self._trial_of(next(self._search, None) if self._trying < self._bound else None)

    def _trial_of(self, layout: Layout | None) -> Trial | None:
        return None if layout is None else Trial(layout, WAKE if layout.size > self._awake else 0.0)

    def _candidates(self) -> Iterator[Layout]:
        """What to try next, by what is known of others then."""
        sizes = sorted({layout.size for layout in self._layouts if layout.size >= self._best.size})
        for size in sizes:
            if size in (sizes[0], sizes[-1]):  # the last may be hyperthreads: before them, the best shape of the cores
                yield from self._others_of_its_size()
            shapes = self._of_size(size)
            wider = sum(shape.groups > self._best.groups for shape in shapes)  # these are first
            yield from self._untried(shapes[max(0, wider - 1) : wider + 1])
            if min(self._pace[shape] for shape in shapes if shape in self._pace) > GROWING * self._pace[self._best]:
                break
        yield from self._others_of_its_size()

    def _others_of_its_size(self) -> Iterator[Layout]:
        """Shapes beside the best one, until both are slower."""
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
