"""Locks of cache entries: no process waits, and no entry in use is removed."""

import errno
import fcntl
import io
import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock

from fastrnn.data.corpus import open_corpus
from fastrnn.system import locks
from fastrnn.system.cache_folder import shrink
from fastrnn.system.locks import can_lock, is_held, unused

pytestmark = pytest.mark.usefixtures('cache_root')


def test_a_briefly_locked_entry_is_found(cache_root, add_text, tmp_path):
    """If another process holds a lock for a moment, the entry is used after it."""
    folder, begun = add_text('a'), threading.Event()

    def look():
        with unused(folder / 'ids') as free:
            assert free
            begun.set()
            time.sleep(0.05)

    thread = threading.Thread(target=look)
    thread.start()
    begun.wait()
    assert open_corpus(tmp_path / 'a').note.startswith('encoded before')
    thread.join()


def test_an_entry_that_is_being_removed_is_created_again(cache_root, add_text, tmp_path, monkeypatch):
    folder = add_text('a')
    monkeypatch.setattr('fastrnn.system.locks.TRIES', 2)
    with unused(folder / 'ids') as free:
        assert free
        corpus = open_corpus(tmp_path / 'a')
    assert corpus.note.startswith('encoded into') and np.array_equal(corpus.ids, open_corpus(tmp_path / 'a').ids)


def test_without_locks(cache_root, add_text, monkeypatch):
    """Some file systems have none: texts are still used and removed."""

    def unsupported(*_):
        raise OSError(38, 'Function not implemented')

    monkeypatch.setattr('fastrnn.system.locks.fcntl.flock', unsupported)
    folder = add_text('a')
    assert folder.exists() and len(shrink(cache_root, 0)) == 1 and not folder.exists()


@pytest.mark.parametrize('code', [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK, errno.EIO])
def test_a_file_system_without_locks(tmp_path, monkeypatch, code):
    """Distinguished from a lock that another process holds."""
    path = tmp_path / 'lock'
    assert can_lock(path) and path.exists()
    with open(path) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert can_lock(path)

    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, 'flock', fail)
    assert not can_lock(path)
    (tmp_path / 'link').symlink_to('lock')
    with pytest.raises(OSError, match='symbolic link'):
        can_lock(tmp_path / 'link')


def test_held_locks_are_found_without_taking_any(tmp_path, monkeypatch):
    """Checking never makes another process's lock fail."""
    path = tmp_path / 'lock'
    assert not is_held(path)
    path.touch()
    monkeypatch.setattr(fcntl, 'flock', None)
    assert not is_held(path)
    monkeypatch.undo()
    with FileLock(path):
        assert is_held(path)
    path.touch()
    with open(path, 'rb') as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # a process that only checks
        assert not is_held(path)


def list_of_locks(monkeypatch, *places):
    """Let the system list a lock at each of these places."""
    text = ''.join(f'{k}: FLOCK  ADVISORY  WRITE 1309 {place} 0 EOF\n' for k, place in enumerate(places, 1))
    monkeypatch.setattr(locks, 'open', lambda *_, **__: io.StringIO(text), raising=False)


def test_the_devices_of_a_list_of_locks(monkeypatch):
    """The device must be the file's; of devices without a number of their own, only the first half."""
    disk, overlay = (SimpleNamespace(st_dev=os.makedev(*device), st_ino=77) for device in ((8, 2), (0, 48)))
    for place, on_disk, on_overlay in (
        ('08:02:77', True, False),
        ('08:01:77', False, False),
        ('00:30:77', False, True),
        ('00:1f:77', False, True),
        ('00:30:78', False, False),
    ):
        list_of_locks(monkeypatch, place)
        assert (locks._is_listed(disk), locks._is_listed(overlay)) == (on_disk, on_overlay), place


def test_lines_without_a_file_are_skipped(monkeypatch):
    list_of_locks(monkeypatch, '<none>:0', '08:02:77')
    assert locks._is_listed(SimpleNamespace(st_dev=os.makedev(8, 2), st_ino=77))
    list_of_locks(monkeypatch, '<none>:0')
    assert not locks._is_listed(SimpleNamespace(st_dev=os.makedev(8, 2), st_ino=77))


def test_a_lock_that_is_not_listed(tmp_path):
    """Such as a lock of another machine: the system is asked which lock would be in the way."""
    path = tmp_path / 'lock'
    path.touch()
    script = (
        f"import fcntl; file = open({str(path)!r}, 'r+'); fcntl.lockf(file, fcntl.LOCK_EX); print(flush=True); input()"
    )
    with subprocess.Popen([sys.executable, '-c', script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert is_held(path)
        process.communicate(b'\n')
    assert not is_held(path)


def test_names_that_are_not_files(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    (tmp_path / 'link').symlink_to('nowhere')
    assert [is_held(tmp_path / name) for name in ('pipe', 'link', '')] == [False] * 3


def test_a_system_without_locks(cache_root, add_text, tmp_path, monkeypatch):
    """On Windows, open files can't be removed: files are not opened to check for locks."""
    monkeypatch.setattr(locks, 'fcntl', None)
    folder, opened, open_file = add_text('a'), [], os.open
    monkeypatch.setattr(
        os, 'open', lambda path, *args, **options: opened.append(path) or open_file(path, *args, **options)
    )
    assert can_lock(tmp_path / 'lock') and not (tmp_path / 'lock').exists()
    assert open_corpus(tmp_path / 'a').note.startswith('encoded before')
    opened.clear()
    with unused(folder / 'ids') as free:
        assert free and opened == []
    assert len(shrink(cache_root, 0)) == 1 and not folder.exists()
