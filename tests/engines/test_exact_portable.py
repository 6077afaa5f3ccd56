"""Where NumPy's BLAS and loops are not to be found: the same results to rounding, and no claim of identity."""

import numpy as np
import pytest
from helpers import SONNETS, exact_losses, random_model, reference_losses

import fastrnn
from fastrnn import reference
from fastrnn.engines import diagnosis
from fastrnn.kernels.exact import numpy_functions as native

TEXT = SONNETS.read_text(encoding='utf-8')


@pytest.mark.parametrize(('H', 'T'), [(1, 3), (8, 5), (100, 25), (127, 24)])
def test_losses_are_close(portable, H, T):
    """For some iterations, before rounding differences have grown."""
    expected, weights = reference_losses(TEXT, iterations=5, hidden_size=H, seq_length=T)
    losses, params = exact_losses(TEXT, iterations=5, hidden_size=H, seq_length=T, seed=0)
    np.testing.assert_allclose(losses, expected, rtol=1e-11)
    for param, weight in zip(params, weights, strict=True):
        np.testing.assert_allclose(param, weight, rtol=0, atol=1e-7)


def test_the_drop_in_is_close(portable):
    model, hprev = random_model(20, 9, 1, 0.5), np.full((20, 1), 0.3)
    expected = reference.lossFun([1, 2, 8], [2, 8, 0], hprev, model)
    results = fastrnn.bind(*model).lossFun([1, 2, 8], [2, 8, 0], hprev)
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-12, atol=1e-14)


def test_samples_are_the_same_for_a_while(portable):
    """A character differs only where a number falls between two nearly equal edges."""
    model, h = random_model(20, 9, 1, 0.5), np.zeros((20, 1))
    expected = reference.sample(h, 0, 50, model)
    np.random.seed(0)
    assert fastrnn.bind(*model).sample(h, 0, 50) == expected


def test_the_program_does_not_claim_identity(portable):
    answer = diagnosis.identity()
    assert answer.startswith('NOT identical: ')
    assert answer.endswith('FASTRNN_PORTABLE=1 forces portable code')
    assert diagnosis.facts()['gemv'] == 'portable (FASTRNN_PORTABLE=1)'


def test_a_numpy_that_shows_nothing(monkeypatch):
    """Names of the BLAS that this NumPy lacks, and loops that are not where they are expected."""
    monkeypatch.setattr(native, '_CBLAS_NAMES', ('no_such_{}',))
    monkeypatch.setattr(native, '_loop', lambda ufunc, signature: (0, 0))
    assert native.find() == native.PORTABLE
    answer = diagnosis.identity()
    assert answer.startswith('NOT identical: ')
    assert 'this NumPy does not show its gemv, tanh, exp, log, so portable code runs instead' in answer


def test_identity_here():
    """And the caller's generator stays as it was."""
    np.random.seed(5)
    expected = np.random.random_sample()
    np.random.seed(5)
    answer = diagnosis.identity()
    assert answer.startswith('identical to the reference: ')
    assert np.random.random_sample() == expected
