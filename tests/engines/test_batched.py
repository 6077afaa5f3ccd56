"""The batched engine: one stream matches the reference to rounding; any threads; no allocations."""

import gc
import weakref

import cell_oracles
import numpy as np
import oracles
import pytest
from models import MANY_KINDS
from numba.core.runtime import _nrt_python as nrt

from fastrnn.engines import batched
from fastrnn.engines.engine import BatchedEngine, ReferenceEngine
from fastrnn.kernels.team import alone
from fastrnn.parallel.layouts import Layout
from fastrnn.settings.options import Settings

V = 12
IDS = np.random.default_rng(0).integers(0, V, 3000).astype(np.uint8)
IDS.flags.writeable = False  # like a corpus


def config(**options):
    return Settings(**{'engine': 'batched', 'seed': 0, 'hidden_size': 20, 'seq_length': 7, **options})


def test_one_stream_matches_the_gist_to_rounding():
    """B = 1, float64, Adagrad: the reference's losses, also after the wrap."""
    ids = IDS[:120]
    fast = BatchedEngine(config(hidden_size=25), ids, V).run(30)
    plain = ReferenceEngine(Settings(seed=0, hidden_size=25, seq_length=7), ids, V).run(30)
    np.testing.assert_allclose(fast, plain, rtol=1e-6)


SOME = {'dtype': 'float32', 'optimizer': 'adam', 'clip_norm': 0.5, 'weight_decay': 0.1}
SOME |= {'input_rate': 3.0, 'hidden_decay': 2.0}
DEEP = {'init': 'scaled', 'dropout': 0.3, 'input_rate': 3.0}


@pytest.mark.parametrize(
    'options',
    [
        SOME,
        {},
        {**DEEP, 'cell': 'rnn', 'layers': 2},
        {**DEEP, 'cell': 'gru', 'layers': 3},
        {**SOME, **DEEP, 'cell': 'lstm', 'layers': 2},
        {'cell': 'lstm'},
    ],
)
def test_any_number_of_threads_gives_the_same_bits(processors, options):
    processors(5)
    results = []
    for threads in (1, 2, 3, 5):
        engine = BatchedEngine(config(streams=6, hidden_size=40, threads=threads, **options), IDS, V)
        losses = engine.run(12)
        engine.close()
        results.append((losses, engine.params.flat.copy()))
    for losses, weights in results[1:]:
        assert np.array_equal(losses, results[0][0])
        assert np.array_equal(weights, results[0][1])


PAIRS = (1, 1), (2, 1), (1, 2), (3, 1), (2, 2), (1, 4), (3, 2), (4, 4), (1, 16), (16, 1)
LAYOUTS = [Layout(*pair) for pair in PAIRS]


@pytest.mark.parametrize(
    'options',
    [
        {**SOME, **DEEP, 'cell': 'lstm', 'layers': 2},
        {**SOME, 'cell': 'gru', 'shards': 2},
        {**DEEP, 'cell': 'rnn', 'layers': 2},
        {**SOME, 'cell': 'lstm', 'streams': 1},
        {**DEEP, 'cell': 'gru', 'layers': 2, 'streams': 1, 'dtype': 'float32'},
    ],
)
def test_any_groups_and_shares_give_the_same_bits(monkeypatch, options):
    """Also if some threads have no stream or no unit. Rows of 100 units are padded."""
    options, results = {'streams': 6, 'hidden_size': 100, 'threads': 1, **options}, []
    for layout in LAYOUTS:
        monkeypatch.setattr(batched, 'layouts_of', lambda *_, layout=layout: [layout])
        engine = BatchedEngine(config(**options), IDS, V)
        losses = engine.run(6)
        engine.close()
        results.append((layout, losses, engine.params.flat.copy()))
    for layout, losses, weights in results[1:]:
        assert np.array_equal(losses, results[0][1]), layout
        assert np.array_equal(weights, results[0][2]), layout


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_the_sample_continues_the_first_stream(cell, layers):
    """From its next character and its state in each layer, checked by the oracle; nothing changes."""
    options = {'cell': cell, 'layers': layers, 'dropout': 0.5, 'init': 'scaled', 'streams': 3}
    engine = BatchedEngine(config(**options, learning_rate=0.01), IDS, V)
    engine.run(4)
    drawn, state, model = engine.sample(30), engine.state(), cell_oracles.from_params(engine.params)
    states, ix, rng = state.hidden[0].reshape(layers, -1, 20), int(IDS[state.position]), np.random.RandomState()
    rng.set_state(state.rng)
    for u, char in zip(rng.random_sample(30), drawn, strict=True):
        states, y = cell_oracles.step(cell, model, states, ix)
        ix = oracles.choose(cell_oracles.softmax(y), u)
        assert char == ix
    assert engine.sample(30).tolist() == drawn.tolist()


def test_float32_follows_float64():
    single, double = (BatchedEngine(config(streams=4, dtype=kind), IDS, V).run(10) for kind in ('float32', 'float64'))
    np.testing.assert_allclose(single, double, rtol=1e-3)


def test_the_norm_is_clipped():
    """If the norm always exceeds its limit, Adagrad's sum of squares after a step is the limit squared."""
    engine = BatchedEngine(config(streams=2, clip_norm=1e-3, learning_rate=1e-9), IDS, V)
    engine.run(1)
    assert np.sqrt(engine.moments['m'].sum()) == pytest.approx(1e-3)


def test_nothing_is_allocated_in_the_loop():
    engine = BatchedEngine(config(streams=4), IDS, V)

    def allocations(iterations):
        rates, losses = np.full(iterations, 0.1), np.zeros((iterations, 4))
        windows, afresh = engine._passes.read(0, 0, iterations)
        before = nrt.memsys_get_stats_alloc()
        engine._train(alone(), windows, afresh, rates, losses)
        return nrt.memsys_get_stats_alloc() - before

    nrt.memsys_enable_stats()
    try:
        assert allocations(1) == allocations(30)
    finally:
        nrt.memsys_disable_stats()


def test_its_memory_is_freed_with_its_last_reference():
    """Without the garbage collector: the preset's trials are large."""
    gc.disable()
    try:
        engine = BatchedEngine(config(streams=4), IDS, V)
        engine.run(2)
        gone = weakref.ref(engine.grads.flat)
        engine.close()
        del engine
        assert gone() is None
    finally:
        gc.enable()
