"""One seed, one model file of the fast engine: what a processor or a compiler may choose decides no bit of it.

On another architecture: tests/proofs/arm64.py, run by hand.
"""

import platform

import pytest
from helpers import SONNETS, SUPPORT, start_python
from model_hashes import CASES

pytestmark = pytest.mark.long

X86 = platform.machine().lower() in ('x86_64', 'amd64')
OTHER_LOOPS = {'OPENBLAS_CORETYPE': 'Prescott', 'NPY_DISABLE_CPU_FEATURES': 'X86_V4 X86_V3 AVX512_ICL AVX512_SPR'}
NO_VECTORS = {'NUMBA_OPT': '1', 'NUMBA_LOOP_VECTORIZE': '0', 'NUMBA_SLP_VECTORIZE': '0'}


def for_processor(name):
    """Without features of its own, Numba compiles for the name with the features of the host."""
    return {'NUMBA_CPU_NAME': name, 'NUMBA_CPU_FEATURES': '+avx2,+fma'}


def hashes(cache, environment, width=()):
    args = ('-W', 'ignore', SUPPORT / 'model_hashes.py', SONNETS, *width)
    process = start_python(*args, FASTRNN_CACHE=str(cache), **environment)
    out, err = process.communicate(timeout=1800)
    assert process.returncode == 0, err.decode()
    return out.decode().splitlines()


@pytest.fixture(scope='module')
def cache(tmp_path_factory):
    """One for all that differ by their environment only: each has to find its own kernels there, or none."""
    return tmp_path_factory.mktemp('cache')


@pytest.fixture(scope='module')
def expected(cache):
    """As this machine has it."""
    printed = hashes(cache, {})
    assert len(set(printed)) == len(CASES)
    return printed


@pytest.mark.parametrize('width', [16, 32, 64])
def test_width(tmp_path, expected, width):
    """In bytes; for a processor whose vectors are narrower, LLVM takes several for one."""
    assert hashes(tmp_path, {}, [width]) == expected


@pytest.mark.skipif(not X86, reason='names of x86')
@pytest.mark.parametrize('name', ['haswell', 'znver3'])
def test_processor(cache, expected, name):
    assert hashes(cache, for_processor(name)) == expected


@pytest.mark.parametrize('environment', [OTHER_LOOPS, NO_VECTORS], ids=['BLAS and loops', 'optimization'])
def test_libraries_and_passes(tmp_path, expected, environment):
    """Another BLAS kernel and NumPy's plain loops; and LLVM made to leave loops as they are."""
    assert hashes(tmp_path, environment) == expected
