"""Kernels that another process compiles: those that are needed, once, and no harm where it can't."""

import subprocess
import sys

import pytest
from helpers import run_python

from fastrnn.kernels import jit
from fastrnn.kernels.fast import ahead
from fastrnn.kernels.fast.buffers import Sizes

SIZES = Sizes(1, 1, 1, 1, 5, 3, 1)
NOTHING_MORE = """
import sys
import fastrnn
from fastrnn.kernels.fast import ahead, generate
from fastrnn.model.architecture import CELLS
for kind in sys.argv[1:]:
    cell, dtype = kind.split()
    ahead.compile_for(cell, *CELLS[cell], dtype)
    before = [list(kernel.signatures) for kernel in (generate.score, generate.draw)]
    options = {'engine': 'fast', 'cell': cell, 'dtype': dtype, 'seed': 0}
    options |= {'hidden_size': 9, 'seq_length': 5, 'iterations': 3}
    for streams in (1, 3):
        run = fastrnn.train('to and fro, and to ' * 30, streams=streams, validation=0.2, **options)
        records = list(run)
        assert records[-1].sample and records[-1].validation
        list(fastrnn.samples(run.model, 3, 10, seed=0))
    assert [list(kernel.signatures) for kernel in (generate.score, generate.draw)] == before, kind
"""


def test_nothing_more_is_needed():
    """The types of arrays that scoring and sampling pass are those that were compiled for."""
    done = run_python('-c', NOTHING_MORE, 'rnn float32', 'lstm float32', 'gru float64')
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Commands that were started, in an empty cache, by a process that has started none."""
    commands = []
    monkeypatch.setattr(jit, 'CACHE_FOLDER', tmp_path)
    monkeypatch.setattr(jit, 'SHARED', True)
    monkeypatch.setattr(ahead, '_under_way', [])

    class Process:
        def __init__(self, command, **_):
            commands.append((command[-5], command[-1]))

        def wait(self, seconds):
            raise subprocess.TimeoutExpired('', seconds)

    monkeypatch.setattr(subprocess, 'Popen', Process)
    return commands


def test_once(started, tmp_path):
    kinds = [('rnn', 'float32'), ('rnn', 'float64'), ('gru', 'float32')]
    for cell, dtype in kinds * 2:
        ahead.start(cell, SIZES, dtype)
    assert started == kinds
    ahead.wait()  # for no longer than it says
    assert ahead._under_way == []


def test_not_what_was_compiled_before(started, tmp_path):
    (tmp_path / 'ahead-rnn-float32').touch()
    ahead.start('rnn', SIZES, 'float32')
    assert started == []


@pytest.mark.parametrize(
    'where', ['a folder that no other process finds', 'no Python', 'a frozen program', 'no more processes']
)
def test_where_it_can_not_be(started, monkeypatch, where):
    def refused(*_, **__):
        raise OSError('no more processes')

    if where == 'a folder that no other process finds':
        monkeypatch.setattr(jit, 'SHARED', False)
    elif where == 'no Python':
        monkeypatch.setattr(sys, 'executable', '')
    elif where == 'a frozen program':
        monkeypatch.setattr(sys, 'frozen', True, raising=False)
    else:
        monkeypatch.setattr(subprocess, 'Popen', refused)
    ahead.start('rnn', SIZES, 'float32')
    assert started == []
    ahead.wait()
