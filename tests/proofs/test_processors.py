"""Whole runs by what NumPy and its BLAS would choose on other processors: the reference's bytes on each."""

import json

import pytest
from helpers import SONNETS, random_text, run_python, start_python

pytestmark = pytest.mark.long

# of OPENBLAS_CORETYPE
CORES = ('Prescott', 'Nehalem', 'Sandybridge', 'Haswell', 'Zen', 'SkylakeX', 'ARMV8', 'NEOVERSEN1')
# It multiplies first: a kernel for which the machine lacks instructions ends it.
ASK = """
import json
import numpy as np
from numpy.lib.introspect import opt_func_info
from threadpoolctl import threadpool_info

W = np.ones((100, 100))
np.tanh(W @ W[0] + W.T @ W[0])
loops = opt_func_info(func_name='^(tanh|exp|log)$', signature='float64')
umath = np._core._multiarray_umath
print(json.dumps({
    'blas': [library['architecture'] for library in threadpool_info() if library['internal_api'] == 'openblas'],
    'loops': [f'{name}: {loop["current"]}' for name, kinds in loops.items() for loop in kinds.values()],
    'features': [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name]],
}))
"""


def chosen(environment):
    """What really runs in an environment; None where the machine can't."""
    done = run_python('-c', ASK, **environment)
    return json.loads(done.stdout) if done.returncode == 0 else None


@pytest.fixture(scope='module')
def environments():
    """{(BLAS kernel, NumPy's loops): environment} for all that the machine can be made to run, its own choice first."""
    found, features = {}, chosen({'NPY_DISABLE_CPU_FEATURES': ''})['features']
    avx512 = [name for name in features if name.startswith('AVX512') or name == 'X86_V4']
    for off, cores in ([], CORES), (avx512, CORES), (features, ()):
        for core in ('', *cores):
            environment = {'OPENBLAS_CORETYPE': core, 'NPY_DISABLE_CPU_FEATURES': ' '.join(off)}
            answer = chosen(environment)
            if answer is not None:
                found.setdefault((*answer['blas'], *answer['loops']), environment)
    return found


@pytest.mark.parametrize(
    ('text', 'options', 'threads'),
    [
        (SONNETS.read_text(encoding='utf-8'), [], 1),
        (random_text(3000, 53), ['--hidden-size', 37, '--seq-length', 9], 2),
    ],
    ids=['defaults', 'odd sizes'],
)
def test_the_same_bytes_as_the_reference(environments, tmp_path, text, options, threads):
    """Kernels are compiled by the first run and serve all: what they call is found when they are called."""
    file = tmp_path / 'text'
    file.write_text(text, encoding='utf-8')
    args = [file, *options, '--seed', 2, '--iterations', 301, '--sample-every', 50, '--print-every', 10]
    expected, output = {}, {}
    for kernels, environment in environments.items():
        reference = start_python('-m', 'fastrnn.reference', *args, **environment)
        run = start_python('-m', 'fastrnn', 'train', *args, '--threads', threads, **environment)
        (expected[kernels], _), (output[kernels], _) = (side.communicate(timeout=120) for side in (reference, run))
        assert (reference.returncode, run.returncode) == (0, 0)
    assert [kernels for kernels in environments if output[kernels] != expected[kernels]] == []
    assert len({blas for blas, *_ in environments}) > 1
    assert len(set(expected.values())) > 1  # else they all round alike, and nothing is proved
