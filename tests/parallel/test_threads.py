"""The threads of a team are started once, and never wait at a barrier for ever."""

import threading
from functools import partial

import pytest
from forks import in_a_fork

from fastrnn.kernels.jit import jit
from fastrnn.kernels.team import ABORT, SYNC, barrier, group_of
from fastrnn.parallel.threads import Threads, ThreadTeam


@jit
def _meet(team):
    barrier(group_of(team))
    barrier(team)
    return team.rank


@pytest.mark.parametrize(('size', 'shares'), [(2, 1), (2, 2), (4, 2)])
def test_an_error_in_one_thread_releases_the_others(size, shares):
    """Those of its group and of other groups. All of them can run the next call."""
    team = ThreadTeam(size, shares)

    def interrupted(rank, team):
        if team.rank == rank:
            raise KeyboardInterrupt
        return _meet(team)

    for rank in range(size):
        with pytest.raises(KeyboardInterrupt):
            team.run(partial(interrupted, rank))
        assert not team.team(0).sync[ABORT::SYNC].any() and team.run(_meet) == 0
    team.close()


def test_closed_threads_start_again():
    threads, before = Threads(), threading.active_count()
    teams = [ThreadTeam(size, 1, threads) for size in (2, 3)]
    for _ in range(2):
        assert [team.run(_meet) for team in (*teams, *teams)] == [0] * 4
        assert threading.active_count() == before + 2
        threads.close()
        assert threading.active_count() == before


def test_a_fork_starts_its_own_threads():
    """It has none of its parent's threads."""
    team = ThreadTeam(2)
    team.run(_meet)
    assert in_a_fork(lambda: str(team.run(_meet))) == '0'
    assert team.run(_meet) == 0
    team.close()
