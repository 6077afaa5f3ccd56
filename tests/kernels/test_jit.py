"""The cache of compiled kernels: never stale, and neither damage nor missing rights stop a run."""

import errno
import gc
import platform
import shutil
from pathlib import Path

import numba
import pytest
from caches import fail
from helpers import run_python, start_python
from numba.extending import overload

from fastrnn.engines import diagnosis
from fastrnn.kernels import jit


def plus_one(x):
    return x + 1


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder instead of the user's cache."""
    monkeypatch.setattr(jit, 'CACHE_FOLDER', tmp_path)
    return tmp_path


def compiled():
    """Compile or load a tiny kernel; returns the number of loads."""
    kernel = jit.jit(plus_one)
    assert kernel(41) == 42
    return sum(kernel.stats.cache_hits.values())


def files(folder, suffix):
    return sorted(folder.rglob(f'*.{suffix}'))


def test_loads_what_was_compiled(folder):
    assert compiled() == 0
    assert len(files(folder, 'nbi')) == len(files(folder, 'nbc')) == 1
    assert compiled() == 1


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b'')


def scribble(path):
    path.write_bytes(bytes(range(256)) * 8)


def overwrite_middle(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 64] = b'\xff' * 64
    path.write_bytes(data)


def make_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize('suffix', ['nbi', 'nbc'])
@pytest.mark.parametrize(
    'damage',
    [
        truncate,
        overwrite_middle,
        Path.unlink,
        *(pytest.param(damage, marks=pytest.mark.long) for damage in (empty, scribble, make_folder)),
    ],
)
def test_damaged_files_are_compiled_again(folder, suffix, damage):
    compiled()
    for path in files(folder, suffix):
        damage(path)
    assert compiled() == 0
    if damage is not make_folder:
        assert compiled() == 1, 'not repaired'


def test_a_removed_folder(folder):
    compiled()
    shutil.rmtree(folder)
    assert compiled() == 0


def test_without_a_folder(monkeypatch):
    monkeypatch.setattr(jit, 'CACHE_FOLDER', None)
    assert compiled() == compiled() == 0


def test_a_folder_for_these_kernels(tmp_path, monkeypatch):
    """FASTRNN_CACHE names its parent, which is created if needed."""
    monkeypatch.setenv('FASTRNN_CACHE', str(tmp_path / 'some' / 'where'))
    folder, note = jit.cache_folder()
    assert folder == tmp_path / 'some' / 'where' / f'kernels-{jit.fingerprint()}'
    assert folder.is_dir() and not list(folder.iterdir())
    assert note == str(folder)


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    """Nothing can be created below a file, not even by root; ``fastrnn info`` says so."""
    file = tmp_path / 'file'
    file.touch()
    monkeypatch.setenv('FASTRNN_CACHE', str(file / 'cache'))
    with pytest.warns(RuntimeWarning, match='; name another folder with FASTRNN_CACHE') as caught:
        folder, note = jit.cache_folder()
    assert folder is None and str(caught[0].message).startswith(note)
    assert note == f'{file / "cache"} cannot be written (Not a directory); every run compiles the kernels again'
    monkeypatch.setattr(jit, 'CACHE_NOTE', note)
    assert diagnosis.facts()['kernels'] == note


@pytest.mark.long
def test_a_process_that_cannot_write(tmp_path):
    file = tmp_path / 'file'
    file.touch()
    imports = 'import numpy as np; from fastrnn.kernels import jit; from fastrnn.kernels.exact import vectors'
    code = f'{imports}; print(vectors.pairwise_sum(np.ones(20)), jit.CACHE_NOTE)'
    done = run_python('-c', code, FASTRNN_CACHE=str(file / 'cache'))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b'20.0') and b'cannot be written' in done.stdout
    assert done.stderr.count(b'RuntimeWarning') == 1 and b'name another folder with FASTRNN_CACHE' in done.stderr


def test_fingerprint_covers_every_source(tmp_path, monkeypatch):
    """Including sub-folders. Numba itself only detects changes of the file with the kernel."""
    before, place = jit.fingerprint(), tmp_path / 'kernels'
    shutil.copytree(Path(jit.__file__).parent, place)
    (place / 'deeper' / 'still').mkdir(parents=True)
    monkeypatch.setattr(jit, '__file__', str(place / 'jit.py'))
    assert jit.fingerprint() == before
    (place / 'deeper' / 'still' / 'new.py').touch()
    sources = sorted(place.rglob('*.py'))
    seen = {before, jit.fingerprint()}
    for source in sources:
        with source.open('a') as file:
            file.write('#')
        seen.add(jit.fingerprint())
    assert len(seen) == len(sources) + 2


def test_fingerprint_covers_places(tmp_path, monkeypatch):
    """Two files that swap their places, and one that moves to another folder."""
    monkeypatch.setattr(jit, '__file__', str(tmp_path / 'jit.py'))
    seen = set()
    for places in ((('exact', 'a'), ('fast', 'b')), (('exact', 'b'), ('fast', 'a')), (('', 'a'), ('fast', 'b'))):
        for folder, text in places:
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / 'same.py').write_text(text)
        seen.add(jit.fingerprint())
        for folder, _ in places:
            (tmp_path / folder / 'same.py').unlink()
    assert len(seen) == 3


@pytest.mark.parametrize('name', ['CPU', 'FEATURES'])
def test_fingerprint_covers_the_processor(monkeypatch, name):
    """Different machines may share a home folder."""
    before = jit.fingerprint()
    monkeypatch.setattr(jit, name, 'another')
    assert jit.fingerprint() != before


TARGET = """
from numba.core.registry import cpu_target
from fastrnn.kernels import jit
from fastrnn.kernels.batched import gemm
print(cpu_target.target_context.codegen().magic_tuple()[1:] == (jit.CPU, jit.FEATURES), jit.fingerprint())
print(gemm.lanes(1), gemm.FUSED)
"""


@pytest.mark.long
def test_target(tmp_path):
    """Kernels are cached and packed for the processor that Numba compiles for."""
    names = {'haswell': '+avx2,+fma', 'x86-64-v4': '+avx512f,+fma', 'generic': ''}
    environments = [{'NUMBA_CPU_NAME': name, 'NUMBA_CPU_FEATURES': names[name]} for name in names]
    started = [start_python('-c', TARGET, FASTRNN_CACHE=str(tmp_path), **env) for env in ({}, *environments)]
    printed = [process.communicate(timeout=60)[0].decode().splitlines() for process in started]
    assert all(first.startswith('True ') for first, _ in printed)
    assert len({first for first, _ in printed}) == len(started)
    arm = platform.machine().lower() in ('aarch64', 'arm64')
    assert [second for _, second in printed[1:]] == ['32 True', '64 True', f'32 {arm}']


@pytest.mark.parametrize('module', ['np', 'numba', 'llvmlite'])
def test_fingerprint_covers_versions(monkeypatch, module):
    before = jit.fingerprint()
    monkeypatch.setattr(getattr(jit, module), '__version__', '0')
    assert jit.fingerprint() != before


@pytest.fixture
def unfrozen():
    """As in a normal process: pytest freezes objects."""
    gc.unfreeze()
    yield
    gc.freeze()


def test_the_garbage_collector_is_restored(folder, unfrozen):
    """Objects are frozen only while something compiles; objects frozen by others stay frozen."""
    frozen = []

    @overload(plus_one)
    def overload_plus_one(x):
        frozen.append(gc.get_freeze_count())
        return plus_one

    for before in (False, True):
        if before:
            gc.freeze()
        kernel = jit.jit(lambda x: plus_one(x))
        assert kernel(1 if before else 1.5) == (2 if before else 2.5)
        assert (gc.get_freeze_count() > 0) == before and gc.isenabled()
    gc.unfreeze()
    assert len(frozen) == 2 and all(frozen)


def fill(folder, monkeypatch):
    """The disk is full: not a byte can be written."""
    monkeypatch.setattr('os.replace', fail(errno.ENOSPC))


def lock(folder, monkeypatch):
    """The disk is read-only."""
    monkeypatch.setattr('os.open', fail(errno.EROFS))
    monkeypatch.setattr('tempfile.TemporaryFile', fail(errno.EROFS))


def replace(folder, monkeypatch):
    """A file has the folder's name."""
    folder.rmdir()
    folder.touch()


@pytest.mark.parametrize('turn', [fill, lock, replace])
def test_a_folder_that_becomes_read_only(tmp_path, monkeypatch, turn):
    """Kernels are not saved elsewhere either, such as next to their sources as Numba would: they might be stale."""
    (tmp_path / 'cache').mkdir()
    monkeypatch.setattr(jit, 'CACHE_FOLDER', tmp_path / 'cache')
    before = set(Path(__file__).parent.rglob('*'))
    with monkeypatch.context() as patch:
        turn(tmp_path / 'cache', patch)
        assert compiled() == compiled() == 0
    assert set(Path(__file__).parent.rglob('*')) == before
    assert not files(tmp_path, 'nb[ic]*')


def test_a_literal_as_a_variable_recompiles_nothing():
    called = numba.njit(lambda x: x)
    calling = numba.njit(lambda x: called(jit.variable(0)) + called(x))
    assert calling(3) == 3 and len(called.signatures) == 1
