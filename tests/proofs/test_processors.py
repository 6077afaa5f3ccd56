"""Whole runs by what NumPy and its BLAS would choose on other processors: the reference's bytes on each."""

import json

import pytest
from helpers import SUPPORT, run_python
from processor import RUNS

pytestmark = pytest.mark.long

# of OPENBLAS_CORETYPE
CORES = ('Prescott', 'Nehalem', 'Sandybridge', 'Haswell', 'Zen', 'SkylakeX', 'ARMV8', 'NEOVERSEN1')


@pytest.fixture(scope='module')
def printed():
    """{(BLAS kernel, NumPy's loops): {run: what both sides print}}: each that the machine can be made to choose, once;
    its own first, then other BLAS kernels, then other loops."""
    found = {}

    def look(core, off):
        """Returns the processor's features; nothing where the machine lacks instructions."""
        environment = {'OPENBLAS_CORETYPE': core, 'NPY_DISABLE_CPU_FEATURES': ' '.join(off)}
        done = run_python(SUPPORT / 'processor.py', json.dumps(list(found)), timeout=600, **environment)
        if done.returncode < 0 and not done.stdout:
            return []
        assert done.returncode == 0, done.stderr.decode()
        (choices, features), *runs = map(json.loads, done.stdout.splitlines())
        for run in runs:
            found[tuple(choices)] = run
        return features

    features = look('', [])
    avx512 = [name for name in features if name.startswith('AVX512') or name == 'X86_V4']
    for core in CORES:
        look(core, [])
    for off in (avx512, features):
        for core in ('', 'Prescott'):
            look(core, off)
    return found


@pytest.mark.parametrize('run', RUNS)
def test_the_same_bytes_as_the_reference(printed, run):
    """Kernels are compiled by the first run and serve all: what they call is found when they are called."""
    assert [choices for choices, runs in printed.items() if runs[run][0] != runs[run][1]] == []
    assert len({blas for blas, *_ in printed}) > 1
    assert len({runs[run][0] for runs in printed.values()}) > 1  # else they all round alike, and nothing is proved
