"""Kernels that another process compiles: all that are needed, once, and no failure if it can't run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import run_python

from fastrnn.engines import compile_ahead
from fastrnn.kernels import jit
from fastrnn.system import pauses

NOTHING_MORE = """
import sys
import fastrnn
from fastrnn.engines import compile_kernels
from fastrnn.kernels.batched import generate
for kind in sys.argv[1:]:
    cell, dtype = kind.split()
    compile_kernels.compile_for(cell, dtype)
    before = [list(kernel.signatures) for kernel in (generate.score, generate.draw)]
    options = {'engine': 'batched', 'cell': cell, 'dtype': dtype, 'seed': 0}
    options |= {'hidden_size': 9, 'seq_length': 5, 'iterations': 3}
    for streams in (1, 3):
        run = fastrnn.train('to and fro, and to ' * 30, streams=streams, validation=0.2, **options)
        records = list(run)
        assert records[-1].sample and records[-1].validation
        list(fastrnn.samples(run.model, 3, 10, seed=0))
    assert [list(kernel.signatures) for kernel in (generate.score, generate.draw)] == before, kind
"""


@pytest.mark.long
def test_all_kernels_are_compiled():
    """Scoring and sampling pass arrays of the types that were compiled."""
    done = run_python('-c', NOTHING_MORE, 'rnn float32', 'lstm float32', 'gru float64')
    assert done.returncode == 0, done.stderr.decode()


class Clock:
    def __init__(self):
        self.calls = []

    def stop(self):
        self.calls.append('stop')

    def go(self):
        self.calls.append('go')


@pytest.fixture
def processes():
    """The locks that started processes hold until they end."""
    found = []
    yield found
    for descriptor in found:
        os.close(descriptor)


@pytest.fixture
def started(tmp_path, monkeypatch, processes):
    """Commands that were started, with an empty cache and no process running."""
    commands = []
    monkeypatch.setattr(jit, 'CACHE_FOLDER', tmp_path)
    monkeypatch.setattr(jit, 'SHARED', True)
    monkeypatch.setattr(compile_ahead, '_under_way', [])

    class Process:
        def __init__(self, command, pass_fds, start_new_session, **_):
            commands.append((command[-2], command[-1]))
            processes.append(os.dup(pass_fds[0]))
            assert start_new_session

        def wait(self, seconds):
            raise subprocess.TimeoutExpired('', seconds)

    monkeypatch.setattr(subprocess, 'Popen', Process)
    return commands


def test_one_process_per_kind(started, tmp_path, monkeypatch):
    """The marker appears only when the process has finished."""
    kinds = [('rnn', 'float32'), ('rnn', 'float64'), ('gru', 'float32')]
    for cell, dtype in kinds * 2:
        compile_ahead.start(cell, dtype)
    assert started == kinds
    monkeypatch.setattr(compile_ahead, 'MAX_WAIT', 0.0)
    compile_ahead.wait()  # no longer than MAX_WAIT
    assert compile_ahead._under_way == [] and not list(tmp_path.glob('ahead-*-float??'))


def test_no_process_if_the_marker_exists(started, tmp_path):
    (tmp_path / 'ahead-rnn-float32').touch()
    compile_ahead.start('rnn', 'float32')
    assert started == []


def test_a_new_process_after_a_killed_one(started, processes):
    """The killed process has released its lock."""
    compile_ahead.start('rnn', 'float32')
    os.close(processes.pop())
    compile_ahead.start('rnn', 'float32')
    assert started == [('rnn', 'float32')] * 2


def test_waiting_for_another_process(started, processes, monkeypatch):
    """Nothing is compiled twice, and waiting does not count as training time."""
    compile_ahead.start('rnn', 'float32')
    compile_ahead._under_way.clear()
    compile_ahead.start('rnn', 'float32')
    assert len(started) == 1 and len(compile_ahead._under_way) == 1
    looks = iter([lambda: None, lambda: None, lambda: os.close(processes.pop())])
    monkeypatch.setattr(compile_ahead.time, 'sleep', lambda _: next(looks)())
    clock = Clock()
    with pauses.running(clock):
        compile_ahead.wait()
    assert next(looks, None) is None and compile_ahead._under_way == [] and clock.calls == ['stop', 'go']
    monkeypatch.setattr(compile_ahead, 'MAX_WAIT', 0.0)
    compile_ahead.start('rnn', 'float32')
    other = next(other for other in compile_ahead._under_way)
    assert started[1:] == [('rnn', 'float32')] and not isinstance(other, Path)


@pytest.mark.parametrize(
    'where', ['a folder that no other process finds', 'no Python', 'a frozen program', 'no more processes']
)
def test_when_no_process_can_start(started, monkeypatch, where):
    def refused(*_, **__):
        raise BlockingIOError('no more processes')

    if where == 'a folder that no other process finds':
        monkeypatch.setattr(jit, 'SHARED', False)
    elif where == 'no Python':
        monkeypatch.setattr(sys, 'executable', '')
    elif where == 'a frozen program':
        monkeypatch.setattr(sys, 'frozen', True, raising=False)
    else:
        monkeypatch.setattr(subprocess, 'Popen', refused)
    compile_ahead.start('rnn', 'float32')
    assert started == [] and compile_ahead._under_way == []
    compile_ahead.wait()


def test_the_process_is_detached_from_the_terminal(tmp_path, monkeypatch):
    """In its own session, with no file of its parent except the lock. The marker appears when it is done."""
    script = tmp_path / 'python'
    facts = '; '.join(
        f'echo {name}=$({command}) >> {tmp_path}/facts'
        for name, command in (
            ('session', "cut -d' ' -f6 /proc/$$/stat"),
            ('files', 'readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2'),
            ('marker', f'test -e {tmp_path}/ahead-rnn-float32 && echo early'),
        )
    )
    script.write_text(f'#!/bin/sh\n{facts}\n')
    script.chmod(0o755)
    monkeypatch.setattr(jit, 'CACHE_FOLDER', tmp_path)
    monkeypatch.setattr(jit, 'SHARED', True)
    monkeypatch.setattr(sys, 'executable', str(script))
    compile_ahead.start('rnn', 'float32')
    process = compile_ahead._under_way[-1]
    compile_ahead.wait()
    told = dict(line.split('=') for line in (tmp_path / 'facts').read_text().splitlines())
    assert told == {'session': str(process.pid), 'files': ' '.join(['/dev/null'] * 3), 'marker': ''}


@pytest.mark.long
def test_the_process_compiles_and_then_writes_the_marker(tmp_path):
    """If the marker exists, the kernels do."""
    marker = tmp_path / 'ahead-rnn-float32'
    done = run_python('-m', compile_ahead.COMPILER, marker, 'rnn', 'float32')
    assert done.returncode == 0 and marker.exists(), done.stderr.decode()
    marker.unlink()
    assert run_python('-m', compile_ahead.COMPILER, marker, 'nonsense', 'float32').returncode != 0
    assert not marker.exists()
