"""Barriers, and the shares of threads in a kernel."""

import numpy as np
import pytest

from fastrnn.kernels.jit import jit
from fastrnn.kernels.team import SPINS, alone, barrier, group_of, span, streams_of
from fastrnn.parallel.threads import ThreadTeam


@jit
def _relay(team, rounds, seen):
    """Each thread writes its slot and reads all slots after the barrier; returns the number of stale reads."""
    stale = 0
    for n in range(rounds):
        seen[team.rank * 8] = n
        barrier(team)
        for rank in range(team.size):
            stale += seen[rank * 8] != n
        barrier(team)
    return stale


@pytest.mark.parametrize('size', [1, 2, 3])
def test_no_thread_passes_a_barrier_early(size):
    threads = ThreadTeam(size)
    seen, stale = np.zeros(8 * size, np.int64), {}

    def kernel(team):
        stale[team.rank] = _relay(team, 300, seen)
        return team.rank

    assert [threads.run(kernel) for _ in range(3)] == [0, 0, 0]
    threads.close()
    assert stale == dict.fromkeys(range(size), 0)


@pytest.mark.parametrize('size', [1, 2, 3, 8])
@pytest.mark.parametrize('grain', [1, 8])
def test_spans_cover_everything_once(size, grain):
    for n in (0, 1, 2, 7, 8, 9, 100, 127):
        spans = [span(alone()._replace(rank=rank, size=size), n, grain) for rank in range(size)]
        assert [k for start, stop in spans for k in range(start, stop)] == list(range(n))
        assert all(start % grain == 0 or start == n for start, _ in spans)


@jit
def _relay_in_group(team, rounds, seen):
    """Like :func:`_relay` in each group; groups only wait for each other at the end."""
    group = group_of(team)
    stale = _relay(group, rounds, seen[8 * (team.rank - group.rank) :])
    barrier(team)
    return stale


@pytest.mark.parametrize(('size', 'shares'), [(2, 2), (4, 2), (3, 1), (6, 3)])
def test_groups_wait_for_their_own_threads(size, shares):
    threads = ThreadTeam(size, shares)
    seen, stale = np.zeros(8 * size, np.int64), {}

    def kernel(team):
        stale[team.rank] = _relay_in_group(team, 50, seen)

    threads.run(kernel)
    threads.close()
    assert stale == dict.fromkeys(range(size), 0)


@pytest.mark.parametrize(('size', 'shares'), [(1, 1), (4, 1), (4, 2), (4, 4), (6, 2)])
def test_a_group_has_all_units_of_its_streams(size, shares):
    """With 7 streams and 5 panels of units, each panel of each stream has exactly one thread."""
    owners = np.zeros((7, 5), int)
    for rank in range(size):
        team = alone()._replace(rank=rank, size=size, shares=shares, sync=np.zeros(32 * 7, np.int64))
        (b0, b1), (p0, p1) = streams_of(team, 7), span(group_of(team), 5, 1)
        owners[b0:b1, p0:p1] += 1
    assert (owners == 1).all()


@jit
def _wait_for_one(team, rounds, late, seen):
    """Rounds in which one thread is late, so that the others sleep; returns how often one continued too early."""
    early = 0
    for n in range(rounds):
        if team.rank == n % team.size:
            for k in range(late):
                seen[1] = seen[1] * 31 + k  # takes time
            seen[0] = n
        barrier(team)
        early += seen[0] != n
        barrier(team)
    return early


@pytest.mark.parametrize('size', [2, 3])
def test_sleepers_are_woken(size):
    """A thread that waits for long sleeps; all wake up, and none too early."""
    threads, seen, early = ThreadTeam(size), np.zeros(2, np.int64), {}

    def kernel(team):
        early[team.rank] = _wait_for_one(team, 30, 100 * SPINS, seen)

    threads.run(kernel)
    threads.close()
    assert early == dict.fromkeys(range(size), 0)
    assert threads.team(0).sync[[16, 8]].tolist() == [0, 0]
