"""What is told of the bits: identity where it is, and no claim of it where it is not."""

import numpy as np

from fastrnn.engines import diagnosis
from fastrnn.kernels.exact import numpy_functions as native


def test_the_program_does_not_claim_identity(portable):
    answer = diagnosis.compare_with_reference()
    assert answer.startswith('NOT identical: ')
    assert answer.endswith('FASTRNN_PORTABLE=1 forces portable code')
    assert diagnosis.facts()['gemv'] == 'portable (FASTRNN_PORTABLE=1)'


def test_a_numpy_that_shows_nothing(monkeypatch):
    """Names of the BLAS that this NumPy lacks, and loops that are not where they are expected."""
    monkeypatch.setattr(native, '_CBLAS_NAMES', ('no_such_{}',))
    monkeypatch.setattr(native, '_loop', lambda ufunc, signature: (0, 0))
    assert native.find() == native.PORTABLE
    answer = diagnosis.compare_with_reference()
    assert answer.startswith('NOT identical: ')
    assert 'this NumPy does not show its gemv, tanh, exp, log, so portable code runs instead' in answer


def test_identity_here():
    """And the caller's generator stays as it was."""
    np.random.seed(5)
    expected = np.random.random_sample()
    np.random.seed(5)
    answer = diagnosis.compare_with_reference()
    assert answer.startswith('identical to the reference: ')
    assert np.random.random_sample() == expected
