"""NumPy's BLAS and loops, called from compiled code: the bits are those that NumPy itself gives."""

import _ctypes
import itertools

import numpy as np
import pytest
from helpers import same_bits

from fastrnn.kernels.exact import numpy_functions as native
from fastrnn.kernels.exact.rnn import GRAIN

NATIVE = native.find()
LOOPS = {'tanh': (native.tanh, np.tanh), 'exp': (native.exp, np.exp), 'log': (native.log, np.log)}
SUBNORMAL = [5e-324, 1e-320, 1e-310, 2.2250738585072009e-308]
EDGES = [0.0, *SUBNORMAL, 2.2250738585072014e-308, 1e-300, 1e-17, 1e-8, 0.5, 1.0, 9.0, 18.9, 19.1, 22.0, 40.0, 708.3]
EDGES += [709.78, 709.79, 710.0, 744.4, 745.13, 745.14, 746.0, 1e5, 1e300, 1.7976931348623157e308, np.inf, np.nan]
EDGES = np.array(EDGES + [-x for x in EDGES])
SHAPES = [(1, 1), (2, 1), (3, 1), (42, 1), (300, 1), (2, 2), (2, 7), (7, 7), (8, 8), (9, 8), (50, 50), (42, 100)]
SHAPES += [(100, 100), (127, 127), (65, 127), (128, 128), (129, 130), (300, 100), (256, 256), (65, 512), (300, 300)]

pytestmark = pytest.mark.filterwarnings('ignore::RuntimeWarning')


def test_everything_is_found_here():
    """Without this the tests below would compare portable code, or nothing."""
    assert all(address != 0 for name, address in NATIVE._asdict().items() if not name.endswith('data'))
    assert native.describe()['gemv'].endswith(('dgemv64_', 'dgemv', 'ILP64', 'NEWLAPACK'))


@pytest.mark.parametrize('name', LOOPS)
@pytest.mark.parametrize('start', range(4))
def test_loops_at_the_edges(name, start):
    """Zeros, subnormals, infinities, NaN and huge numbers, at every length and position, mixed with plain ones."""
    ours, numpys = LOOPS[name]
    pool = np.concatenate([EDGES, np.random.default_rng(0).standard_normal(150)])
    pool = np.random.default_rng(start).permutation(pool)
    single = np.array([numpys(np.array([value]))[0] for value in pool])
    for n in range(1, 71):
        for first in range(start, pool.size - n, n):
            part, out = pool[first : first + n], np.zeros(n)
            ours(NATIVE, part, out)
            assert same_bits(out, numpys(part))
            assert same_bits(out, single[first : first + n]), 'depends on the position'


@pytest.mark.parametrize('name', LOOPS)
def test_loops_on_many_numbers(name):
    """Far more than a vector, over all magnitudes; and in place, as the kernels do it."""
    ours, numpys = LOOPS[name]
    rng = np.random.default_rng(1)
    x = rng.standard_normal(20_000) * 10.0 ** rng.integers(-20, 4, 20_000)
    x = np.abs(x) if name == 'log' else x
    out = np.zeros_like(x)
    ours(NATIVE, x, out)
    assert same_bits(out, numpys(x))
    ours(NATIVE, x, x)
    assert same_bits(out, x)


@pytest.mark.parametrize('name', LOOPS)
def test_portable_loops_are_close(name):
    ours, numpys = LOOPS[name]
    x = np.abs(np.random.default_rng(2).standard_normal(1000)) * 5
    out = np.zeros_like(x)
    ours(native.PORTABLE, x, out)
    np.testing.assert_allclose(out, numpys(x), rtol=1e-15, atol=1e-15)


def products(shape, numbers=NATIVE):
    """A random matrix times a vector and its transpose times another: ours and NumPy's, as the reference asks it."""
    rng = np.random.default_rng(shape)
    A, x, z = rng.standard_normal(shape), rng.standard_normal(shape[1]), rng.standard_normal(shape[0])
    y, yt = np.full(shape[0], np.nan), np.full(shape[1], np.nan)
    native.gemv(numbers, A, x, y)
    native.gemv_t(numbers, A, z, yt)
    return (y, yt), (np.dot(A, x[:, None])[:, 0], np.dot(A.T, z[:, None])[:, 0])


@pytest.mark.parametrize('shape', SHAPES, ids=str)
def test_products_are_those_of_np_dot(shape):
    ours, numpys = products(shape)
    assert same_bits(ours[0], numpys[0])
    assert same_bits(ours[1], numpys[1])


@pytest.mark.parametrize('shape', [(1, 1), (42, 1), (7, 9), (100, 65)], ids=str)
def test_portable_products_are_close(shape):
    for ours, numpys in zip(*products(shape, native.PORTABLE), strict=True):
        np.testing.assert_allclose(ours, numpys, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize('size', [16, 24, 50, 100, 127, 128, 130, 256])
@pytest.mark.parametrize('parts', [2, 3])
def test_parts_of_products_equal_the_whole(size, parts):
    """What threads rely on: rows, or columns, in multiples of 8 give the bits of the whole product."""
    rng = np.random.default_rng(size)
    A, x = rng.standard_normal((size, size)), rng.standard_normal(size)
    whole, whole_t, y, yt = (np.zeros(size) for _ in range(4))
    native.gemv(NATIVE, A, x, whole)
    native.gemv_t(NATIVE, A, x, whole_t)
    cuts = [0, *(size * k // parts // GRAIN * GRAIN for k in range(1, parts)), size]
    for start, stop in itertools.pairwise(cuts):
        native.gemv(NATIVE, A[start:stop], x, y[start:stop])
        native.gemv_t(NATIVE, A[:, start:stop], x, yt[start:stop])
    assert same_bits(y, whole)
    assert same_bits(yt, whole_t)


def test_another_dtype_has_other_addresses():
    single = native.find(np.float32)
    assert all(
        getattr(single, name) not in (0, getattr(NATIVE, name)) for name in ('gemv', 'dot', 'tanh', 'exp', 'log')
    )


def test_unknown_loops_are_not_found():
    """A signature that the ufunc lacks, a function that the BLAS lacks."""
    assert native._loop(np.exp, 'q->q') == (0, 0)
    assert native._cblas('dnonsense') == (0, '')


def test_accelerate_is_asked_for_the_one_that_numpy_calls():
    """Apple's library has an older BLAS, too, whose names have no ending."""
    names = native._CBLAS_NAMES
    assert names.index('cblas_{}$NEWLAPACK$ILP64') < names.index('cblas_{}$NEWLAPACK') < names.index('cblas_{}')


def test_a_library_that_is_looked_for_by_its_file(monkeypatch, tmp_path):
    """Windows finds names in the module alone, not in the libraries that it loads: a wheel of NumPy brings them."""
    expected = native._cblas('dgemv')
    folder = tmp_path / 'numpy.libs'
    folder.mkdir()
    (folder / 'libscipy_openblas64_-0.so').symlink_to(native.import_module('numpy._core._multiarray_umath').__file__)
    monkeypatch.setattr(native, 'import_module', lambda _: _ctypes)
    monkeypatch.setattr(native.np, '__file__', str(tmp_path / 'numpy' / '__init__.py'))
    assert native._cblas('dgemv') == expected


def test_the_portable_switch(portable):
    assert native.find() == native.PORTABLE
    assert set(native.describe().values()) == {'portable (FASTRNN_PORTABLE=1)'}
