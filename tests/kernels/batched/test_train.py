"""A window of the kernels against the reference and the oracles, over cells, layers, streams and dropout."""

from dataclasses import replace
from unittest import mock

import cell_oracles
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastrnn import reference
from fastrnn.engines import batched
from fastrnn.engines.engine import BatchedEngine
from fastrnn.model.architecture import CELLS
from fastrnn.model.params import Params
from fastrnn.parallel.layouts import ALONE, Layout
from fastrnn.settings.options import Settings


def a_window(config, V, seed=0, scale=0.2, layout=ALONE):
    """Runs an iteration from random weights, states and steps; returns the engine, the loss, the state before, and the
    characters (T+1, B) that it read."""
    rng, T, B = np.random.default_rng(seed), config.seq_length, config.streams
    streams = rng.integers(0, V, (B, 2 * T + 2)).astype(np.uint8)
    streams.flags.writeable = False  # like a corpus
    with mock.patch.object(batched, 'layouts_of', lambda *_: [layout]):
        engine = BatchedEngine(config, streams.ravel(), V)
    state = engine.state()
    state.params.flat[:] = rng.standard_normal(state.params.flat.size) * scale
    state = replace(
        state, hidden=np.tanh(rng.standard_normal(state.hidden.shape)), position=T, steps=int(rng.integers(2**40))
    )
    engine.restore(state)
    losses = engine.run(1)
    engine.close()
    return engine, losses[0], state, streams.T[T : 2 * T + 1]


@pytest.mark.parametrize(('B', 'H', 'T'), [(1, 5, 1), (1, 20, 7), (2, 16, 3), (5, 33, 9), (40, 20, 7)])
def test_gradient_is_the_mean_of_the_streams(B, H, T):
    """Loss, gradient and states of a tanh layer equal the reference's, averaged over streams."""
    config = Settings(engine='batched', seed=0, streams=B, hidden_size=H, seq_length=T)
    engine, loss, state, window = a_window(config, 12)
    losses, expected = [], Params(state.params.architecture)
    for b in range(B):
        ids, model = window[:, b], state.params.by_gist_name.values()
        nats, *grads, h = reference.lossFun(ids[:-1], ids[1:], state.hidden[b][:, None], tuple(model))
        assert max(abs(grad).max() for grad in grads) < 5, 'clipped: choose other weights'
        np.testing.assert_allclose(engine.state().hidden[b], h[:, 0], atol=1e-13)
        losses.append(nats)
        for view, grad in zip(expected.by_gist_name.values(), grads, strict=True):
            view += grad / B
    np.testing.assert_allclose(loss, np.mean(losses), rtol=1e-12)
    np.testing.assert_allclose(engine.grads.flat, expected.flat, atol=1e-12)


@st.composite
def cases(draw):
    """A configuration, V, a seed, the scale of weights, and a layout of threads."""
    options = {'cell': draw(st.sampled_from([*CELLS])), 'layers': draw(st.integers(1, 4))}
    options |= {'hidden_size': draw(st.integers(1, 40)), 'seq_length': draw(st.integers(1, 9))}
    options |= {'streams': draw(st.integers(1, 9))}
    layout = Layout(draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    options |= {'dropout': draw(st.sampled_from([0.0, 0.3, 0.9])), 'seed': draw(st.integers(0, 2**32 - 1))}
    config, scale = Settings(engine='batched', **options), draw(st.sampled_from([0.2, 0.8]))
    return config, draw(st.integers(2, 70)), draw(st.integers(0, 2**32)), scale, layout


def assert_as_oracle(case):
    config = case[0]
    engine, loss, state, window = a_window(*case)
    model, architecture = cell_oracles.from_params(state.params), state.params.architecture
    before = state.hidden.reshape(config.streams, *cell_oracles.zeros(config.cell, model).shape)
    dropout = config.dropout, config.seed, state.steps
    expected, grads, after = cell_oracles.gradient(config.cell, model, window[:-1], window[1:], before, *dropout)
    flat = cell_oracles.flat(architecture, grads)
    np.testing.assert_allclose(loss, expected, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(engine.state().hidden, after.reshape(state.hidden.shape), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(engine.grads.flat, flat, rtol=1e-10, atol=1e-12 * abs(flat).max())


@given(cases())
def test_loss_gradient_and_states(case):
    assert_as_oracle(case)


@pytest.mark.long
@settings(max_examples=1000)
@given(cases())
def test_many_more(case):
    assert_as_oracle(case)
