"""Compiled kernels are loaded only if no other user can write them."""

import pickle
import shutil
from pathlib import Path

import pytest
from caches import folder, mode_of
from helpers import run_python

from fastrnn.engines import diagnosis
from fastrnn.kernels import jit


class Planted:
    """Unpickling it creates a file."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def plus_two(x):
    return x + 2


def compiled():
    kernel = jit.jit(plus_two)
    assert kernel(40) == 42


def test_a_foreign_kernel_is_not_run(place, monkeypatch, tmp_path):
    """Only one in the user's own folder is. If others can write to the folder, a temporary one is used."""
    monkeypatch.setenv('FASTRNN_CACHE', str(place / 'cache'))
    kernels, note = jit.cache_folder()
    assert mode_of(kernels) == mode_of(place / 'cache') == 0o700 and note == str(kernels)
    monkeypatch.setattr(jit, 'CACHE_FOLDER', kernels)
    compiled()
    (index,) = kernels.rglob('*.nbi')
    index.write_bytes(pickle.dumps(Planted(tmp_path / 'mark')))
    compiled()
    assert (tmp_path / 'mark').exists()
    (tmp_path / 'mark').unlink()
    index.write_bytes(pickle.dumps(Planted(tmp_path / 'mark')))
    (place / 'cache').chmod(0o777)
    with pytest.warns(RuntimeWarning, match='other users can write to .*; run chmod go-w') as caught:
        temporary, note = jit.cache_folder()
    assert str(caught[0].message) == note and note.startswith('every run compiles the kernels again: ')
    assert '\n' not in note and mode_of(temporary) == 0o700
    monkeypatch.setattr(jit, 'CACHE_FOLDER', temporary)
    compiled()
    assert list(temporary.rglob('*.nbi')) and not (tmp_path / 'mark').exists()
    monkeypatch.setattr(jit, 'CACHE_NOTE', note)
    assert diagnosis.facts()['kernels'] == note
    shutil.rmtree(temporary)


def test_a_temporary_folder_is_removed_with_the_process(tmp_path):
    code = 'from fastrnn.kernels import jit; print(jit.temporary_folder().is_dir())'
    done = run_python('-c', code, TMPDIR=str(folder(tmp_path / 'tmp', 0o700)))
    assert (done.returncode, done.stdout) == (0, b'True\n') and not list((tmp_path / 'tmp').iterdir())


def test_no_temporary_folder_either(place, monkeypatch):
    """Then kernels are not saved."""
    monkeypatch.setattr('tempfile.tempdir', str(folder(place / 'tmp', 0o777)))
    assert jit.temporary_folder() is None
    monkeypatch.setattr('tempfile.tempdir', str(place / 'none'))
    assert jit.temporary_folder() is None
