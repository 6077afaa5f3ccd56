"""Layouts of threads that are worth trying."""

import pytest

from fastrnn.parallel import layouts, threads
from fastrnn.parallel.layouts import ALONE, Layout, counts_for_rows, layouts_for_streams, tell_of_too_many
from fastrnn.system import limits


def sizes(*args):
    return sorted({layout.size for layout in layouts_for_streams(*args)})


@pytest.mark.parametrize(
    ('there', 'B', 'flops', 'counts'),
    [
        (8, 16, 10**9, [1, 2, 4, 8]),
        (6, 16, 10**9, [1, 2, 4, 6]),
        (8, 3, 10**9, [1, 2, 3]),
        (8, 1, 10**9, [1]),
        (8, 16, 5 * 1000 + 999, [1, 2, 4, 5]),
        (8, 16, 1999, [1]),
        (8, 16, 0, [1]),
        (1, 16, 10**9, [1]),
    ],
)
def test_processors_streams_and_work_limit_the_threads(processors, there, B, flops, counts):
    """With a single panel of hidden units."""
    processors(there)
    assert layouts_for_streams(B, 1, flops, 1000) == [Layout(count) for count in counts]


def test_two_processors(processors):
    processors(2)
    assert layouts_for_streams(16, 4, 10**9, 1000) == [(1, 1), (2, 1), (1, 2)]
    assert layouts_for_streams(1, 4, 10**9, 1000) == [(1, 1), (1, 2)]
    assert layouts_for_streams(1, 1, 10**9, 1000) == [ALONE]


@pytest.mark.parametrize(('there', 'cores', 'counts'), [(12, 6, [1, 2, 4, 6, 12]), (24, 12, [1, 2, 4, 8, 12, 24])])
def test_cores_before_hyperthreads(processors, there, cores, counts):
    processors(there, cores)
    assert sizes(16, 8, 10**9, 1000) == counts
    assert sizes(16, 8, 5000, 1000) == [1, 2, 4, 5]  # enough work for five


@pytest.mark.parametrize(('B', 'panels'), [(1, 1), (1, 7), (3, 1), (3, 5), (16, 4), (64, 16)])
@pytest.mark.parametrize('there', [1, 2, 7, 24, 64])
def test_no_thread_is_idle(processors, there, B, panels):
    """Each thread of any layout has a stream and a panel. There is a layout of one thread and a large one."""
    processors(there)
    found = layouts_for_streams(B, panels, 10**9, 1000)
    assert found[0] == ALONE and len(set(found)) == len(found)
    assert all(layout.groups <= B and layout.shares <= panels and layout.size <= there for layout in found)
    assert 2 * max(layout.size for layout in found) > min(there, B * panels)


@pytest.mark.parametrize(('asked', 'found'), [(1, [(1, 1)]), (2, [(2, 1), (1, 2)]), (6, [(3, 2), (2, 3)])])
def test_a_number_that_is_asked_for(processors, asked, found):
    """In any layout, for any size of the model."""
    processors(8)
    assert layouts_for_streams(4, 3, 10, 1000, asked) == found


@pytest.mark.parametrize(('asked', 'counts'), [(1000, [1, 2, 4, 8]), (12, [1, 2, 4, 8]), (7, [1, 2, 4, 6])])
def test_more_threads_than_can_run_at_once(processors, asked, counts):
    """Or than can share 4 streams of 3 panels: any number that pays, or only one."""
    processors(8)
    assert sizes(4, 3, 10**9, 1000, asked) == counts
    assert sizes(4, 3, 10, 1000, asked) == [1]


def test_rows(processors):
    processors(6)
    assert counts_for_rows(100, 24) == [1, 2, 4] and counts_for_rows(1000, 24) == [1, 2, 4, 6]
    assert counts_for_rows(8, 24) == [1]
    assert counts_for_rows(8, 24, 5) == [5] and counts_for_rows(100, 24, 7) == [1, 2, 4]
    assert counts_for_rows(100, 24, 6, 20) == [1, 2, 4]  # with six, some would have fewer than 20 rows
    processors(64)
    assert counts_for_rows(10_000, 24) == [1, 2, 4, 8]


def test_a_quota_of_processor_time_limits_threads(monkeypatch):
    """In a container, processes of a run share its quota."""
    monkeypatch.setattr(limits, 'allowed', lambda: limits.Count(8, 'this machine'))
    monkeypatch.setattr(layouts, 'physical', lambda: 8)
    monkeypatch.setattr(limits, 'quota', lambda: limits.Count(3, 'cgroup'))
    assert sizes(16, 1, 10**9, 1000) == [1, 2, 3]
    monkeypatch.setattr(threads, '_sharing', 2)
    assert threads.share_of_processors() == 2
    monkeypatch.setattr(threads, '_sharing', 64)
    assert threads.share_of_processors() == 1
    assert layouts_for_streams(16, 4, 10**9, 1000, 1000) == [ALONE]


def test_one_warning_about_too_many_threads(processors, recwarn):
    """A line, with the reason."""
    tell_of_too_many.cache_clear()
    processors(1)
    for _ in range(2):
        tell_of_too_many(None, 1)
        tell_of_too_many(1, 1)
        tell_of_too_many(1000, 1)
    processors(64)
    for _ in range(2):
        tell_of_too_many(32, 8)
    assert [str(warning.message) for warning in recwarn] == [
        'threads is 1,000, but this process has 1 processor: at most 1 will run, with the same results',
        'threads is 32, but there are too few streams and hidden units: at most 8 will run, with the same results',
    ]
