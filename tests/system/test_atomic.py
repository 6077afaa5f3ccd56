"""Atomic writes, with the mode of any new file."""

import errno
import os
import stat
from contextlib import nullcontext
from pathlib import Path

import pytest

from fastrnn.system import atomic
from fastrnn.system.atomic import write_atomically


@pytest.fixture
def umask():
    """Set the process's umask for a test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize('mask', [0o022, 0o002, 0o077, 0o000])
def test_the_mode_is_that_of_new_files(tmp_path, umask, mask):
    umask(mask)
    write_atomically(tmp_path / 'ours', b'new')
    (tmp_path / 'any').touch()
    assert (tmp_path / 'ours').stat().st_mode == (tmp_path / 'any').stat().st_mode
    assert stat.S_IMODE((tmp_path / 'ours').stat().st_mode) == 0o666 & ~mask


def test_the_umask_is_never_changed(tmp_path, monkeypatch):
    """It belongs to the process: files of other threads would get the wrong mode."""
    monkeypatch.setattr(os, 'umask', lambda mask: pytest.fail('the umask was changed'))
    write_atomically(tmp_path / 'file', b'new')
    assert (tmp_path / 'file').read_bytes() == b'new'


def test_links_are_replaced_not_followed(tmp_path):
    (tmp_path / 'other').write_bytes(b'of somebody else')
    (tmp_path / 'file').symlink_to('other')
    write_atomically(tmp_path / 'file', b'new')
    assert (tmp_path / 'other').read_bytes() == b'of somebody else'
    assert not (tmp_path / 'file').is_symlink() and (tmp_path / 'file').read_bytes() == b'new'


@pytest.mark.parametrize('call', ['open', 'fsync', 'replace'])
@pytest.mark.parametrize('error', [OSError(28, 'No space left on device'), KeyboardInterrupt()])
def test_errors_keep_the_old_file(tmp_path, monkeypatch, call, error):
    (tmp_path / 'file').write_bytes(b'old')

    def fail(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(type(error)) as caught:
            write_atomically(tmp_path / 'file', b'new')
    assert [path.name for path in tmp_path.iterdir()] == ['file'] and (tmp_path / 'file').read_bytes() == b'old'
    if isinstance(error, OSError):
        assert caught.value.filename == str(tmp_path / 'file')


@pytest.mark.parametrize('code', [errno.EINVAL, errno.ENOTSUP, errno.EIO])
def test_file_systems_that_cannot_sync_folders(tmp_path, monkeypatch, code):
    """Files are written; errors of the disk are raised."""
    fsync = os.fsync

    def files_only(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        fsync(descriptor)

    monkeypatch.setattr(os, 'fsync', files_only)
    with pytest.raises(OSError, match='Input/output') if code == errno.EIO else nullcontext():
        write_atomically(tmp_path / 'file', b'whole')
    assert (tmp_path / 'file').read_bytes() == b'whole' and len(list(tmp_path.iterdir())) == 1


class InUse(PermissionError):
    """Windows raises this for a file that a program has open."""

    winerror = 32


@pytest.fixture
def busy(monkeypatch):
    """Make the first tries to rename or remove a file fail; returns the number of tries left."""
    left, replace, unlink = [0], os.replace, Path.unlink

    def busy_for_a_while(call):
        def tried(*args, **options):
            if left[0] > 0:
                left[0] -= 1
                raise InUse(13, 'Permission denied')
            return call(*args, **options)

        return tried

    monkeypatch.setattr(os, 'replace', busy_for_a_while(replace))
    monkeypatch.setattr(Path, 'unlink', busy_for_a_while(unlink))
    monkeypatch.setattr(atomic, 'WAIT', 0)
    return left


def test_retries_if_a_file_is_open_on_windows(tmp_path, busy):
    for call in (
        lambda path: atomic.write_atomically(path, b'new'),
        lambda path: atomic.link_atomically(path, path.with_name('link')),
        lambda path: atomic.replace(path, path.with_name('other')),
        lambda path: atomic.remove(path.with_name('other')),
    ):
        busy[0] = atomic.TRIES
        call(tmp_path / 'file')
    assert [path.name for path in tmp_path.iterdir()] == ['link']


def test_fails_if_a_file_stays_open_on_windows(tmp_path, busy):
    busy[0] = atomic.TRIES + 1
    with pytest.raises(PermissionError, match=r'Permission denied: .*file'):
        atomic.write_atomically(tmp_path / 'file', b'new')
    assert list(tmp_path.iterdir()) == []


def test_without_permission_fails_at_once(tmp_path, monkeypatch):
    """Only an open file on Windows is retried."""

    def refused(*_):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(os, 'replace', refused)
    monkeypatch.setattr(atomic, 'WAIT', 60)
    with pytest.raises(PermissionError):
        atomic.replace(tmp_path / 'file', tmp_path / 'other')
