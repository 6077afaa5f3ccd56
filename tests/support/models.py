"""Models that no run has made."""

import numpy as np

import fastrnn
from fastrnn.model.checkpoint import Model
from fastrnn.model.params import Params

V, H = 19, 30
CHARS = '\n' + 'abcdefghijklmnopqr'


def some_model(H=H, chars=CHARS, dtype='float64', seed=0, unit='character'):
    """One that has learned something, by the look of its numbers."""
    rng = np.random.RandomState(seed)
    params = Params.scaled(H, len(chars), rng)
    params.flat *= 2
    params.bh[:], params.by[:] = rng.randn(H) / 3, rng.randn(len(chars)) / 3
    return Model(params.astype(dtype), chars, unit)


def biased_model(chars, unit='character', H=12):
    """One whose biases alone tell much."""
    params = Params.scaled(H, len(chars), np.random.RandomState(0))
    params.by[:] = np.random.RandomState(1).randn(len(chars)) * 2
    return Model(params.astype('float32'), ''.join(chars), unit)


def model_of(chars, H=4, dtype=np.float64):
    """A model of these characters."""
    params = Params(
        H, len(chars), np.random.default_rng(0).standard_normal(H * H + 2 * len(chars) * H + H + len(chars))
    )
    return Model(params.astype(dtype), chars)


def sampled(model, length, **options):
    """A text as one string."""
    return ''.join(fastrnn.sample(model, length, **options))
