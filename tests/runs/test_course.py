"""The records of a run, in bounded memory."""

import math
from itertools import pairwise

import pytest
from logs import records, rollback

from fastrnn.runs import course as module
from fastrnn.runs.course import Course, Thinned


def numbers(entries):
    return [entry['iteration'] for entry in entries]


def whole(entries):
    """A record as read from a log: NaN for missing numbers."""
    return [
        {**entry, 'validation': math.nan if entry['validation'] is None else entry['validation']} for entry in entries
    ]


def plain(entries):
    """The records by definition, all in memory."""
    kept = []
    for entry in entries:
        last = entry.get('to', entry['iteration'] - 1)
        kept = [other for other in kept if other['iteration'] <= last]
        kept += [] if 'to' in entry else [entry]
    return kept


def test_few_records_are_all_kept():
    """With rollbacks, and iterations that were logged twice."""
    entries = whole(records(9))
    entries = [*entries, rollback(45), *whole(records(12, first=5)), rollback(0), *whole(records(20))]
    course = Course.of(entries)
    assert course.records == plain(entries) == whole(records(20))
    assert [numbers(stretch) for stretch in course.given_up] == [[40, 50, 60, 70, 80], [0, *range(10, 120, 10)]]
    assert numbers(course.rollbacks) == [40, 0]


@pytest.mark.parametrize('count', [1, 8, 9, 100, 1000, 1024])
def test_many_records_are_thinned_evenly(count):
    """The first and the last are always kept."""
    thinned = Thinned(8)
    for k in range(count):
        thinned.add({'iteration': k})
    kept = numbers(thinned.records)
    assert kept[0] == 0 and kept[-1] == count - 1 and len(kept) <= 9
    assert count <= 9 or len(kept) > 4
    assert len({b - a for a, b in pairwise(kept[:-1])}) <= 1


def test_discarded_records_are_removed():
    thinned = Thinned(8)
    for k in range(100):
        thinned.add({'iteration': k})
    assert numbers(thinned.cut(63)) == [64, 80, 96, 99]
    assert numbers(thinned.records) == [0, 16, 32, 48] and not thinned.cut(63)


def test_validations_are_thinned_separately():
    """A thousand reports must not push out ten validations; the best is always kept."""
    entries = whole(records(1000, every=100))
    entries[799]['validation'] = 0.5
    kept = Course.of(entries, most=6).records
    validated = [entry['validation'] for entry in kept if not math.isnan(entry['validation'])]
    assert 5 <= len(validated) <= 8 and min(validated) == 0.5
    assert numbers(kept) == sorted(set(numbers(kept))) and 12 > len(kept) - len(validated) > 3


def test_a_discarded_best_is_not_the_best():
    entries = whole(records(30))
    entries[29]['validation'] = 0.5
    kept = Course.of([*entries, rollback(280)]).records
    assert min(entry['validation'] for entry in kept if not math.isnan(entry['validation'])) > 1


def test_a_log_of_only_rollbacks(monkeypatch):
    monkeypatch.setattr(module, 'MOST_STRETCHES', 3)
    course = Course.of([*whole(records(1)), *([rollback(5)] * 50)])
    assert len(course.given_up) == len(course.rollbacks) == 3
