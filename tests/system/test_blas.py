"""Limits the threads that NumPy's BLAS starts when it is loaded."""

import os
import sys
import threading

import pytest

from fastrnn.system import blas, limits


@pytest.fixture
def before(monkeypatch):
    """NumPy is not imported, there are 8 processors, and the limit of threads may be near."""
    monkeypatch.setattr(limits, 'threads_are_plenty', lambda count: False)
    monkeypatch.delitem(sys.modules, 'numpy')
    for name in blas.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(limits, 'allowed', lambda: limits.Count(8, 'this machine'))


@pytest.mark.parametrize(('most', 'told'), [(7, None), (6, '1'), (0, '1')])
def test_no_threads_if_some_would_be_refused(before, monkeypatch, most, told):
    start, alive = threading.Thread.start, threading.active_count()

    def refused(thread):
        if threading.active_count() - alive >= most:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, 'start', refused)
    blas.spare_threads()
    assert os.environ.get('OPENBLAS_NUM_THREADS') == told
    assert threading.active_count() == alive


def test_the_users_setting_stays(before, monkeypatch):
    monkeypatch.setattr(blas, 'can_start', lambda _: False)
    monkeypatch.setenv('OMP_NUM_THREADS', '3')
    blas.spare_threads()
    assert 'OPENBLAS_NUM_THREADS' not in os.environ


def test_does_nothing_after_numpy_is_imported(monkeypatch):
    monkeypatch.setattr(blas, 'can_start', lambda _: False)
    monkeypatch.delenv('OPENBLAS_NUM_THREADS', raising=False)
    blas.spare_threads()
    assert 'OPENBLAS_NUM_THREADS' not in os.environ


def test_starts_no_test_threads_if_limits_are_far(before, monkeypatch):
    monkeypatch.setattr(limits, 'threads_are_plenty', lambda count: count == 7)
    monkeypatch.setattr(blas, 'can_start', lambda _: pytest.fail('a trial of 127 threads takes 70 ms'))
    blas.spare_threads()
    assert 'OPENBLAS_NUM_THREADS' not in os.environ
