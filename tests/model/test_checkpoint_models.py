"""Models as objects and as files."""

import copy
import pickle
from string import ascii_letters

import numpy as np
import pytest
from helpers import SONNETS, same_bits

import fastrnn
from fastrnn.model.architecture import Architecture
from fastrnn.model.checkpoint import load_model, save_model
from fastrnn.model.init import scaled
from fastrnn.model.model import Model

V, H = 9, 14

TEXT = SONNETS.read_text(encoding='utf-8')
SMALL = {'seed': 0, 'hidden_size': 8, 'iterations': 30}


@pytest.mark.parametrize('again', [copy.deepcopy, copy.copy, lambda model: pickle.loads(pickle.dumps(model))])
def test_models_can_be_copied(again):
    model = fastrnn.train(TEXT, **SMALL).model
    other = again(model)
    assert other == model and same_bits(other.params.Whh, model.params.Whh)
    other.params.Whh[0, 0, 0] += 1  # a view of its flat buffer, as in the first
    assert (other == model) == (again is copy.copy)
    assert other.params.flat[other.params.WxhT.size] == other.params.Whh[0, 0, 0]
    assert ''.join(fastrnn.sample(other, 5, seed=0))


def some_params(dtype='float64'):
    params = scaled(Architecture('rnn', 1, H, V), np.random.RandomState(0))
    return params.astype(dtype)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_a_model_comes_back_from_disk(tmp_path, dtype):
    """Weights under their names in the gist's shapes, and the vocabulary; another file is replaced as a whole."""
    path, params = tmp_path / 'model.safetensors', some_params(dtype)
    path.write_text('something else')
    save_model(path, Model(params, '\n abcdeé\u4e2d'))
    loaded = load_model(path)
    assert loaded.chars == '\n abcdeé\u4e2d'
    assert loaded.params.flat.dtype == dtype
    assert np.array_equal(loaded.params.flat, params.flat)
    assert [file.name for file in tmp_path.iterdir()] == ['model.safetensors']


def test_a_failed_write_leaves_the_old_model(tmp_path, monkeypatch):
    path = tmp_path / 'model.safetensors'
    save_model(path, Model(some_params(), ascii_letters[:V]))
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('os.fsync', full)
    with pytest.raises(OSError, match='No space'):
        save_model(path, Model(some_params('float32'), ascii_letters[:V]))
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    params = some_params()
    params.bh[0] = np.nan
    with pytest.raises(ValueError, match='inf or NaN'):
        save_model(tmp_path / 'model', Model(params, ascii_letters[:V]))


def test_files_that_are_no_models(tmp_path):
    """Missing, empty, garbage, cut off: one line of ValueError each."""
    path = tmp_path / 'model'
    save_model(path, Model(some_params(), 'abcdefghi'))
    data = path.read_bytes()
    for content in (None, b'', b'garbage', data[: len(data) // 2], data[:20]):
        path.unlink() if content is None else path.write_bytes(content)
        with pytest.raises(ValueError, match='model') as caught:
            load_model(path)
        assert '\n' not in str(caught.value)
