"""How many threads run a kernel: found by trying, since results do not depend on it."""

import os
from collections.abc import Sequence

from ..kernels.team import ThreadTeam

WAKE = 0.03  # seconds of a trial until all threads are awake, each on a processor of its own
TRY = 0.02  # seconds of a trial that are timed
TRY_AGAIN = 1.0, 16.0  # seconds until another number of threads is tried again: at first, and at most
WORTH_WAKING = 1e-3  # seconds of work; waking threads takes about 0.15 ms


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def counts_for_streams(B: int, flops: int, flops_per_thread: int) -> list[int]:
    """Numbers of threads worth trying for B streams, whose step of time has so many flops: up to all processors."""
    most = min(processors(), B, max(1, flops // flops_per_thread))
    return [1] + [size for size in (2, 4, 8, 16, 32, 64, 128) if size < most] + ([most] if most > 1 else [])


def counts_for_rows(rows: int, rows_per_thread: int) -> list[int]:
    """Numbers of threads worth trying for products of one row after the other: 1, 2, 4 and 8."""
    most = min(processors(), rows // rows_per_thread)
    return [1] + [size for size in (2, 4, 8) if size <= most]


class ThreadTuner:
    """Finds by trying how many threads pay: it depends on the machine, on the sizes and on who else computes."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._teams = [ThreadTeam(size) for size in sizes]
        self._pace = dict.fromkeys(sizes, 0.0)  # seconds an iteration, by size; 0: not known
        self._waiting = list(self._teams)  # for a trial; the first is on trial
        self._spent = [0.0, 0.0, 0]  # of the trial: seconds of waking, seconds timed, iterations timed
        self._since_trial, self._try_again = 0.0, TRY_AGAIN[0]

    def choose(self, iterations: int) -> tuple[ThreadTeam, int]:
        """Who is to run, and how many of so many iterations."""
        if len(self._teams) == 1:
            return self._teams[0], iterations
        known = [pace for pace in self._pace.values() if pace]
        if known and iterations * min(known) < WORTH_WAKING:
            return self._teams[0], iterations
        if self._waiting:
            left = WAKE - self._spent[0] if self._spent[0] < WAKE else TRY - self._spent[1]
            return self._waiting[0], min(iterations, max(1, int(left / min(known)))) if known else 1
        return min(self._teams, key=lambda team: self._pace[team.size]), iterations

    def report(self, team: ThreadTeam, iterations: int, seconds: float) -> None:
        """How long the iterations took together."""
        if not self._waiting or team is not self._waiting[0]:
            self._pace[team.size] = seconds / iterations
            self._since_trial += seconds
            if self._since_trial > self._try_again and not self._waiting:
                self._since_trial, self._try_again = 0.0, min(2 * self._try_again, TRY_AGAIN[1])
                others = [other for other in self._teams if other is not team]
                self._waiting = sorted(others, key=lambda other: self._pace[other.size])[:1]
            return
        if self._spent[0] < WAKE and self._pace[team.size]:
            self._spent[0] += seconds
            return
        if not self._pace[team.size]:  # the first iteration of all: a pace to plan by
            self._pace[team.size] = seconds / iterations
            return
        self._spent[1] += seconds
        self._spent[2] += iterations
        if self._spent[1] >= TRY:
            self._pace[team.size] = self._spent[1] / self._spent[2]
            self._spent = [0.0, 0.0, 0]
            self._waiting.pop(0)

    def close(self) -> None:
        for team in self._teams:
            team.close()
