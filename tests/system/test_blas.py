"""Threads that NumPy's BLAS starts when it is loaded."""

import os
import sys
import threading

import pytest

from fastrnn.system import blas, limits


@pytest.fixture
def before(monkeypatch):
    """NumPy is not imported, on eight processors, and a limit of threads may be near."""
    monkeypatch.setattr(limits, 'threads_are_plenty', lambda count: False)
    monkeypatch.delitem(sys.modules, 'numpy')
    for name in blas.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(limits, 'allowed', lambda: limits.Count(8, 'this machine'))


@pytest.mark.parametrize(('most', 'told'), [(7, None), (6, '1'), (0, '1')])
def test_none_where_not_all_can_be_started(before, monkeypatch, most, told):
    start, alive = threading.Thread.start, threading.active_count()

    def refused(thread):
        if threading.active_count() - alive >= most:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, 'start', refused)
    blas.spare_threads()
    assert os.environ.get('OPENBLAS_NUM_THREADS') == told
    assert threading.active_count() == alive


def test_what_the_user_says_stays(before, monkeypatch):
    monkeypatch.setattr(blas, 'can_start', lambda _: False)
    monkeypatch.setenv('OMP_NUM_THREADS', '3')
    blas.spare_threads()
    assert 'OPENBLAS_NUM_THREADS' not in os.environ


def test_numpy_that_is_there_has_its_threads(monkeypatch):
    monkeypatch.setattr(blas, 'can_start', lambda _: False)
    monkeypatch.delenv('OPENBLAS_NUM_THREADS', raising=False)
    blas.spare_threads()
    assert 'OPENBLAS_NUM_THREADS' not in os.environ


def test_no_thread_is_started_where_they_are_plenty(before, monkeypatch):
    monkeypatch.setattr(limits, 'threads_are_plenty', lambda count: count == 7)
    monkeypatch.setattr(blas, 'can_start', lambda _: pytest.fail('a trial of 127 threads takes 70 ms'))
    blas.spare_threads()
    assert 'OPENBLAS_NUM_THREADS' not in os.environ
