"""Texts that are not regular files: pipes are copied, with limits of size and time; devices are refused."""

import errno
import io
import os
import shutil
import socket
import stat
import sys
import threading
import time
from collections import namedtuple
from contextlib import suppress

import numpy as np
import pytest
from helpers import SONNETS
from kept import begin, contents, run_to

import fastrnn
from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.inference.prompt import read_prompt
from fastrnn.system import pipes
from fastrnn.system.pipes import check_kind, check_room, copy_of

TEXT = SONNETS.read_text(encoding='utf-8')
pytestmark = pytest.mark.usefixtures('cache_root')
Usage = namedtuple('Usage', 'total used free')


@pytest.fixture
def fifo(tmp_path):
    os.mkfifo(tmp_path / 'fifo')
    return tmp_path / 'fifo'


def write(path, data, opened=0.0, pause=0.0):
    """Write to a pipe, from a thread; returns it."""

    def work():
        time.sleep(opened)
        with suppress(BrokenPipeError), open(path, 'wb', buffering=0) as pipe:
            time.sleep(pause)
            for part in data:
                pipe.write(part)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


# refused inputs


def test_devices(tmp_path, cli):
    with socket.socket(socket.AF_UNIX) as listener:
        place = tmp_path.parent / f's{os.getpid()}'  # its path must be short
        listener.bind(str(place))
        kinds = {'/dev/zero': 'a character device', '/dev/null': 'a character device', str(place): 'a socket'}
        for path, kind in kinds.items():
            words = f'{path}: is {kind}, which may have no end; name a file or a pipe'
            for call in (
                lambda path=path: open_corpus(path),
                lambda path=path: open_corpus([SONNETS, path]),
                lambda path=path: Corpus.of(TEXT).vocabulary.encode([path]),
                lambda path=path: read_prompt(path),
            ):
                with pytest.raises(ValueError) as error:
                    call()
                assert str(error.value) == words
            assert cli('train', path) == (2, '', f'error: {words}\n')
            assert cli('train', SONNETS, '--validation', path) == (2, '', f'error: {words}\n')
    place.unlink()


def test_block_devices():
    with pytest.raises(ValueError, match=r'^/dev/x: is a block device, which may have no end'):
        check_kind('/dev/x', stat.S_IFBLK | 0o660)
    check_kind('pipe', stat.S_IFIFO | 0o600)


@pytest.mark.parametrize(('device', 'what'), [('/dev/zero', 'a character device'), ('terminal', 'the keyboard')])
def test_standard_input_that_is_a_device(monkeypatch, device, what):
    ours, theirs = os.openpty()
    with open(theirs if device == 'terminal' else device) as stdin:
        monkeypatch.setattr(sys, 'stdin', stdin)
        with pytest.raises(ValueError, match=f'^standard input(:|) is {what}'):
            read_prompt('-')
    os.close(ours)


def test_standard_input_that_is_closed(monkeypatch):
    monkeypatch.setattr(sys, 'stdin', None)
    with pytest.raises(ValueError, match=r'^standard input is closed; name a file or a pipe$'):
        read_prompt('-')


def test_standard_input_that_is_a_file_or_a_pipe(monkeypatch):
    with open(SONNETS) as stdin:
        monkeypatch.setattr(sys, 'stdin', stdin)
        assert read_prompt('-') == TEXT
    out, into = os.pipe()
    thread = write(into, [b'abc\r\n', b'd'])
    with open(out) as stdin:
        monkeypatch.setattr(sys, 'stdin', stdin)
        assert read_prompt('-') == 'abc\nd'
    thread.join()


# free room


@pytest.mark.parametrize(
    ('free', 'total', 'size', 'fits'),
    [
        (2**29, 2**40, 2**28, True),
        (2**29, 2**40, 2**28 + 1, False),
        (30, 100, 25, True),  # on a small disk 5 % stay free
        (30, 100, 26, False),
    ],
)
def test_room(monkeypatch, free, total, size, fits):
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: Usage(total, total - free, free))
    if fits:
        return check_room('x', size)
    with pytest.raises(OSError, match=f'No space left on device for {size:,} more bytes, {free:,} are free') as error:
        check_room('x', size)
    assert error.value.errno == errno.ENOSPC


def endless(monkeypatch, room):
    """A stream without an end, and a disk with ``room`` bytes beyond the reserve."""
    read = []

    class Endless:
        def read(self, size):
            read.append(size)
            return bytes(size) if len(read) < 100 else b''

    monkeypatch.setattr(pipes, 'CHUNK', 1000)
    usage = lambda folder: Usage(2**40, 0, pipes.RESERVE + room - 1000 * (len(read) - 1))  # noqa: E731
    monkeypatch.setattr(shutil, 'disk_usage', usage)
    return Endless(), read


def test_a_pipe_without_an_end(monkeypatch):
    stream, read = endless(monkeypatch, 5500)
    with pytest.raises(ValueError) as error:
        copy_of('pipe', stream)
    folder = pipes.tempfile.gettempdir()
    assert str(error.value) == (
        f'pipe: no room in {folder} after 5,000 bytes of this pipe (No space left on device for 1,000 more bytes, '
        f'{pipes.RESERVE + 500:,} are free); name a file, or another folder with TMPDIR'
    )
    assert len(read) == 6


def test_a_named_pipe_without_an_end(monkeypatch, fifo):
    """The program that writes to it can end."""
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: Usage(2**40, 0, pipes.RESERVE - 1))
    thread = write(fifo, [bytes(1000)] * 5000)
    with pytest.raises(ValueError, match=f'^{fifo}: no room in .* after 0 bytes of this pipe .No space left'):
        open_corpus(fifo)
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize('code', [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_disk_that_fills_up_meanwhile(monkeypatch, code):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(pipes.tempfile, 'TemporaryFile', Full)
    with pytest.raises(ValueError, match=f'^x: no room in .* after 0 bytes of this pipe .{os.strerror(code)}.; name'):
        copy_of('x', io.BytesIO(b'abc'))


def test_encoding_stops_before_the_cache_is_full(tmp_path, monkeypatch):
    """A text that fits in memory is still accepted."""
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: Usage(2**40, 0, pipes.RESERVE + len(TEXT) - 1))
    corpus = open_corpus(SONNETS)
    assert f'cannot be written (No space left on device for {len(TEXT):,} more bytes, ' in corpus.note
    assert np.array_equal(corpus.ids, Corpus.of(TEXT).ids) and not list((tmp_path / 'cache' / 'corpora').iterdir())


# programs that write


@pytest.mark.parametrize(('opened', 'pause'), [(0, 0), (0, 0.05), (0.05, 0), (0.05, 0.05)])
def test_a_named_pipe(fifo, opened, pause):
    """The writing program may start before or after, and may write later."""
    parts = [TEXT[:500].encode(), TEXT[500:].encode()]
    thread = write(fifo, parts, opened, pause)
    corpus = open_corpus(fifo)
    thread.join()
    assert np.array_equal(corpus.ids, Corpus.of(TEXT).ids)


def test_no_program_writes(monkeypatch, fifo, cli):
    """A warning comes first, then an error."""
    monkeypatch.setattr(pipes, 'TELL', 0.05)
    monkeypatch.setattr(pipes, 'WAIT', 0.1)
    code, out, err = cli('train', fifo)
    assert (code, out) == (2, '')
    assert err == (
        f'warning: {fifo}: waiting for a program to write to this pipe\n'
        f'error: {fifo}: no program writes to this pipe; start one, or name a file\n'
    )


def test_a_program_writes_late(monkeypatch, fifo):
    monkeypatch.setattr(pipes, 'TELL', 0.02)
    thread = write(fifo, [TEXT.encode()], opened=0.2)
    with pytest.warns(RuntimeWarning, match='waiting for a program to write to this pipe'):
        corpus = open_corpus(fifo)
    thread.join()
    assert np.array_equal(corpus.ids, Corpus.of(TEXT).ids)


@pytest.mark.filterwarnings('ignore:.*waiting for a program')
def test_a_run_whose_text_came_through_a_pipe(tmp_path, monkeypatch, fifo):
    """Resuming does not hang. The run resumes with the same text from a pipe or a file."""
    run_to(begin(tmp_path / 'whole'))
    for name, files in (('again', None), ('file', SONNETS)):
        thread = write(fifo, [TEXT.encode()])
        run_to(begin(tmp_path / name, text=fifo), 20)
        thread.join()
        with pytest.raises(
            ValueError, match=r'not a regular file, but .* names it as its text; name the text yourself'
        ):
            fastrnn.resume(tmp_path / name)
        with monkeypatch.context() as patch, pytest.raises(ValueError, match='no program writes to this pipe'):
            patch.setattr(pipes, 'WAIT', 0.05)
            fastrnn.resume(tmp_path / name, fifo)
        thread = write(fifo, [TEXT.encode()]) if files is None else None
        run_to(fastrnn.resume(tmp_path / name, files or fifo))
        if thread is not None:
            thread.join()
        assert contents(tmp_path / name) == contents(tmp_path / 'whole')
