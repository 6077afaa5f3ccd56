"""Signals that stop a command, in each state."""

import signal
import sys

import pytest
from dispositions import USUAL
from helpers import run_python

from fastrnn.system import stop
from fastrnn.system.interrupts import held, remembered


def ended(*numbers):
    """Send signals; returns the exit code, or None."""
    try:
        for number in numbers:
            signal.raise_signal(number)
    except KeyboardInterrupt:
        return 130
    except SystemExit as end:
        return end.code


@pytest.mark.parametrize('number', stop.ENDING)
def test_a_signal_ends_a_command_with_its_code(number):
    with stop.caught():
        assert ended(number) == 128 + number
        assert ended(number, signal.SIGTERM, signal.SIGINT) is None  # the end is on its way
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            stop.check()
    assert signal.getsignal(number) == USUAL[number]
    with stop.caught():
        stop.check()


def test_ignored_signals_stay_ignored():
    """As under nohup; background jobs ignore SIGINT, but not SIGTERM."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    with stop.caught(), stop.caught():
        assert ended(signal.SIGHUP, signal.SIGINT) is None and stop.came == []
        assert ended(signal.SIGTERM) == 143
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


@pytest.mark.parametrize('more', [(), (signal.SIGTERM,), (signal.SIGHUP, signal.SIGUSR1)])
def test_work_is_saved_first(more):
    """Other signals may come twice without intent; the user sends a second Ctrl-C or Ctrl-\\."""
    with stop.caught():
        with stop.working(lambda: True, lambda: True, str) as signals:
            assert ended(signal.SIGTERM, *more) is None and signals == [signal.SIGTERM, *more]
            assert ended(signal.SIGINT) == ended(signal.SIGQUIT) == 143
            with stop.leaving():
                assert ended(signal.SIGINT) is None
        with pytest.raises(SystemExit):
            stop.check()


def test_a_part_of_the_work_is_stopped():
    """Each Ctrl-C stops one part. Other signals stop the command, also if Ctrl-C follows."""
    with stop.caught():
        with stop.returning():
            assert ended(signal.SIGINT) == ended(signal.SIGINT) == 130 and stop.came == []
            stop.check()
            assert ended(signal.SIGTERM) == 143
            assert ended(signal.SIGINT) is None  # the end is on its way
        with pytest.raises(SystemExit):
            stop.check()


def test_another_process_decides():
    with stop.caught(), stop.working(bool, bool, str, led=True) as signals:
        assert ended(signal.SIGTERM, signal.SIGINT, signal.SIGINT) is None and signals == []


def test_held_and_remembered():
    """The handler waits while signals are held; nested contexts lose no signal."""
    came = []
    with stop.caught():
        with pytest.raises(SystemExit), held():
            with held():
                signal.raise_signal(signal.SIGTERM)
            came.append('held')
            assert stop.came == []
        stop.came.clear()
        with pytest.raises(SystemExit), remembered():
            try:
                signal.raise_signal(signal.SIGTERM)
            except SystemExit:
                came.append('swallowed')
    assert came == ['held', 'swallowed']


WATCHED = """
import os, signal, sys, time
from fastrnn.system import atomic, stop
for number in stop.ENDING:
    signal.signal(number, signal.SIG_DFL)
sys.platform = sys.argv[2]
stop.install()
stop.watch(0.2)
"""
CASES = {
    # a callback swallows the handler's exception, as the compiler's do
    'swallowed': (
        'class Lost:\n    def __del__(self): signal.raise_signal(signal.SIGTERM)\nLost()\nwhile True: time.sleep(9)',
        143,
        b'',
    ),
    # the main thread is in a long call; a second Ctrl-C prints the last words and removes a partial file
    'twice': (
        """
from pathlib import Path
def write(file):
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    time.sleep(60)
atomic.write_synced = lambda path, fill: (path.write_text('half'), write(None))
with stop.working(lambda: True, lambda: True, lambda: 'last words'):
    atomic.write_atomically(Path(sys.argv[1], 'file'), b'whole')
""",
        130,
        b'last words\n',
    ),
    # without anything to save it waits only briefly
    'idle': (
        "with stop.working(bool, lambda: True, lambda: 'nothing'):\n"
        '    signal.raise_signal(signal.SIGUSR1)\n    while True: time.sleep(9)',
        138,
        b'nothing\n',
    ),
}


@pytest.mark.parametrize('platform', ['linux', 'win32'])  # the thread reads a pipe, on Windows a socket
@pytest.mark.parametrize('name', CASES)
def test_a_thread_ends_a_blocked_command(tmp_path, name, platform):
    code, expected, told = CASES[name]
    run = run_python('-c', WATCHED + code, tmp_path, platform, timeout=30)
    assert (run.returncode, run.stderr) == (expected, told)
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_may_be_blocked(monkeypatch, capfd):
    """Windows can check only sockets."""

    def only_sockets(*_):
        raise OSError(10038, 'not a socket')

    monkeypatch.setattr(stop.select, 'select', only_sockets)
    stop._print_last('here')
    monkeypatch.setattr(sys, 'platform', 'win32')
    stop._print_last('there')
    assert capfd.readouterr().err == 'there\n'
