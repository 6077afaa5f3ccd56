"""The fast engine's bits depend neither on how wide the processor's vectors are, nor on BLAS and NumPy's loops."""

import pytest
from helpers import SONNETS, run_python

TRAINED = """
import hashlib, sys
import llvmlite.binding
features = llvmlite.binding.get_host_cpu_features()
features['avx512f'] = sys.argv[1] == '64'
llvmlite.binding.get_host_cpu_features = lambda: features
from pathlib import Path
import fastrnn
from fastrnn.kernels.fast import gemm
assert gemm.lanes(1) == int(sys.argv[1])
common = {'engine': 'fast', 'seed': 0, 'hidden_size': 77, 'iterations': 100, 'validation': 0.05}
many = {'streams': 16, 'optimizer': 'adam', 'clip_norm': 1.0, 'init': 'scaled', 'learning_rate': 0.01}
for options in ({**many, 'dtype': 'float32'}, {**many, 'dtype': 'float64'}, {'dtype': 'float32'}, {}):
    run = fastrnn.train(Path(sys.argv[2]), **common, **options)
    *_, last = run
    weights = hashlib.sha256(run.model.params.flat).hexdigest()
    print(weights, last.loss, last.validation, hashlib.sha256(last.sample.encode()).hexdigest())
"""


@pytest.mark.long
def test_32_and_64_bytes(tmp_path):
    """Compiled for both; a processor that lacks the wider ones takes two for one."""
    other = {'OPENBLAS_CORETYPE': 'Prescott', 'NPY_DISABLE_CPU_FEATURES': 'X86_V4 X86_V3 AVX512_ICL AVX512_SPR'}
    printed = []
    for width, others in (('32', {}), ('64', {}), ('64', other)):
        environment = {'FASTRNN_CACHE': str(tmp_path / width), **others}
        done = run_python('-W', 'ignore', '-c', TRAINED, width, SONNETS, **environment)
        assert done.returncode == 0, done.stderr.decode()
        printed.append(done.stdout)
    assert printed[0] == printed[1] == printed[2] and printed[0].count(b'\n') == 4
