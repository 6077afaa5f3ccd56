"""Models as objects."""

import copy
import pickle

import pytest
from helpers import SONNETS, same_bits
from models import model_of, sampled

import fastrnn


@pytest.mark.parametrize('again', [copy.deepcopy, copy.copy, lambda model: pickle.loads(pickle.dumps(model))])
def test_models_can_be_copied(again):
    model = model_of('\nabc')
    other = again(model)
    assert other == model and same_bits(other.params.Whh, model.params.Whh)
    other.params.Whh[0, 0, 0] += 1  # a view of its flat buffer, as in the first
    assert (other == model) == (again is copy.copy)
    assert other.params.flat[other.params.WxhT.size] == other.params.Whh[0, 0, 0]
    assert sampled(other, 5, seed=0)


TEXT = SONNETS.read_text(encoding='utf-8')
TAKERS = {
    'sample': lambda model, path: fastrnn.sample(model, 5),
    'samples': lambda model, path: fastrnn.samples(model, 2, 5),
    'evaluate': lambda model, path: fastrnn.evaluate(model, TEXT),
    'surprisals': lambda model, path: fastrnn.surprisals(model, TEXT),
    'states': lambda model, path: fastrnn.states(model, TEXT),
    'export': fastrnn.export,
    'save_model': lambda model, path: fastrnn.save_model(path, model),
    'train': lambda model, path: fastrnn.train(TEXT, weights=model),
    'start': lambda model, path: fastrnn.start(path, SONNETS, weights=model),
}


@pytest.mark.parametrize('name', TAKERS)
def test_what_is_no_model(name, tmp_path):
    """A name of a file, as the commands take it; nothing is made."""
    with pytest.raises(ValueError, match=r'^the model is a str; pass what fastrnn\.load_model\(path\) returns$'):
        TAKERS[name]('model.safetensors', tmp_path / 'made')
    assert not (tmp_path / 'made').exists()
