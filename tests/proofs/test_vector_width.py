"""One seed, one model file of the batched engine: what a processor or a compiler may choose decides no bit of it.

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


# Bytes of a vector (LLVM takes several where a processor's are narrower), and an environment: another BLAS kernel
# and NumPy's plain loops, LLVM made to leave loops as they are, another processor. Each setting compiles all kernels
# anew, which is most of its time, so it differs from this machine in several ways at once: none may decide a bit.
SETTINGS = {
    '16 bytes': (16, OTHER_LOOPS | NO_VECTORS),
    '32 bytes': (32, for_processor('haswell') if X86 else {}),
    '64 bytes': (64, for_processor('znver3') if X86 else {}),
}


def hashes(environment, *width):
    args = ('-W', 'ignore', SUPPORT / 'model_hashes.py', SONNETS, *width)
    process = start_python(*args, **environment)
    out, err = process.communicate(timeout=1800)
    assert process.returncode == 0, err.decode()
    return out.decode().splitlines()


@pytest.fixture(scope='module')
def expected():
    """As this machine has it, with the kernels that all tests share."""
    printed = hashes({})
    assert len(set(printed)) == len(CASES)
    return printed


@pytest.mark.parametrize(('width', 'environment'), SETTINGS.values(), ids=SETTINGS)
def test_one_model(tmp_path, expected, width, environment):
    assert hashes({**environment, 'FASTRNN_CACHE': str(tmp_path)}, width) == expected
