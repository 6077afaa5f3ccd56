"""Models as objects."""

import copy
import pickle

import pytest
from helpers import same_bits
from models import model_of, sampled


@pytest.mark.parametrize('again', [copy.deepcopy, copy.copy, lambda model: pickle.loads(pickle.dumps(model))])
def test_models_can_be_copied(again):
    model = model_of('\nabc')
    other = again(model)
    assert other == model and same_bits(other.params.Whh, model.params.Whh)
    other.params.Whh[0, 0, 0] += 1  # a view of its flat buffer, as in the first
    assert (other == model) == (again is copy.copy)
    assert other.params.flat[other.params.WxhT.size] == other.params.Whh[0, 0, 0]
    assert sampled(other, 5, seed=0)
