"""Models and states of any cell and depth, in format 2: what is in the file, and that it comes back bit for bit."""

import json

import numpy as np
import pytest
from helpers import SONNETS
from kept import begin, run_to, state_of
from models import checkpoint_of, model_of
from safetensors import safe_open
from safetensors.numpy import load_file

from fastrnn.model.architecture import Architecture, torch_shapes
from fastrnn.model.checkpoint import load_checkpoint, load_model, save_checkpoint, save_model
from fastrnn.model.run_files import checkpoints
from fastrnn.model.state import MOMENTS

CELLS = [('rnn', 1), ('rnn', 2), ('gru', 1), ('gru', 3), ('lstm', 1), ('lstm', 8)]


VOCABULARIES = [('\0a\xff', 'byte'), (''.join(map(chr, range(256))), 'byte')]
VOCABULARIES += [(chars, 'character') for chars in ('\na\ud83d\ude00', '\0\n"\\', 'é日🎈\ufffd')]


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize(('cell', 'layers'), CELLS)
@pytest.mark.parametrize(('chars', 'unit'), VOCABULARIES)
def test_models_come_back(tmp_path, cell, layers, dtype, chars, unit):
    """Also vocabularies whose surrogates JSON would merge."""
    model = model_of(chars, 5, dtype, cell, layers, unit)
    save_model(tmp_path / 'model', model)
    loaded = load_model(tmp_path / 'model')
    assert (loaded.chars, loaded.unit) == (model.chars, model.unit)
    assert loaded.params.architecture == Architecture(cell, layers, 5, len(model.chars))
    assert loaded.params.flat.dtype == dtype and loaded.params.flat.tobytes() == model.params.flat.tobytes()


@pytest.mark.parametrize('optimizer', MOMENTS)
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize(('cell', 'layers'), CELLS)
def test_states_come_back(tmp_path, cell, layers, dtype, optimizer):
    """The moments too, and what each layer carries from window to window. It is also a model."""
    checkpoint = checkpoint_of(model_of('abcd', 5, dtype, cell, layers), optimizer)
    save_checkpoint(tmp_path / 'state', checkpoint)
    loaded = load_checkpoint(tmp_path / 'state')
    state, then = loaded.state, checkpoint.state
    assert state.moments == then.moments and loaded.model == checkpoint.model == load_model(tmp_path / 'state')
    assert state.hidden.dtype == dtype and np.array_equal(state.hidden, then.hidden)
    assert state.hidden.shape == (3, layers * 5 * (2 if cell == 'lstm' else 1)) and state.hidden.flags.c_contiguous
    assert (loaded.config, loaded.text) == (checkpoint.config, checkpoint.text)
    save_checkpoint(tmp_path / 'again', loaded)
    assert state_of(tmp_path / 'again') == state_of(tmp_path / 'state')


@pytest.mark.parametrize(('cell', 'layers'), CELLS)
def test_what_is_in_it(tmp_path, cell, layers):
    """PyTorch's names, the moments' behind a prefix that is none of them; one tanh layer keeps the gist's."""
    checkpoint = checkpoint_of(model_of('abcd', 5, 'float32', cell, layers))
    save_checkpoint(tmp_path / 'state', checkpoint)
    save_model(tmp_path / 'model', checkpoint.model)
    gist, architecture = (cell, layers) == ('rnn', 1), Architecture(cell, layers, 5, 4)
    of_gist = {'Wxh': (5, 4), 'Whh': (5, 5), 'Why': (4, 5), 'bh': (5, 1), 'by': (4, 1)}
    shapes = of_gist if gist else torch_shapes(architecture)
    prefixes = ('', 'm', 'v') if gist else ('', 'm.', 'v.')
    expected = {prefix + name: shape for prefix in prefixes for name, shape in shapes.items()}
    expected |= {'hprev': architecture.state_shape(3)[::-1], 'rng': (624,)}
    assert {name: array.shape for name, array in load_file(tmp_path / 'state').items()} == expected
    assert {name: array.shape for name, array in load_file(tmp_path / 'model').items()} == shapes
    for name in ('state', 'model'):
        with safe_open(tmp_path / name, 'numpy') as file:
            metadata = file.metadata()
        facts = {'format': '1'} if gist else {'format': '2', 'cell': cell, 'layers': str(layers)}
        assert {name: metadata.get(name) for name in ('format', 'cell', 'layers')} == dict.fromkeys(
            ('cell', 'layers')
        ) | facts
        assert (json.loads(metadata['vocabulary']), metadata['unit']) == ([*'abcd'], 'character')


def test_a_run_of_two_layers(tmp_path, cli):
    """What it has kept is what its engine had, and works as a model."""
    session = run_to(begin(tmp_path / 'two', 'fast', cell='lstm', layers=2, dropout=0.25, iterations=20))
    kept, engine = load_checkpoint(checkpoints(tmp_path / 'two')[-1]), session.run.engine
    assert kept.model.params == engine.params
    assert {letter: m.flat.tobytes() for letter, m in kept.state.moments.items()} == {
        letter: m.tobytes() for letter, m in engine.moments.items()
    }
    assert np.array_equal(kept.state.hidden, engine.state().hidden) and kept.state.hidden.any()
    assert (kept.config['cell'], kept.config['layers'], kept.config['dropout']) == ('lstm', 2, 0.25)
    code, out, _ = cli('eval', tmp_path / 'two', SONNETS)
    assert code == 0 and 'bits per character' in out
