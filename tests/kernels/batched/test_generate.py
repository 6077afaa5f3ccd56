"""Scoring and sampling in many streams at once."""

import cell_oracles
import numpy as np
import oracles
from hypothesis import given, settings
from hypothesis import strategies as st

from fastrnn.engines.batched_streams import pack, sizes_of
from fastrnn.kernels.batched import generate
from fastrnn.kernels.sampling import Choice
from fastrnn.kernels.team import alone
from fastrnn.model.architecture import CELLS, Architecture
from fastrnn.model.params import Params

architectures = st.builds(
    Architecture, st.sampled_from([*CELLS]), st.integers(1, 4), st.integers(1, 40), st.integers(2, 70)
)


@settings(max_examples=60)
@given(architectures, st.integers(0, 6), st.integers(0, 2**32))
def test_any_model_reads_and_draws(architecture, B, seed):
    """Surprisals, states and drawn characters, from random states, match the oracle; with strips for a single stream
    too."""
    rng, strips, (cell, _, H, V, *_) = np.random.default_rng(seed), B == 0, vars(architecture).values()
    B, params = max(B, 1), Params(architecture)
    params.flat[:] = rng.standard_normal(params.flat.size) * 0.8
    model, network = cell_oracles.from_params(params), pack(params, strips=strips)
    streams, ids = generate.make_streams(sizes_of(architecture), B, params.flat.dtype, 1), rng.integers(0, V, (9, B))
    before, surprisals = np.tanh(rng.standard_normal((B, *cell_oracles.zeros(cell, model).shape))), np.zeros((8, B))
    streams.hs[..., :H] = before.transpose(1, 2, 0, 3)
    generate.score(alone(), network, *(part.astype(np.uint32) for part in (ids[:-1], ids[1:])), streams, surprisals)
    for b in range(B):
        expected, after = cell_oracles.nats(cell, model, ids[:, b], before[b])
        np.testing.assert_allclose(surprisals[:, b], expected, rtol=1e-10, atol=1e-11)
        np.testing.assert_allclose(streams.hs[:, :, b, :H], after, rtol=1e-10, atol=1e-11)
    streams.hs[...], streams.ixs[:] = 0, 0
    uniforms, out = rng.random((20, B)), np.zeros((20, B), np.uint32)
    generate.draw(alone(), network, Choice(1.0, V, 1.0), uniforms, streams, out)
    for b in range(B):
        assert out[:, b].tolist() == oracles.sample(cell, model, uniforms[:, b])


def test_each_thread_has_its_own_scratch_space():
    """A race would rarely show, so: the second of two threads leaves the first one's row and streams unchanged."""
    V, B, dtype = 3, 4, np.float32
    params = Params(Architecture('rnn', 1, 2, V), dtype)
    streams, out = generate.make_streams(sizes_of(params.architecture), B, dtype, 2), np.full((1, B), V, np.uint32)
    second, choice = alone()._replace(rank=1, size=2), Choice(dtype(1), V, 1.0)
    generate.draw(second, pack(params, strips=False), choice, np.full((1, B), 0.5), streams, out)
    assert streams.edges.tolist() == [[0, 0, 0], [1, 2, 3]]
    assert out.tolist() == [[V, V, 1, 1]]
