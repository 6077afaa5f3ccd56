"""Outputs that are full, closed or blocked."""

import errno
import io
import os
import sys
import threading

import pytest
from helpers import run_python
from screens import Terminal

from fastrnn.system import outputs, stop


def output(monkeypatch, descriptor):
    stream = os.fdopen(descriptor, 'w', encoding='utf-8')
    monkeypatch.setattr(sys, 'stdout', stream)
    return stream


def bad(kind):
    """A descriptor that can't be written."""
    if kind == errno.ENOSPC:
        return os.open('/dev/full', os.O_WRONLY)
    if kind == errno.EBADF:  # as open_closed opens a closed one
        return os.open(os.devnull, os.O_RDONLY)
    reader, writer = os.pipe()
    os.close(reader)
    return writer


KINDS = [errno.ENOSPC, errno.EBADF, errno.EPIPE]


@pytest.mark.parametrize('kind', KINDS)
def test_the_first_error_is_raised_and_the_rest_is_dropped(monkeypatch, kind):
    stream = output(monkeypatch, bad(kind))
    with outputs.guarded():
        assert outputs.failure() is None and sys.stdout is not stream
        with pytest.raises(OSError) as error:
            print('text', flush=True)
        for _ in range(2):
            print('text' * 5000, flush=True)
        assert outputs.failure() is error.value and error.value.filename == 'standard output'
        assert error.value.errno == kind and outputs.reader_is_gone() == (kind == errno.EPIPE)
    assert sys.stdout is stream
    stream.close()


@pytest.mark.parametrize('kind', KINDS)
def test_no_error_is_raised_while_forgiven(monkeypatch, kind):
    stream = output(monkeypatch, bad(kind))
    with outputs.guarded():
        with outputs.forgiven():
            print('text', flush=True)
        assert outputs.failure().errno == kind
    stream.close()


def test_standard_error_never_raises(monkeypatch):
    with os.fdopen(bad(errno.ENOSPC), 'w') as stream:
        monkeypatch.setattr(sys, 'stderr', stream)
        with outputs.guarded():
            print('text', file=sys.stderr, flush=True)
            assert outputs.failure() is None


@pytest.mark.parametrize('buffered', [True, False])
def test_a_slow_pipe(monkeypatch, buffered):
    """Python's own streams fail there, or lose data."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    stream = os.fdopen(writer, 'wb', buffering=-1 if buffered else 0)
    monkeypatch.setattr(sys, 'stdout', io.TextIOWrapper(stream, 'utf-8', write_through=not buffered))
    text, read = 'é' * 300_000, []

    def take():
        while data := os.read(reader, 1000):
            read.append(data)

    thread = threading.Thread(target=take)
    thread.start()
    with outputs.guarded():
        print(text, end='', flush=True)
    stream.close()
    thread.join()
    os.close(reader)
    assert b''.join(read).decode() == text


def test_after_a_signal_a_full_pipe_fails(monkeypatch):
    """Batch systems kill a process soon after a signal."""
    monkeypatch.setattr(outputs, 'GRACE', 0.0)
    monkeypatch.setattr(outputs, 'STEP', 1)
    monkeypatch.setattr(stop, 'came', [15])
    reader, writer = os.pipe()
    stream = output(monkeypatch, writer)
    with outputs.guarded(), outputs.forgiven():
        print('text' * 100_000, flush=True)
        assert outputs.failure().errno == errno.ETIMEDOUT
    stream.close()
    os.close(reader)


def test_other_streams_stay(monkeypatch):
    """Such as streams of tests and notebooks."""
    monkeypatch.setattr(sys, 'stdout', io.StringIO())
    before = sys.stdout
    with outputs.guarded():
        assert sys.stdout is before and outputs.failure() is None


def test_closed_descriptors():
    """Files that are opened later don't get their numbers, and using one raises an error."""
    code = """
import os
for descriptor in (0, 1, 2):
    os.close(descriptor)
from fastrnn.system import outputs
outputs.open_closed()
assert os.open('/dev/null', os.O_RDWR) == 3
for descriptor, use in ((0, lambda: os.read(0, 1)), (1, lambda: os.write(1, b'x')), (2, lambda: os.write(2, b'x'))):
    try:
        use()
    except OSError as error:
        assert error.errno == 9
    else:
        os._exit(descriptor + 3)
os._exit(7)
"""
    assert run_python('-c', code).returncode == 7


def test_columns(monkeypatch):
    """The terminal's width; unlimited in a pipe."""
    monkeypatch.setenv('COLUMNS', '50')
    monkeypatch.setattr(sys, 'stdout', Terminal())
    assert outputs.columns() == 50
    monkeypatch.setattr(sys, 'stdout', io.StringIO())
    assert outputs.columns() == sys.maxsize
