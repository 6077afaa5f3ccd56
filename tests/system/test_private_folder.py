"""Folders are trusted only if no other user can have written to them."""

import grp
import os
import pwd
from pathlib import Path

import pytest
from caches import folder, mode_of

from fastrnn.system import private_folder
from fastrnn.system.private_folder import NotPrivate, exposed, make_private

OTHER = 12345  # id of a user or a group


@pytest.fixture
def umask():
    """A umask that lets the group write."""
    before = os.umask(0o002)
    yield
    os.umask(before)


@pytest.mark.usefixtures('umask')
def test_creates_a_folder_for_this_user_only(place):
    """And missing folders above it."""
    make_private(place / 'a' / 'b')
    assert mode_of(place / 'a') == mode_of(place / 'a' / 'b') == 0o700
    assert exposed(place / 'a' / 'b') == exposed(place / 'a' / 'none yet') == ''
    make_private(place / 'a' / 'b')


def test_folders_with_usual_modes_are_accepted(place):
    """Older versions created such folders."""
    folder(place / 'cache')
    (folder(place / 'cache' / 'kernels') / 'file').touch(0o644)
    make_private(place / 'cache' / 'kernels')
    assert mode_of(place / 'cache' / 'kernels') == 0o755


OPEN = {'the world': 0o707, 'a group': 0o770, 'both': 0o777}


@pytest.mark.parametrize('mode', OPEN.values(), ids=OPEN)
@pytest.mark.parametrize('which', ['cache', 'cache/kernels'])
def test_folders_that_others_can_write_to(place, mode, which):
    """The folder itself, or the one above it, in which it could be replaced."""
    folder(place / 'cache' / 'kernels')
    folder(place / which, mode)
    with pytest.raises(NotPrivate) as error:
        make_private(place / 'cache' / 'kernels')
    assert error.value.strerror == (
        f'other users can write to {place / which}; run chmod go-w {place / which}, '
        'or name another folder with FASTRNN_CACHE'
    )
    (place / which).chmod(0o755)
    make_private(place / 'cache' / 'kernels')


@pytest.mark.usefixtures('umask')
def test_nothing_is_created_where_others_can_write(place):
    folder(place / 'cache', 0o777)
    with pytest.raises(NotPrivate):
        make_private(place / 'cache' / 'kernels')
    assert not list((place / 'cache').iterdir())


def test_a_sticky_folder(place):
    """As /tmp: other users can add files, but not replace any."""
    folder(place / 'tmp', 0o1777)
    make_private(place / 'tmp' / 'kernels')
    assert exposed(place / 'tmp').endswith('tmp; name another folder with FASTRNN_CACHE')


@pytest.mark.parametrize('whose', ['cache', 'cache/kernels', 'link', 'cache/kernels/file', 'cache/kernels/sub/file'])
def test_files_of_other_users(place, owners, whose):
    """Folders, links and files, even if other users can't write to them now."""
    (folder(place / 'cache' / 'kernels' / 'sub') / 'file').touch()
    (place / 'cache' / 'kernels' / 'file').touch()
    (place / 'link').symlink_to('cache')
    kernels = place / 'link' / 'kernels'
    kernels.chmod(0o700)
    assert exposed(kernels) == ''
    owners[place / whose] = OTHER
    if whose.endswith('file'):
        assert exposed(kernels) == f'other users may have written {place / whose}; remove {place / "cache" / "kernels"}'
    else:
        assert exposed(kernels) == f'{place / whose} belongs to another user; name another folder with FASTRNN_CACHE'
    owners[place / whose] = private_folder.ROOT
    assert exposed(kernels) == ''


def test_contents_that_others_can_write_to(place):
    """If they can enter the folder; a shut folder protects everything below it."""
    (folder(place / 'kernels') / 'file').touch()
    (place / 'kernels' / 'file').chmod(0o666)
    assert exposed(place / 'kernels').endswith(f'file; remove {place / "kernels"}')
    (place / 'kernels').chmod(0o700)
    assert exposed(place / 'kernels') == ''
    folder(place / 'kernels' / 'sub', 0o777)
    assert exposed(place / 'kernels' / 'sub') == ''
    (place / 'kernels').chmod(0o711)
    assert exposed(place / 'kernels' / 'sub').startswith('other users can write to ')


@pytest.mark.parametrize('target', ['../open/inner', '{place}/open/inner', '../a/second'])
def test_links_are_followed(place, target):
    """Through a folder that others can write to; a shut folder around the link does not help."""
    folder(place / 'open' / 'inner')
    folder(place / 'a')
    (place / 'a' / 'link').symlink_to(target.format(place=place))
    (place / 'a' / 'second').symlink_to('../a/../open/inner')
    (place / 'a').chmod(0o700)
    assert exposed(place / 'a' / 'link' / 'kernels') == ''
    (place / 'open').chmod(0o777)
    assert exposed(place / 'a' / 'link' / 'kernels').startswith(f'other users can write to {place / "open"}; ')
    assert exposed(place / 'a' / 'link' / '..' / '..' / 'a') != exposed(place / 'a') == ''


def test_links_in_a_circle(place):
    (place / 'one').symlink_to('two')
    (place / 'two').symlink_to('one')
    with pytest.raises(OSError, match='Too many levels of symbolic links'):
        exposed(place / 'one' / 'kernels')


def test_relative_paths(place, monkeypatch):
    monkeypatch.chdir(folder(place / 'cache', 0o777))
    assert exposed(Path('kernels')).startswith(f'other users can write to {place / "cache"}; ')


@pytest.mark.parametrize(
    ('name', 'members', 'primary', 'rights', 'alone'),
    [
        ('me', [], [], [], True),
        ('me', ['me'], ['me'], [], True),
        ('me', ['me', 'you'], [], [], False),
        ('me', [], ['you'], [], False),
        ('users', [], [], [], False),
        ('me', [], [], [private_folder.ACL], False),
        (None, [], [], [], False),
    ],
)
def test_groups(place, monkeypatch, name, members, primary, rights, alone):
    """A group with only this user, as many systems create, is safe; a group with other users is not."""
    folder(place / 'cache', 0o775)
    gid = (place / 'cache').stat().st_gid

    def user(name, gid=gid):
        return pwd.struct_passwd((name, 'x', os.geteuid(), gid, '', '', ''))

    def group(number):
        if name is None:
            raise KeyError(number)
        return grp.struct_group((name, 'x', gid, members))

    monkeypatch.setattr(pwd, 'getpwuid', lambda _: user('me'))
    monkeypatch.setattr(pwd, 'getpwall', lambda: [user('me'), user('he', OTHER), *map(user, primary)])
    monkeypatch.setattr(grp, 'getgrgid', group)
    monkeypatch.setattr(os, 'listxattr', lambda _: rights, raising=False)
    assert (exposed(place / 'cache' / 'kernels') == '') == alone
    (place / 'cache').chmod(0o777)
    assert exposed(place / 'cache' / 'kernels').startswith('other users can write to ')


def test_users_are_listed_only_once(place, monkeypatch):
    """A directory service may list 100,000 users."""
    lists, uid, gid = [], os.geteuid(), place.stat().st_gid
    me = pwd.struct_passwd(('me', 'x', uid, gid, '', '', ''))
    monkeypatch.setattr(pwd, 'getpwuid', lambda _: me)
    monkeypatch.setattr(grp, 'getgrgid', lambda _: grp.struct_group(('me', 'x', gid, [])))
    monkeypatch.setattr(pwd, 'getpwall', lambda: lists.append(1) or [me])
    texts = folder(place / 'cache' / 'corpora')
    assert exposed(texts) == '' and not lists  # only this user may write there
    for number in range(9):
        (texts / f'{number}').touch()
        (texts / f'{number}').chmod(0o664)
    for path in (place / 'cache', texts):
        path.chmod(0o775)
    assert exposed(texts) == exposed(texts) == ''
    assert lists == [1]


def test_a_user_without_a_name(place, monkeypatch):
    """As in containers: every group may have other users."""
    monkeypatch.setattr(pwd, 'getpwuid', {}.__getitem__)
    assert exposed(folder(place / 'cache', 0o770) / 'kernels').startswith('other users can write to ')
    assert exposed(folder(place / 'cache', 0o755) / 'kernels') == ''


def test_systems_without_owners(place, monkeypatch):
    monkeypatch.delattr(os, 'geteuid')
    make_private(folder(place / 'cache', 0o777) / 'kernels')
