"""The fast engine against the reference: one stream to rounding, many against a loop over streams, any threads."""

import numpy as np
import pytest
from helpers import gist_arrays
from numba.core.runtime import _nrt_python as nrt

from fastrnn import reference
from fastrnn.engines.engine import FastEngine, ReferenceEngine
from fastrnn.kernels.fast import train as batched
from fastrnn.kernels.team import alone
from fastrnn.model.params import Params
from fastrnn.settings.config import Config
from fastrnn.settings.presets import preset

V = 12
IDS = np.random.default_rng(0).integers(0, V, 3000).astype(np.uint8)
IDS.flags.writeable = False  # as a corpus has them


def config(**options):
    return Config(**{'engine': 'fast', 'seed': 0, 'hidden_size': 20, 'seq_length': 7, **options})


def flat(grads, H):
    """The reference's gradients in the layout of Params.flat."""
    params = Params(H, V)
    for view, grad in zip((params.Wxh, params.Whh, params.Why, params.bh, params.by), grads, strict=True):
        view[...] = grad.reshape(view.shape)
    return params.flat


@pytest.mark.parametrize(('B', 'H', 'T'), [(1, 5, 1), (1, 20, 7), (2, 16, 3), (5, 33, 9), (40, 20, 7)])
def test_gradient_is_the_mean_of_the_streams(B, H, T):
    """Loss and gradient (before clipping) are the reference's, averaged over streams."""
    engine = FastEngine(config(streams=B, hidden_size=H, seq_length=T), IDS, V)
    engine.params.flat[:] *= 20
    model = gist_arrays(engine.params)
    work, length = engine.work, IDS.size // B
    batched.pack_weights(alone(), engine._views, engine.packed)
    work.hs[0, :, :H] = np.random.default_rng(1).uniform(-1, 1, (B, H))
    batched.read_window(IDS, length, 3, 0, B, work)
    batched.gradients(alone(), engine._views, engine.packed, engine._grad_views, work)
    expected = np.zeros_like(engine.params.flat)
    for b in range(B):
        window = IDS[b * length + 3 :]
        loss, *grads, h = reference.lossFun(window[:T], window[1 : T + 1], work.hs[0, b, :H, None], model)
        np.testing.assert_allclose(work.loss[b], loss, rtol=1e-12)
        np.testing.assert_allclose(work.hs[T, b, :H], h[:, 0], atol=1e-13)
        expected += flat(grads, H) / B
    np.testing.assert_allclose(engine.grads.flat, expected, atol=1e-12)


def test_one_stream_is_the_gist_to_rounding():
    """B = 1, float64, Adagrad: the reference's losses, through the wrap as well."""
    ids = IDS[:120]
    fast = FastEngine(config(hidden_size=25), ids, V).run(30)
    plain = ReferenceEngine(Config(seed=0, hidden_size=25, seq_length=7), ids, V).run(30)
    np.testing.assert_allclose(fast, plain, rtol=1e-6)


@pytest.mark.parametrize('options', [{'dtype': 'float32', 'optimizer': 'adam', 'clip_norm': 0.5}, {'dtype': 'float64'}])
def test_any_number_of_threads_gives_the_same_bits(options):
    results = []
    for threads in (1, 2, 3, 5):
        engine = FastEngine(config(streams=6, hidden_size=40, threads=threads, **options), IDS, V)
        losses = engine.run(12)
        engine.close()
        results.append((losses, engine.params.flat.copy()))
    for losses, weights in results[1:]:
        assert np.array_equal(losses, results[0][0])
        assert np.array_equal(weights, results[0][1])


def test_float32_follows_float64():
    single, double = (FastEngine(config(streams=4, dtype=kind), IDS, V).run(10) for kind in ('float32', 'float64'))
    np.testing.assert_allclose(single, double, rtol=1e-3)


def test_the_norm_is_clipped():
    """With a norm that is always exceeded, Adagrad's first step has the clipped gradient's signs and sizes."""
    engine = FastEngine(config(streams=2, clip_norm=1e-3, learning_rate=1e-9), IDS, V)
    engine.run(1)
    assert np.linalg.norm(engine.grads.flat) == pytest.approx(1e-3)


def test_nothing_is_allocated_in_the_loop():
    engine = FastEngine(config(streams=4), IDS, V)

    def allocations(iterations):
        rates, losses = np.full(iterations, 0.1), np.zeros(iterations)
        before = nrt.memsys_get_stats_alloc()
        engine._train(alone(), IDS, engine.position, rates, losses)
        return nrt.memsys_get_stats_alloc() - before

    nrt.memsys_enable_stats()
    try:
        assert allocations(1) == allocations(30)
    finally:
        nrt.memsys_disable_stats()


@pytest.mark.parametrize('name', ['float32', 'float64'])
@pytest.mark.parametrize(
    ('T', 'B', 'H', 'V'), [(25, 1, 100, 65), (50, 32, 128, 65), (64, 16, 256, 90), (8, 4, 40, 200)]
)
def test_memory_is_as_stated(T, B, H, V, name):
    """Config.memory against the bytes of all arrays; what it leaves out is the padding to whole panels."""
    asked = config(streams=B, hidden_size=H, seq_length=T, dtype=name, optimizer='adam')
    engine = FastEngine(asked, np.zeros(B * (T + 2), np.uint16), V)
    groups = (engine.packed, engine.work, engine.optimizer)
    arrays = [array for group in groups for array in group if isinstance(array, np.ndarray)]
    actual = sum(array.nbytes for array in [*arrays, engine.params.flat, engine.grads.flat])
    assert 0.7 * actual < asked.memory(V) < 1.3 * actual


def test_presets():
    """Every preset is valid, and every field can be set beside it."""
    assert preset('reference') == Config()
    assert preset('fast', time=3.0, hidden_size=64).hidden_size == 64
    with pytest.raises(ValueError, match='preset is'):
        preset('faster')
    assert preset('fast').time == 60.0
    assert preset('fast', iterations=10).time is None
    sizes = [preset('fast', time=seconds).hidden_size for seconds in (1, 10, 30, 300, 1e6)]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]
    with pytest.raises(ValueError, match='needs an end'):
        Config(engine='fast', schedule='cosine')
    with pytest.raises(ValueError, match='streams is 2'):
        preset('reference', streams=2)
