"""Configurations: what they refuse."""

import numpy as np
import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.settings.config import Config

TEXT = SONNETS.read_text(encoding='utf-8')
SMALL = {'seed': 0, 'hidden_size': 8, 'iterations': 30}


def test_numbers_of_numpy():
    config = Config(seed=np.uint8(3), iterations=np.int64(7), hidden_size=np.array(9), learning_rate=np.float32(0.5))
    assert config == Config(seed=3, iterations=7, hidden_size=9, learning_rate=0.5)
    assert type(config.seed) is int and type(config.learning_rate) is float
    model = fastrnn.train(TEXT, **SMALL).watch()
    options = {'seed': np.int64(0), 'top_k': np.uint8(3), 'top_p': np.float32(0.5), 'temperature': np.float64(0.5)}
    plain = {'seed': 0, 'top_k': 3, 'top_p': 0.5, 'temperature': 0.5}
    assert ''.join(fastrnn.sample(model, np.int32(20), **options)) == ''.join(fastrnn.sample(model, 20, **plain))


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        *(('seed', np.True_), ('iterations', True), ('hidden_size', 8.0), ('learning_rate', np.False_), ('clip', '5')),
        *(('learning_rate', np.zeros(2)), ('epochs', True), ('warmup', '0.1')),
        ('time', 'long'),
    ],
)
def test_what_is_not_a_number(name, value):
    with pytest.raises(ValueError, match=f'^{name} is '):
        Config(**{'engine': 'batched', name: value})


@pytest.mark.parametrize(
    ('name', 'value'),
    [('hidden_size', 10.0), ('hidden_size', True), ('seed', 'x'), ('iterations', 1.5), ('learning_rate', '0.1')],
)
def test_options_of_wrong_types(name, value):
    with pytest.raises(ValueError, match=f'^{name} is {value}; it must be '):
        Config(**{name: value})


def test_unknown_names():
    with pytest.raises(ValueError, match=r"^schedule is 'H'; it must be one of constant, step, "):
        Config(schedule='H')


def test_choices_in_capital_letters(tmp_path):
    """They give the same configuration, stored in lower case."""
    words = {'engine': 'Fast', 'cell': 'LSTM', 'dtype': 'FLOAT32', 'optimizer': 'Adam', 'init': 'SCALED'}
    small = {name: word.lower() for name, word in words.items()}
    assert Config(**words) == Config(**small) and Config(**words).cell == 'lstm'
    assert fastrnn.preset('FAST', **words) == fastrnn.preset('fast', **small)
    kept = {'iterations': 1, 'hidden_size': 4, 'seq_length': 4}
    with fastrnn.start(tmp_path / 'run', SONNETS, unit='Byte', errors='Strict', on_divergence='STOP', **kept) as run:
        assert (run.job.on_divergence, run.texts.unit, run.texts.errors) == ('stop', 'byte', 'strict')
