"""Models and checkpoints with a valid check, and contents that no run makes."""

import json
from pathlib import Path

import numpy as np
import pytest
from crafted import craft, refused
from kept import state_of

from fastrnn.model.checkpoint import load_checkpoint, load_model
from fastrnn.model.run_files import checkpoints
from fastrnn.model.safetensors_file import checksum, read


def sizes(H, V):
    return {'Wxh': (H, V), 'Whh': (H, H), 'Why': (V, H), 'bh': (H, 1), 'by': (V, 1)}


@pytest.mark.parametrize(
    ('metadata', 'words'),
    [
        ({'format': '9' * 5000}, 'of a newer fastrnn'),
        ({'format': '4'}, 'format 4 of a newer fastrnn'),
        ({'format': '3'}, "'cell' missing"),
        ({'format': '2'}, "'cell' missing"),
        ({'format': 'x'}, 'its format is not a number'),
        ({'format': '\u0661'}, 'its format is not a number'),
        ({'unit': 'word'}, "unknown unit 'word'"),
        ({'unit': 'byte', 'vocabulary': None}, 'the vocabulary has U+20AC, which is not a byte'),
    ],
)
def test_crafted_metadata(made, tmp_path, metadata, words):
    source = checkpoints(made / 'exact')[-1]
    if metadata.get('vocabulary', '') is None:
        chars = json.loads(read(source)[1]['vocabulary'])
        metadata = {**metadata, 'vocabulary': json.dumps([*chars[:-1], '\u20ac'])}
    for load in (load_model, load_checkpoint):
        assert words in refused(craft(source, tmp_path / 'x', metadata=metadata), load)


@pytest.mark.parametrize(
    ('H', 'V', 'words'), [(0, 5, 'weights of shape (0, 0)'), (5, 0, '0 characters'), (0, 0, '0 characters')]
)
def test_sizes_of_nothing(made, tmp_path, H, V, words):
    tensors = {name: np.zeros(shape) for name, shape in sizes(H, V).items()}
    vocabulary = json.dumps([chr(97 + k) for k in range(V)])
    path = craft(checkpoints(made / 'exact')[-1], tmp_path / 'x', tensors, {'vocabulary': vocabulary})
    assert words in refused(path, load_model)


@pytest.mark.parametrize(
    ('name', 'without', 'tensors'),
    [
        ('exact', ['mWhh'], {}),
        ('fast', ['vWxh'], {}),
        ('fast', ['vWxh', 'vWhh', 'vWhy', 'vbh', 'vby'], {}),
        ('exact', ['hprev'], {}),
        ('exact', [], {'hprev': np.zeros((16, 3))}),
        ('fast', [], {'hprev': np.zeros((16, 1), np.float32)}),
        ('exact', [], {'hprev': np.zeros((1, 1))}),
        ('exact', [], {'more': np.zeros(3)}),
        ('fast', [], {'mWhh': np.zeros((16, 16))}),
    ],
)
def test_crafted_tensors(made, tmp_path, name, without, tensors):
    """A state is refused; the weights beside it may still be good."""
    path = craft(checkpoints(made / name)[-1], tmp_path / 'x', tensors, without=without)
    refused(path, load_checkpoint)
    assert load_model(path).params.H == 16


@pytest.mark.parametrize('change', [{'streams': 2}, {'optimizer': 'adam'}, {'dtype': 'float32'}, {'hidden_size': 9}])
def test_a_configuration_of_another_run(made, tmp_path, change):
    source = checkpoints(made / 'exact')[-1]
    config = json.loads(read(source)[1]['config'])
    refused(craft(source, tmp_path / 'x', metadata={'config': json.dumps(config | change)}), load_checkpoint)


@pytest.mark.parametrize(
    'change',
    [
        {'has_gauss': 2**40},
        {'has_gauss': 2},
        {'gauss': float('nan')},
        {'pos': 1.5},
        {'pos': '3'},
        *({'pos': pos} for pos in (-1, 625, 10**9)),
    ],
)
def test_a_generator_that_can_not_be(made, tmp_path, change):
    source = checkpoints(made / 'exact')[-1]
    state = json.loads(read(source)[1]['state'])
    state['rng'] |= change
    path = craft(source, tmp_path / 'x', metadata={'state': json.dumps(state)})
    assert 'the state of the generator does not fit' in refused(path, load_checkpoint)


@pytest.mark.parametrize('load', [load_model, load_checkpoint])
@pytest.mark.parametrize('name', ['a\0b', 'a\udc80b', 'x' * 5000])
def test_names_that_no_file_can_have(load, name):
    refused(Path(name), load)


def test_the_check_is_the_files(made):
    """Else the tests above prove nothing."""
    tensors, facts = read(checkpoints(made / 'exact')[-1])
    assert checksum(tensors, facts) != checksum(tensors, facts | {'unit': 'byte'})
    assert state_of(checkpoints(made / 'exact')[-1])
