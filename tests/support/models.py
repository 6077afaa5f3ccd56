"""Models that no run has made."""

import json
from dataclasses import asdict

import numpy as np

import fastrnn
from fastrnn.model.architecture import Architecture
from fastrnn.model.checkpoint import Checkpoint
from fastrnn.model.init import scaled
from fastrnn.model.model import Model
from fastrnn.model.params import Params
from fastrnn.model.state import MOMENTS, TrainState
from fastrnn.settings.options import Settings

V, H = 19, 30
MANY_KINDS = [('rnn', 1), ('rnn', 3), ('gru', 1), ('gru', 2), ('lstm', 1), ('lstm', 2)]
CHARS = '\n' + 'abcdefghijklmnopqr'


def some_model(H=H, chars=CHARS, dtype='float64', seed=0, unit='character', cell='rnn', layers=1, **rows):
    """One that has learned something, by the look of its numbers; ``rows``: ngrams and ngram_rows."""
    rng = np.random.RandomState(seed)
    params = scaled(Architecture(cell, layers, H, len(chars), **rows), rng)
    params.flat *= 2
    for biases in (params.bh, params.bhn, params.by):
        biases[...] = rng.randn(*biases.shape) / 3
    params.rows[...] = rng.randn(*params.rows.shape) / 3
    return Model(params.astype(dtype), chars, unit)


def biased_model(chars, unit='character', H=12):
    """One whose biases alone tell much."""
    params = scaled(Architecture('rnn', 1, H, len(chars)), np.random.RandomState(0))
    params.by[:] = np.random.RandomState(1).randn(len(chars)) * 2
    return Model(params.astype('float32'), ''.join(chars), unit)


def random_params(architecture, dtype, seed):
    params = Params(architecture)
    rng = np.random.default_rng(seed)
    params.flat[:], params.rows[:] = rng.standard_normal(params.flat.size), rng.standard_normal(params.rows.shape)
    return params.astype(dtype)


def model_of(chars, H=4, dtype=np.float64, cell='rnn', layers=1, unit='character', **rows):
    """A model of these characters."""
    return Model(random_params(Architecture(cell, layers, H, len(chars), **rows), dtype, 0), chars, unit)


def checkpoint_of(model, optimizer='adam', streams=3):
    """A state in which no number is another's, as a run of the batched engine could have it."""
    architecture, dtype = model.params.architecture, model.params.flat.dtype
    moments = {
        letter: random_params(architecture, dtype, seed) for seed, letter in enumerate(MOMENTS[optimizer], start=1)
    }
    config = Settings(
        engine='batched',
        cell=architecture.cell,
        layers=architecture.layers,
        hidden_size=architecture.H,
        streams=streams,
        dtype=dtype.name,
        optimizer=optimizer,
    )
    state = TrainState(
        params=model.params,
        moments=moments,
        hidden=np.random.default_rng(9).standard_normal(architecture.state_shape(streams)).astype(dtype),
        position=40,
        steps=5,
        smooth_loss=12.5,
        rng=np.random.RandomState(7).get_state(legacy=False),
        iteration=5,
    )
    return Checkpoint(model, state, json.loads(json.dumps(asdict(config))), {'sha256': '', 'characters': 1000})


def sampled(model, length, **options):
    """A text as one string."""
    return ''.join(fastrnn.sample(model, length, **options))
