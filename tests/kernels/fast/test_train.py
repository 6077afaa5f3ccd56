"""The fast kernel's window against the reference's, over streams."""

import numpy as np
import pytest
from helpers import gist_arrays

from fastrnn import reference
from fastrnn.engines.engine import FastEngine
from fastrnn.kernels.fast import train as batched
from fastrnn.kernels.fast.packing import pack_weights
from fastrnn.kernels.team import alone
from fastrnn.model.architecture import Architecture
from fastrnn.model.params import Params
from fastrnn.settings.config import Config

V = 12
IDS = np.random.default_rng(0).integers(0, V, 3000).astype(np.uint8)
IDS.flags.writeable = False  # as a corpus has them


def config(**options):
    return Config(**{'engine': 'fast', 'seed': 0, 'hidden_size': 20, 'seq_length': 7, **options})


def flat(grads, H):
    """The reference's gradients in the layout of Params.flat."""
    params = Params(Architecture('rnn', 1, H, V))
    for view, grad in zip(params.by_gist_name.values(), grads, strict=True):
        view[...] = grad
    return params.flat


@pytest.mark.parametrize(('B', 'H', 'T'), [(1, 5, 1), (1, 20, 7), (2, 16, 3), (5, 33, 9), (40, 20, 7)])
def test_gradient_is_the_mean_of_the_streams(B, H, T):
    """Loss and gradient (before clipping) are the reference's, averaged over streams."""
    engine = FastEngine(config(streams=B, hidden_size=H, seq_length=T), IDS, V)
    engine.params.flat[:] *= 20
    model = gist_arrays(engine.params)
    work, length = engine.work, IDS.size // B
    pack_weights(alone(), engine.cell, engine.weights, engine.packed)
    work.hs[0, 0, 0, :, :H] = np.random.default_rng(1).uniform(-1, 1, (B, H))
    batched.read_window(IDS, length, 3, 0, B, work)
    batched.gradients(
        alone(), engine.cell, engine.weights, engine.packed, engine._grad_weights, engine.dropout, 0, work
    )
    expected = np.zeros_like(engine.params.flat)
    for b in range(B):
        window = IDS[b * length + 3 :]
        loss, *grads, h = reference.lossFun(window[:T], window[1 : T + 1], work.hs[0, 0, 0, b, :H, None], model)
        np.testing.assert_allclose(work.loss[b], loss, rtol=1e-12)
        np.testing.assert_allclose(work.hs[0, 0, T, b, :H], h[:, 0], atol=1e-13)
        expected += flat(grads, H) / B
    np.testing.assert_allclose(engine.grads.flat, expected, atol=1e-12)
