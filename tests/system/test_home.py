"""Where there is no home: kernels and texts are kept in a private temporary folder, and it is said."""

import os
import pwd
import warnings
from pathlib import Path

import pytest
from caches import folder, mode_of

from fastrnn.system import home
from fastrnn.system.cache_folder import default_root


@pytest.fixture
def temporary(place, monkeypatch):
    """A folder for temporary files; nothing says where the user's cache is."""
    for name in ('FASTRNN_CACHE', 'XDG_CACHE_HOME', 'HOME'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, 'getpwuid', {}.__getitem__)  # KeyError, as of a user without an entry
    monkeypatch.setattr('tempfile.tempdir', str(folder(place / 'tmp', 0o1777)))
    home._users_cache.cache_clear()
    yield place / 'tmp'
    home._users_cache.cache_clear()


def chosen():
    """The folder, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        found = default_root()
    return found, [str(warning.message) for warning in caught]


def private(temporary, reason):
    """Whether the folder of the user's number is taken, and named once."""
    place, said = chosen()
    assert said == [f'{reason}: kernels and encoded texts are kept in {place}; name another folder with FASTRNN_CACHE']
    again, silence = chosen()
    assert again == place and not silence
    return place == temporary / f'fastrnn-{os.geteuid()}' and mode_of(place) == 0o700


@pytest.mark.parametrize('variables', [{}, {'HOME': 'some/where'}, {'XDG_CACHE_HOME': 'some/where'}])
def test_without_a_home(temporary, monkeypatch, variables):
    """Nor is a relative one."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert private(temporary, 'the user has no home folder')
    home._users_cache.cache_clear()
    assert private(temporary, 'the user has no home folder')  # the next process finds the same


def test_a_relative_cache_counts_as_not_set(temporary, monkeypatch, tmp_path):
    monkeypatch.setenv('HOME', str(folder(tmp_path / 'home')))
    monkeypatch.setenv('XDG_CACHE_HOME', 'some/where')
    monkeypatch.setattr('platformdirs.user_cache_dir', lambda name: f'some/where/{name}')  # as older versions have it
    assert chosen() == (tmp_path / 'home' / '.cache' / 'fastrnn', [])
    assert not list((tmp_path / 'home').iterdir())  # nothing is made by looking


@pytest.mark.parametrize('which', ['file', 'below a file', 'link to nowhere', 'read-only'])
def test_a_cache_that_can_not_be(temporary, monkeypatch, tmp_path, which):
    place = tmp_path / 'xdg'
    if which == 'read-only':
        folder(place)
        monkeypatch.setattr(os, 'access', lambda path, mode: Path(path) != place)
    elif which == 'link to nowhere':
        place.symlink_to(tmp_path / 'nowhere')
    else:
        place.touch()
    value = place / 'deeper' if which == 'below a file' else place
    monkeypatch.setenv('XDG_CACHE_HOME', str(value))
    assert private(temporary, f'{value / "fastrnn"} cannot be written')


@pytest.mark.parametrize('which', ['of others', 'readable', 'link'])
def test_a_temporary_folder_that_is_not_private(temporary, owners, tmp_path, which):
    """Who took the name first: then the run has one of its own."""
    taken = temporary / f'fastrnn-{os.geteuid()}'
    if which == 'link':
        taken.symlink_to(folder(tmp_path / 'elsewhere', 0o777))
    else:
        folder(taken, 0o755 if which == 'readable' else 0o700)
    owners |= {taken: 12345} if which == 'of others' else {}
    place, (said,) = chosen()
    assert place.parent == temporary and place != taken and mode_of(place) == 0o700 and str(place) in said


def test_a_fork_does_not_remove_it(tmp_path):
    """It ends before the process whose folder it is."""
    for process, there in ((os.getpid() + 1, True), (os.getpid(), False)):
        (tmp_path / 'kept').mkdir(exist_ok=True)
        home._remove(tmp_path / 'kept', process)
        assert (tmp_path / 'kept').exists() is there


def test_nothing_can_be_written(temporary, monkeypatch, tmp_path):
    """What is named is what could not be."""
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path / 'file' / 'tmp'))
    monkeypatch.setenv('HOME', str(tmp_path / 'file'))
    (tmp_path / 'file').touch()
    assert chosen() == (tmp_path / 'file' / '.cache' / 'fastrnn', [])


@pytest.mark.parametrize('value, expected', [('/', None), ('', None), ('home', None), ('/home/of', Path('/home/of'))])
def test_home(monkeypatch, value, expected):
    """That of a container may be the root: paths must not be shortened by it."""
    monkeypatch.setenv('HOME', value)
    monkeypatch.setattr(pwd, 'getpwuid', {}.__getitem__)
    assert home.home() == expected
