"""Reading files of strangers never waits and never fills memory. Errors say what the file is."""

import os
import socket
import subprocess
import sys

import pytest
from helpers import refusal
from kept import begin, run_to

from fastrnn.model.checkpoint import load_model
from fastrnn.model.run_files import BEST, checkpoints
from fastrnn.runs.curves import read_run
from fastrnn.system import reading
from fastrnn.system.reading import NotRegular, open_regular, read_bytes, same_contents

KINDS = ('pipe', 'link to a pipe', 'device', 'socket', 'folder', 'nowhere', 'loop')
TERABYTE = 1 << 40
AGAIN = 'checkpoint-000000099.safetensors'  # newer than all checkpoints of the run


def put(path, kind):
    """Replace a file by something that is not a regular file."""
    path.unlink(missing_ok=True)
    if kind == 'pipe':
        os.mkfifo(path)
    elif kind == 'link to a pipe':
        path.with_name('elsewhere').exists() or os.mkfifo(path.with_name('elsewhere'))
        path.symlink_to('elsewhere')
    elif kind == 'socket':
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(path))
    elif kind == 'folder':
        path.mkdir()
    else:
        path.symlink_to({'device': '/dev/zero', 'nowhere': 'nothing', 'loop': path.name}[kind])


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket has to be short
    return run_to(begin(tmp_path / 'run', iterations=12)).folder.path


@pytest.mark.parametrize('kind', KINDS)
def test_only_regular_files_are_opened(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    put(tmp_path / 'x', kind)
    with pytest.raises(OSError) as caught:
        read_bytes(tmp_path / 'x', 100)
    assert caught.value.strerror
    assert isinstance(caught.value, NotRegular) == (kind in ('pipe', 'link to a pipe', 'device', 'socket'))
    with pytest.raises(OSError):
        same_contents(tmp_path / 'x', __file__)


def test_a_file_that_is_replaced_meanwhile(tmp_path, monkeypatch):
    """The opened file is checked, not only the name before."""
    (tmp_path / 'x').write_text('a')
    state = os.stat(tmp_path / 'x')
    put(tmp_path / 'x', 'pipe')
    monkeypatch.setattr(reading.os, 'stat', lambda _: state)
    before = os.listdir('/proc/self/fd')
    with pytest.raises(NotRegular, match='is a pipe, not a regular file'):
        open_regular(tmp_path / 'x')
    assert os.listdir('/proc/self/fd') == before


def test_a_limit(tmp_path):
    """Limits the bytes that are read, whatever size the system reports."""
    path = tmp_path / 'x'
    path.write_bytes(b'12345')
    assert read_bytes(path, 5) == b'12345'
    for limit, place in ((4, path), (10, '/proc/self/status')):
        with pytest.raises(OSError, match='is larger than'):
            read_bytes(place, limit)
    os.truncate(path, TERABYTE)
    with pytest.raises(OSError, match='is larger than'):
        read_bytes(path, reading.SMALL)


def test_same_contents(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, 'PIECE', 2)
    for name, data in {'a': b'12345', 'b': b'12345', 'c': b'12346', 'd': b'123', 'e': b''}.items():
        (tmp_path / name).write_bytes(data)
    same = [other for other in 'abcde' if same_contents(tmp_path / 'a', tmp_path / other)]
    assert same == ['a', 'b'] and same_contents(tmp_path / 'e', tmp_path / 'e')


@pytest.mark.parametrize('kind', KINDS)
def test_a_newer_checkpoint_of_a_stranger(run, cli, kind):
    """Ignored next to the best model. Without a best model it is an error; a run is not resumed from it."""
    put(run / AGAIN, kind)
    assert cli('sample', run, '--length', 5)[0] == 0
    (run / BEST).unlink()
    for command in (('sample', run), ('train', '--resume', run), ('train', __file__, '--from', run)):
        message = refusal(cli, *command)
        assert str(run / AGAIN) in message
        assert checkpoints(run)[-2].name in message


@pytest.mark.parametrize('kind', KINDS)
def test_every_file_of_a_run_folder(run, cli, kind):
    for name in ('config.json', 'log.jsonl', BEST):
        aside = (run / name).rename(run.parent / name)
        put(run / name, kind)
        if name != BEST:
            assert refusal(cli, 'plot', run, '--out', 'x.svg').startswith(f'{run}/')
            assert refusal(cli, 'train', '--resume', run).startswith(str(run))
        elif kind not in ('nowhere', 'loop'):  # these are not a best model
            assert str(run / BEST) in refusal(cli, 'sample', run)
        (run / name).rmdir() if kind == 'folder' else (run / name).unlink()
        aside.rename(run / name)


def test_files_of_a_terabyte(run, cli):
    """Sparse files are refused by their size, without being read."""
    for name in (BEST, 'config.json', checkpoints(run)[-1].name):
        os.truncate(run / name, TERABYTE)
    assert 'damaged' in refusal(cli, 'sample', run)
    assert 'is larger than 67.1 MB' in refusal(cli, 'train', '--resume', run)
    with pytest.raises(ValueError, match='damaged'):
        load_model(checkpoints(run)[-1])
    (run / BEST).write_bytes(b'')
    os.truncate(run / BEST, TERABYTE)
    assert 'not a model' in refusal(cli, 'sample', run)
    with pytest.raises(ValueError, match='is larger than'):
        read_run(run)


def test_a_header_that_promises_a_terabyte(tmp_path):
    """With less memory than that: an error of one line, and the process is not killed."""
    header = b'{"__metadata__":{"format":"1","vocabulary":"[]"},"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}'
    header %= TERABYTE, TERABYTE
    (tmp_path / 'x').write_bytes(len(header).to_bytes(8, 'little') + header)
    os.truncate(tmp_path / 'x', 8 + len(header) + TERABYTE)
    code = 'import resource as r, sys; r.setrlimit(r.RLIMIT_AS, (1 << 32, 1 << 32))\n'
    code += 'from fastrnn.model.safetensors_file import read; from pathlib import Path; read(Path(sys.argv[1]))'
    done = subprocess.run([sys.executable, '-c', code, tmp_path / 'x'], capture_output=True, text=True)
    assert 'is too large for the memory of this machine' in done.stderr.splitlines()[-1]


@pytest.mark.parametrize('hidden', [False, True])
def test_bytes_at_an_offset(tmp_path, monkeypatch, hidden):
    """Also without preadv, when threads share the position of a file."""
    (tmp_path / 'file').write_bytes(bytes(range(200)))
    if hidden:
        monkeypatch.delattr(os, 'preadv', raising=False)
    with open(tmp_path / 'file', 'rb') as file:
        for offset, size, found in ((150, 30, 30), (3, 5, 5), (190, 30, 10), (300, 4, 0)):
            room = bytearray(size)
            assert reading.read_at(file.fileno(), offset, memoryview(room)) == found
            assert room[:found] == bytes(range(200))[offset : offset + size]
