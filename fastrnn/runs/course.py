"""The records of a run without those that rollbacks discarded, in bounded memory."""

import math
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

Facts = dict[str, Any]

MOST = 10_000  # records kept of each kind; a plot shows fewer
MOST_STRETCHES = 100  # discarded stretches kept; a run stops after ten rollbacks, but can be resumed

_iteration = itemgetter('iteration')


class Thinned:
    """Evenly spaced records of a sequence: all, then every second, every fourth and so on; and the last one."""

    def __init__(self, most: int) -> None:
        self._most, self._stride, self._count = most, 1, 0
        self._kept: list[tuple[int, Facts]] = []  # (index in the sequence, record)
        self._last: Facts | None = None

    def add(self, record: Facts) -> None:
        if self._count % self._stride == 0:
            self._kept.append((self._count, record))
        self._last = record
        self._count += 1
        if len(self._kept) > self._most:
            self._stride *= 2
            self._kept = [(place, kept) for place, kept in self._kept if place % self._stride == 0]

    def cut(self, iteration: int) -> list[Facts]:
        """Remove and return the records of later iterations."""
        removed = []
        if self._last is not None and _iteration(self._last) > iteration:
            removed, self._last = [self._last], None
        while self._kept and _iteration(self._kept[-1][1]) > iteration:
            removed.append(self._kept.pop()[1])
        if len(removed) > 1 and removed[0] is removed[1]:  # the last one was also a kept one
            del removed[0]
        return removed[::-1]

    @property
    def last(self) -> list[Facts]:
        """The last record as a list of one; [] if there is none."""
        return [record for _, record in self._kept[-1:]] if self._last is None else [self._last]

    @property
    def records(self) -> list[Facts]:
        found = [record for _, record in self._kept]
        if self._last is not None and (not found or found[-1] is not self._last):
            found.append(self._last)
        return found


class Course:
    """Records of a run's log. Records with a validation are thinned separately: there are far fewer of them."""

    def __init__(self, most: int = MOST) -> None:
        self._trained, self._validated = Thinned(most), Thinned(most)
        self._best: Facts | None = None  # always kept: plots mark it
        self.given_up: list[list[Facts]] = []  # discarded stretches, each starting at the record before it
        self.rollbacks: list[Facts] = []  # records from which training resumed after a rollback

    @classmethod
    def of(cls, records: Iterable[Facts], most: int = MOST) -> 'Course':
        """From records, and rollbacks with ``to``: the iteration from which the run resumed.

        A run resumed from an earlier checkpoint logs some iterations again, without an event: the later records count.
        """
        course = cls(most)
        for record in records:
            if 'to' in record:
                course._roll_back(record['to'])
            else:
                course._cut(_iteration(record) - 1)
                course._add(record)
        return course

    def _add(self, record: Facts) -> None:
        if math.isnan(record['validation']):
            self._trained.add(record)
            return
        self._validated.add(record)
        if self._best is None or record['validation'] < self._best['validation']:
            self._best = record

    def _cut(self, iteration: int) -> list[Facts]:
        removed = self._trained.cut(iteration) + self._validated.cut(iteration)
        if self._best is not None and _iteration(self._best) > iteration:
            self._best = min(self._validated.records, key=itemgetter('validation'), default=None)
        return sorted(removed, key=_iteration)

    def _roll_back(self, iteration: int) -> None:
        removed = self._cut(iteration)
        there = sorted(self._trained.last + self._validated.last, key=_iteration)[-1:]
        self.given_up = [*self.given_up[1 - MOST_STRETCHES :], there + removed]
        self.rollbacks = [*self.rollbacks[1 - MOST_STRETCHES :], *there]  # a rollback to the start has no record

    @property
    def records(self) -> list[Facts]:
        """All kept records, in order."""
        found = {_iteration(record): record for record in self._trained.records + self._validated.records}
        if self._best is not None:
            found[_iteration(self._best)] = self._best
        return [found[iteration] for iteration in sorted(found)]
