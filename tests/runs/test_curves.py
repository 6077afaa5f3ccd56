"""Runs' logs as curves."""

import json

import numpy as np
from logs import records

from fastrnn.runs.curves import read_run, read_runs


def test_a_run_that_went_on_from_an_earlier_checkpoint(logged):
    """After a crash iterations are logged again, without an event; other events are passed over."""
    curve = read_run(logged(entries=[*records(9), {'event': 'resume'}, *records(12, first=6)]))
    np.testing.assert_array_equal(curve.points.train, [entry['train'] for entry in records(12)])
    assert not curve.given_up


def test_runs_of_the_same_name(logged, tmp_path):
    (tmp_path / 'more').mkdir()
    folders = [logged('run1'), logged('more/run1'), logged('other')]
    assert [curve.name for curve in read_runs(folders)] == [str(folders[0]), str(folders[1]), 'other']


def test_a_torn_last_line_is_passed_over(logged):
    entries = records(5)
    curve = read_run(logged(entries=entries, tail=json.dumps(records(6)[5])[:-9]))
    assert curve.points.train.size == 5
    assert read_run(logged('whole', entries, tail=json.dumps(records(6)[5]))).points.train.size == 6
