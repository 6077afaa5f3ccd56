"""The kernels over random configurations: against plain NumPy, and between pages that must not be touched."""

import sys

import numpy as np
import oracles
import pytest
from helpers import SUPPORT, run_python
from hypothesis import given, settings
from hypothesis import strategies as st

from fastrnn.engines.engine import BatchedEngine
from fastrnn.model.architecture import CELLS
from fastrnn.model.state import MOMENTS
from fastrnn.settings.options import Settings


@st.composite
def cases(draw):
    """A configuration, and ids that are just enough or more."""
    T, B, V = draw(st.integers(1, 12)), draw(st.integers(1, 9)), draw(st.integers(2, 40))
    options = {'hidden_size': draw(st.integers(1, 40)), 'seq_length': T, 'streams': B, 'init': 'scaled'}
    options |= {'optimizer': draw(st.sampled_from([*MOMENTS])), 'threads': draw(st.integers(1, 3))}
    options |= {'clip_norm': draw(st.sampled_from([None, 0.3])), 'clip': draw(st.sampled_from([5.0, 0.05]))}
    options |= {'cell': draw(st.sampled_from([*CELLS])), 'layers': draw(st.integers(1, 3))}
    options |= {'dropout': draw(st.sampled_from([0.0, 0.3])), 'input_rate': draw(st.sampled_from([1.0, 3.0]))}
    if options['optimizer'] == 'adam':
        options |= draw(st.sampled_from([{'weight_decay': 0.5, 'hidden_decay': 4.0}, {'weight_decay': 0.5}, {}]))
    options |= draw(st.sampled_from([{}, {'ngrams': 2, 'ngram_rows': 1}, {'ngrams': 4, 'ngram_rows': 30}]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    ids = rng.integers(0, V, B * (T + 2) + draw(st.integers(0, 4 * T * B))).astype(np.uint8)
    ids.flags.writeable = False
    return Settings(engine='batched', seed=0, learning_rate=0.01, **options), ids, V


def assert_as_oracle(case):
    config, ids, V = case
    engine = BatchedEngine(config, ids, V)
    params = engine.params.astype(np.float64)
    losses = engine.run(8)
    engine.close()
    np.testing.assert_allclose(losses, oracles.train(config, params, ids, 8), rtol=1e-7)
    np.testing.assert_allclose(engine.params.flat, params.flat, atol=1e-6)
    np.testing.assert_allclose(engine.params.rows, params.rows, atol=1e-6)


@settings(max_examples=40)
@given(cases())
def test_random_configurations(processors, case):
    """In float64, to what Adam makes of rounding."""
    processors(3)
    assert_as_oracle(case)


@pytest.mark.long
@settings(max_examples=400)
@given(cases())
def test_very_many_configurations(processors, case):
    processors(3)
    assert_as_oracle(case)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == 'win32', reason='no mprotect')
@pytest.mark.parametrize('seed', [0, 1])
def test_guard_pages(seed):
    """See guards.py."""
    result = run_python(SUPPORT / 'guards.py', 250, seed, timeout=900)  # it may have six kinds of kernels to compile
    assert (result.returncode, result.stdout) == (0, b'250 configurations\n'), result.stderr.decode()[-2000:]
