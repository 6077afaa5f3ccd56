"""Files that appear whole or not at all, with the mode that the system gives new files."""

import errno
import os
import stat
from contextlib import nullcontext

import pytest

from fastrnn.system.atomic import write_atomically


@pytest.fixture
def umask():
    """Set the process's umask for a test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize('mask', [0o022, 0o002, 0o077, 0o000])
def test_the_mode_is_that_of_any_new_file(tmp_path, umask, mask):
    umask(mask)
    write_atomically(tmp_path / 'ours', b'new')
    (tmp_path / 'any').touch()
    assert (tmp_path / 'ours').stat().st_mode == (tmp_path / 'any').stat().st_mode
    assert stat.S_IMODE((tmp_path / 'ours').stat().st_mode) == 0o666 & ~mask


def test_the_umask_is_never_touched(tmp_path, monkeypatch):
    """It is the process's: another thread's files would get the mode that was meant for ours."""
    monkeypatch.setattr(os, 'umask', lambda mask: pytest.fail('the umask was changed'))
    write_atomically(tmp_path / 'file', b'new')
    assert (tmp_path / 'file').read_bytes() == b'new'


def test_a_link_is_replaced_and_not_followed(tmp_path):
    (tmp_path / 'other').write_bytes(b'of somebody else')
    (tmp_path / 'file').symlink_to('other')
    write_atomically(tmp_path / 'file', b'new')
    assert (tmp_path / 'other').read_bytes() == b'of somebody else'
    assert not (tmp_path / 'file').is_symlink() and (tmp_path / 'file').read_bytes() == b'new'


@pytest.mark.parametrize('call', ['open', 'fsync', 'replace'])
@pytest.mark.parametrize('error', [OSError(28, 'No space left on device'), KeyboardInterrupt()])
def test_what_was_there_stays(tmp_path, monkeypatch, call, error):
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
def test_a_file_system_that_syncs_no_folders(tmp_path, monkeypatch, code):
    """Files are as whole as they can be there; a disk that fails is told."""
    fsync = os.fsync

    def files_only(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        fsync(descriptor)

    monkeypatch.setattr(os, 'fsync', files_only)
    with pytest.raises(OSError, match='Input/output') if code == errno.EIO else nullcontext():
        write_atomically(tmp_path / 'file', b'whole')
    assert (tmp_path / 'file').read_bytes() == b'whole' and len(list(tmp_path.iterdir())) == 1
