"""The exact kernels against the reference: every output, bit for bit, over sizes, weights and characters."""

import numpy as np
import oracles
import pytest
from helpers import WEIGHTS, random_model, same_bits, same_state
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import fastrnn
from fastrnn import reference
from fastrnn.engines import dropin

ODD = [np.inf, -np.inf, np.nan, -0.0, 0.0, 1e300, -1e308, 5e-324]
OUTPUTS = ('loss', *('d' + name for name in WEIGHTS), 'hprev')
pytestmark = pytest.mark.filterwarnings('ignore::RuntimeWarning')
# a failure is chance, so shrinking takes minutes and shows nothing
found = settings(phases=[Phase.explicit, Phase.generate])
seeds = st.integers(0, 2**32 - 1)
scales = st.sampled_from([0.01, 0.01, 0.3, 1.0, 5.0])


def spoil(rng, arrays, count):
    """Put ``count`` odd values at random places of random arrays."""
    for _ in range(count):
        array = arrays[rng.integers(len(arrays))]
        array.flat[rng.integers(array.size)] = rng.choice(ODD)


def window(rng, V, T):
    """Inputs and targets; in half of the cases with few different characters, so that they repeat."""
    ids = rng.integers(0, V if rng.random() < 0.5 else min(V, 3), T + 1)
    return ids[:-1].tolist(), ids[1:].tolist()


def assert_lossfun(model, inputs, targets, hprev):
    expected = reference.lossFun(inputs, targets, hprev, model)
    results = fastrnn.bind(*model).lossFun(inputs, targets, hprev)
    for name, result, wanted in zip(OUTPUTS, results, expected, strict=True):
        assert same_bits(result, wanted), name


@found
@given(H=st.integers(1, 40), V=st.integers(2, 40), T=st.integers(1, 30), seed=seeds, scale=scales)
def test_lossfun(H, V, T, seed, scale):
    rng = np.random.default_rng(seed)
    hprev = np.tanh(rng.standard_normal((H, 1))) * rng.integers(2)
    assert_lossfun(random_model(H, V, seed, scale), *window(rng, V, T), hprev)


@found
@given(H=st.integers(1, 24), V=st.integers(2, 24), T=st.integers(1, 12), seed=seeds, odd=st.integers(1, 6))
def test_lossfun_with_odd_numbers(H, V, T, seed, odd):
    """inf, NaN, -0 and huge numbers in weights and state: the reference's bits, and NaN where it has NaN."""
    rng = np.random.default_rng(seed)
    model, hprev = random_model(H, V, seed, 0.5), rng.standard_normal((H, 1))
    spoil(rng, [*model, hprev], odd)
    assert_lossfun(model, *window(rng, V, T), hprev)


@pytest.mark.parametrize('name', WEIGHTS)
@pytest.mark.parametrize('value', ODD)
def test_one_odd_number_anywhere(name, value):
    """Each array and each value, at a character inside the window and at one outside."""
    for place in (0, -1):
        model = random_model(9, 5, 1, 0.5)
        model[WEIGHTS.index(name)].flat[place] = value
        assert_lossfun(model, [0, 1, 2, 1], [1, 2, 1, 0], np.full((9, 1), 0.2))


def test_infinite_loss():
    """A target whose probability underflows to 0: the loss is inf, the gradients are finite."""
    model = random_model(6, 4, 2)
    model[4][3] = -800.0
    results = fastrnn.bind(*model).lossFun([0, 1], [1, 3], np.zeros((6, 1)))
    assert results[0] == np.inf and all(np.isfinite(grad).all() for grad in results[1:])
    assert_lossfun(model, [0, 1], [1, 3], np.zeros((6, 1)))


def test_overflowing_softmax():
    """exp(y) overflows: inf / inf, so the loss is NaN."""
    model = random_model(6, 4, 2)
    model[4][1] = 800.0
    assert np.isnan(fastrnn.bind(*model).lossFun([0, 1], [1, 3], np.zeros((6, 1)))[0])
    assert_lossfun(model, [0, 1], [1, 3], np.zeros((6, 1)))


@pytest.mark.parametrize('bias', [-500.0, -700.0, -740.0, -744.4, -745.2])
def test_subnormal_probabilities(bias):
    model = random_model(6, 12, 2)
    model[4][3:] = bias
    assert_lossfun(model, [0, 1, 5], [1, 3, 0], np.zeros((6, 1)))


def test_clipped_gradients():
    """Some gradients of all five parameters are clipped, above and below."""
    model = random_model(20, 10, 5, scale=3.0)
    rng = np.random.default_rng(0)
    inputs, targets, hprev = *window(rng, 10, 40), rng.standard_normal((20, 1))
    for grad in reference.lossFun(inputs, targets, hprev, model)[1:6]:
        assert grad.max() == 5.0 and grad.min() == -5.0
    assert_lossfun(model, inputs, targets, hprev)


@found
@given(size=st.integers(1, 70), seed=seeds, rate=st.sampled_from([0.1, 1e-3, 7.0, 1e6]), odd=st.integers(0, 4))
def test_adagrad(size, seed, rate, odd):
    rng = np.random.default_rng(seed)
    params = [rng.standard_normal((size, 3)), rng.standard_normal((size, 1))]
    grads = [rng.standard_normal(p.shape) * 10.0 ** rng.integers(-12, 1, p.shape) for p in params]
    mems = [np.abs(rng.standard_normal(p.shape)) * rng.integers(2) for p in params]
    spoil(rng, params + grads, odd)
    copies = [[array.copy() for array in arrays] for arrays in (params, grads, mems)]
    reference.adagrad(*copies, rate)
    dropin.adagrad(params, grads, mems, rate)  # a bound adagrad refuses new arrays
    for ours, numpys in zip((params, grads, mems), copies, strict=True):
        assert all(same_bits(a, b) for a, b in zip(ours, numpys, strict=True))


def drawn(sample, n, seed):
    """What a sampling function returns or raises, and the state of the global generator after it."""
    np.random.seed(seed)
    np.random.randn()  # half of a pair: the state then stores the other half
    try:
        result = list(sample(n))
    except ValueError as error:
        result = str(error).split(':')[0]
    return result, np.random.get_state()


def assert_sample(model, h, first, n, seed):
    ours, state = drawn(lambda n: fastrnn.bind(*model).sample(h, first, n), n, seed)
    numpys, expected = drawn(lambda n: reference.sample(h, first, n, model), n, seed)
    assert ours == numpys
    assert same_state(state, expected)
    return ours


@found
@given(H=st.integers(1, 40), V=st.integers(2, 300), n=st.integers(0, 40), seed=seeds, scale=scales)
def test_sample(H, V, n, seed, scale):
    rng = np.random.default_rng(seed)
    h = np.tanh(rng.standard_normal((H, 1)))
    assert_sample(random_model(H, V, seed, scale), h, int(rng.integers(V)), n, seed)


@found
@given(H=st.integers(1, 12), V=st.integers(2, 12), seed=seeds, odd=st.integers(1, 3))
def test_sample_with_odd_numbers(H, V, seed, odd):
    """If probabilities become NaN, both raise the same error and leave the generator in the same state."""
    rng = np.random.default_rng(seed)
    model, h = random_model(H, V, seed), rng.standard_normal((H, 1))
    spoil(rng, [*model, h], odd)
    assert_sample(model, h, int(rng.integers(V)), 6, seed)


@pytest.mark.parametrize('seed', range(4))
def test_sample_fails_midway(seed):
    """exp overflows once character 1 is drawn: both have then used the same number of uniform numbers."""
    model = tuple(np.zeros_like(param) for param in random_model(3, 6))
    model[0][:, 1] = 50.0
    model[2][2, :] = 400.0
    assert isinstance(assert_sample(model, np.zeros((3, 1)), 0, 100, seed), str)


@pytest.mark.parametrize('u', [0.0, 0.25, 0.5, 0.75, np.nextafter(0.5, 0), np.nextafter(1, 0)])
def test_sample_on_an_edge(monkeypatch, u):
    """A uniform number equal to a cumulative probability selects the next character."""
    model = tuple(np.zeros_like(param) for param in random_model(2, 4))

    def random_sample(size):
        return np.full(size, u)

    monkeypatch.setattr(np.random, 'random_sample', random_sample)
    expected = int(np.array([0.25, 0.5, 0.75, 1.0]).searchsorted(u, side='right'))
    assert fastrnn.bind(*model).sample(np.zeros((2, 1)), 0, 2) == [expected] * 2


def test_unlikely_characters_are_never_drawn():
    """Characters of probability 0 at both ends, which an inexact search would select."""
    model = random_model(4, 6, 3)
    model[4][[0, 1, 5]] = -np.inf
    assert set(assert_sample(model, np.zeros((4, 1)), 2, 200, 5)) == {2, 3, 4}


def test_sample_on_every_edge(monkeypatch):
    """The last cumulative probability is often not quite 1; all are divided by it."""
    inexact = 0
    for seed in range(12):
        model = random_model(5, 30, seed, 0.5)
        cdf, total = oracles.edges(model)
        inexact += total != 1.0
        sample = fastrnn.bind(*model).sample
        for u in np.concatenate([cdf[:-1], np.nextafter(cdf, 0), np.nextafter(cdf[:-1], 1)]):
            monkeypatch.setattr(np.random, 'random_sample', lambda size, u=u: np.full(size, u))
            assert sample(np.zeros((5, 1)), 0, 1) == [cdf.searchsorted(u, side='right')]
    assert inexact >= 3
