"""Models that no run has made."""

import numpy as np

import fastrnn
from fastrnn.model.architecture import Architecture
from fastrnn.model.init import scaled
from fastrnn.model.model import Model
from fastrnn.model.params import Params

V, H = 19, 30
MANY_KINDS = [('rnn', 1), ('rnn', 3), ('gru', 1), ('gru', 2), ('lstm', 1), ('lstm', 2)]
CHARS = '\n' + 'abcdefghijklmnopqr'


def some_model(H=H, chars=CHARS, dtype='float64', seed=0, unit='character', cell='rnn', layers=1):
    """One that has learned something, by the look of its numbers."""
    rng = np.random.RandomState(seed)
    params = scaled(Architecture(cell, layers, H, len(chars)), rng)
    params.flat *= 2
    for biases in (params.bh, params.bhn, params.by):
        biases[...] = rng.randn(*biases.shape) / 3
    return Model(params.astype(dtype), chars, unit)


def biased_model(chars, unit='character', H=12):
    """One whose biases alone tell much."""
    params = scaled(Architecture('rnn', 1, H, len(chars)), np.random.RandomState(0))
    params.by[:] = np.random.RandomState(1).randn(len(chars)) * 2
    return Model(params.astype('float32'), ''.join(chars), unit)


def model_of(chars, H=4, dtype=np.float64):
    """A model of these characters."""
    params = Params(Architecture('rnn', 1, H, len(chars)))
    params.flat[:] = np.random.default_rng(0).standard_normal(params.flat.size)
    return Model(params.astype(dtype), chars)


def sampled(model, length, **options):
    """A text as one string."""
    return ''.join(fastrnn.sample(model, length, **options))
