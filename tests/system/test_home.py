"""Without a home folder, kernels and texts are kept in a private temporary folder, with a warning."""

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
    """A folder for temporary files; the user's cache folder is unknown."""
    for name in ('FASTRNN_CACHE', 'XDG_CACHE_HOME', 'HOME'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, 'getpwuid', {}.__getitem__)  # KeyError, as for a user without an entry
    monkeypatch.setattr('tempfile.tempdir', str(folder(place / 'tmp', 0o1777)))
    home._users_cache.cache_clear()
    yield place / 'tmp'
    home._users_cache.cache_clear()


def chosen():
    """Choose a folder; returns it and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        found = default_root()
    return found, [str(warning.message) for warning in caught]


def private(temporary, reason):
    """True if the folder with the user's id is chosen, with one warning."""
    place, said = chosen()
    assert said == [f'{reason}: kernels and encoded texts are kept in {place}; name another folder with FASTRNN_CACHE']
    again, silence = chosen()
    assert again == place and not silence
    return place == temporary / f'fastrnn-{os.geteuid()}' and mode_of(place) == 0o700


@pytest.mark.parametrize('variables', [{}, {'HOME': 'some/where'}, {'XDG_CACHE_HOME': 'some/where'}])
def test_without_a_home(temporary, monkeypatch, variables):
    """A relative path counts as no home."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert private(temporary, 'the user has no home folder')
    home._users_cache.cache_clear()
    assert private(temporary, 'the user has no home folder')  # the next process finds the same


def test_a_relative_cache_counts_as_not_set(temporary, monkeypatch, tmp_path):
    monkeypatch.setenv('HOME', str(folder(tmp_path / 'home')))
    monkeypatch.setenv('XDG_CACHE_HOME', 'some/where')
    monkeypatch.setattr('platformdirs.user_cache_dir', lambda name: f'some/where/{name}')  # as in older versions
    assert chosen() == (tmp_path / 'home' / '.cache' / 'fastrnn', [])
    assert not list((tmp_path / 'home').iterdir())  # nothing is created


@pytest.mark.parametrize('which', ['file', 'below a file', 'link to nowhere', 'read-only'])
def test_a_cache_folder_that_cannot_be_created(temporary, monkeypatch, tmp_path, which):
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
    """If another user has created it first, the run gets a new folder."""
    taken = temporary / f'fastrnn-{os.geteuid()}'
    if which == 'link':
        taken.symlink_to(folder(tmp_path / 'elsewhere', 0o777))
    else:
        folder(taken, 0o755 if which == 'readable' else 0o700)
    owners |= {taken: 12345} if which == 'of others' else {}
    place, (said,) = chosen()
    assert place.parent == temporary and place != taken and mode_of(place) == 0o700 and str(place) in said


def test_a_fork_does_not_remove_it(tmp_path):
    """The parent process still uses the folder."""
    for process, there in ((os.getpid() + 1, True), (os.getpid(), False)):
        (tmp_path / 'kept').mkdir(exist_ok=True)
        home._remove(tmp_path / 'kept', process)
        assert (tmp_path / 'kept').exists() is there


def test_nothing_can_be_written(temporary, monkeypatch, tmp_path):
    """The result is the folder that is not writable."""
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path / 'file' / 'tmp'))
    monkeypatch.setenv('HOME', str(tmp_path / 'file'))
    (tmp_path / 'file').touch()
    assert chosen() == (tmp_path / 'file' / '.cache' / 'fastrnn', [])


@pytest.mark.parametrize('value, expected', [('/', None), ('', None), ('home', None), ('/home/of', Path('/home/of'))])
def test_home(monkeypatch, value, expected):
    """In containers it may be the root folder: this must not shorten paths."""
    monkeypatch.setenv('HOME', value)
    monkeypatch.setattr(pwd, 'getpwuid', {}.__getitem__)
    assert home.home() == expected
