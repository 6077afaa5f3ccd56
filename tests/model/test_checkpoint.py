"""The file: what is in it, who else can read it, and that damage is noticed."""

import json
import tracemalloc

import numpy as np
import pytest
from helpers import SONNETS
from hypothesis import given, settings
from hypothesis import strategies as st
from kept import begin, one_by_one, run_to
from models import checkpoint_of, model_of
from safetensors import safe_open
from safetensors.numpy import load_file, save, save_file

import fastrnn
from fastrnn.model.checkpoint import load_checkpoint, load_model, save_checkpoint, save_model
from fastrnn.model.run_files import checkpoints
from fastrnn.model.safetensors_file import checksum, write


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return run_to(begin(tmp_path_factory.mktemp('kept') / 'run', 'fast')).folder.path


@pytest.fixture(scope='module')
def path(folder):
    return checkpoints(folder)[-1]


@pytest.fixture(scope='module', params=[('rnn', 1), ('gru', 1), ('lstm', 2)], ids=str)
def state(request, tmp_path_factory):
    """A small file of each cell, in both formats."""
    cell, layers = request.param
    place = tmp_path_factory.mktemp('state') / 'state'
    save_checkpoint(place, checkpoint_of(model_of('abcd', 3, 'float32', cell, layers)))
    return place


@pytest.mark.parametrize(('name', 'memories'), [('exact', 'm'), ('fast', 'mv'), ('fast Adagrad', 'm')])
def test_what_is_in_it(tmp_path, name, memories):
    """Weights in the gist's shapes, the optimizer's memory, the hidden state; the rest as JSON."""
    session = run_to(begin(tmp_path / 'run', name))
    tensors = load_file(checkpoints(tmp_path / 'run')[-1])
    V, H, B = len(session.run.text.corpus.chars), 16, session.run.job.streams
    shapes = {'Wxh': (H, V), 'Whh': (H, H), 'Why': (V, H), 'bh': (H, 1), 'by': (V, 1)}
    expected = shapes | {m + key: shape for m in memories for key, shape in shapes.items()}
    assert {key: array.shape for key, array in tensors.items()} == expected | {'hprev': (H, B), 'rng': (624,)}
    assert np.array_equal(tensors['Wxh'], session.run.engine.params.Wxh)
    with safe_open(checkpoints(tmp_path / 'run')[-1], 'numpy') as file:
        metadata = file.metadata()
    state = json.loads(metadata['state'])
    assert json.loads(metadata['vocabulary']) == list(session.run.text.corpus.chars)
    assert json.loads(metadata['config'])['hidden_size'] == H
    assert json.loads(metadata['text'])['sha256'] == session.run.text.corpus.sha256
    assert state['iteration'] == 60 and state['smooth_loss'] == session.run.engine.smooth_loss
    assert {'position', 'rng'} <= set(state) and metadata['format'] == '1'


def test_the_same_bytes_each_time(tmp_path):
    """Of the same model, that is: safetensors alone writes its metadata in any order."""
    for number in range(8):
        save_model(tmp_path / str(number), model_of('"\\\n\0\x7fé€\ud800😀'))
    files = [file.read_bytes() for file in tmp_path.iterdir()]
    assert len(files) == 8 and len(set(files)) == 1
    size = int.from_bytes(files[0][:8], 'little')
    names = list(json.loads(files[0][8 : 8 + size])['__metadata__'])
    assert names == sorted(names) and size % 8 == 0
    data = save(load_file(tmp_path / '0'), safe_open(tmp_path / '0', 'numpy').metadata())
    assert len(data) == len(files[0]) and data[8 + size :] == files[0][8 + size :]


@pytest.mark.parametrize('kind', ['float32', 'float64'])
def test_the_bytes_that_safetensors_writes(tmp_path, kind):
    """Of every type that a state has, and of shapes with nothing in them."""
    rng = np.random.default_rng(0)
    shapes = {'b': (3, 5), 'é': (0, 4), 'a': (1,), 'rng': (7,)}
    tensors = {name: rng.random(shape).astype('uint32' if name == 'rng' else kind) for name, shape in shapes.items()}
    write(tmp_path / 'file', tensors, {})
    assert (tmp_path / 'file').read_bytes() == save(tensors, {'check': checksum(tensors, {})})


def test_saving_copies_little(tmp_path):
    """Of a model of 8 MB; safetensors' own function would take 24 more."""
    model = model_of('abcd', 1000)
    tracemalloc.start()
    save_model(tmp_path / 'model', model)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * model.params.flat.nbytes


def test_a_failed_write_leaves_the_old_model(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, 'No space left on device')

    save_model(tmp_path / 'model', model_of('abcd'))
    before = (tmp_path / 'model').read_bytes()
    monkeypatch.setattr('os.fsync', full)
    with pytest.raises(OSError, match='No space'):
        save_model(tmp_path / 'model', model_of('abc'))
    assert (tmp_path / 'model').read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_nothing_that_is_not_finite(tmp_path, path):
    model = model_of('abcd')
    model.params.Why[1, 2] = np.nan
    with pytest.raises(ValueError, match='inf or NaN'):
        save_model(tmp_path / 'model', model)
    for place in ('params', 'moments', 'hidden'):
        checkpoint = load_checkpoint(path)
        arrays = {'params': checkpoint.state.params.flat, 'hidden': checkpoint.state.hidden}
        arrays['moments'] = checkpoint.state.moments['v'].flat
        arrays[place].flat[3] = np.inf
        with pytest.raises(fastrnn.Diverged, match='inf or NaN at iteration 60'):
            save_checkpoint(tmp_path / 'model', checkpoint)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(('cell', 'layers'), [('rnn', 1), pytest.param('gru', 1, marks=pytest.mark.long)])
def test_every_truncation_and_every_flipped_byte_is_noticed(tmp_path, cell, layers):
    save_model(tmp_path / 'model', model_of('abcd', 2, cell=cell, layers=layers))
    whole = (tmp_path / 'model').read_bytes()
    for k in range(len(whole)):
        for data in (whole[:k], whole[:k] + bytes([whole[k] ^ (1 << k % 8)]) + whole[k + 1 :]):
            (tmp_path / 'bad').write_bytes(data)
            with pytest.raises(ValueError, match=r'bad: (not a model|not made|damaged|format)') as error:
                load_model(tmp_path / 'bad')
            assert '\n' not in str(error.value)


NO_MODEL = r'not a model \(no safetensors file\); name a run folder, a checkpoint or a file made by train --save'
MESSAGES = {
    'foreign': 'not made by fastrnn; name a model that fastrnn train made',
    'future': r'format 7 of a newer fastrnn, this one reads 3: upgrade fastrnn',
    'text': NO_MODEL,
    'empty': NO_MODEL,
    'cut': r'damaged \(a part is missing or changed\); take another checkpoint or model',
    'of another type': 'not made by fastrnn; name a model that fastrnn train made',
    'missing': 'No such file or directory; name a model that fastrnn train made',
    'weights only': 'holds a model, but not the state of its training; start a new run with --from',
}


def odd_file(kind, place):
    if kind == 'foreign':
        save_file({'weight': np.zeros((3, 3))}, place, {'format': 'pt'})
    elif kind == 'future':
        metadata = {'format': '7', 'vocabulary': '[]', 'check': 'of a kind that this version does not know'}
        save_file({'weights': np.zeros(3)}, place, metadata)
    elif kind == 'text':
        place.write_bytes(SONNETS.read_bytes())
    elif kind == 'empty':
        place.write_bytes(b'')
    elif kind == 'cut':
        save_model(place, model_of('abcd'))
        place.write_bytes(place.read_bytes()[:-1])
    elif kind == 'of another type':  # NumPy has none such
        header = b'{"weight":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
        place.write_bytes(len(header).to_bytes(8, 'little') + header + b'\0\0')
    elif kind == 'weights only':
        save_model(place, model_of('abcd'))


@pytest.mark.parametrize('kind', MESSAGES)
def test_odd_files(tmp_path, kind, cli):
    place = tmp_path / 'odd'
    odd_file(kind, place)
    with pytest.raises(ValueError, match=f'^.*odd: {MESSAGES[kind]}$'):
        load_checkpoint(place)
    if kind != 'weights only':
        code, out, err = cli('eval', place, SONNETS)
        assert (code, out) == (2, '') and err.startswith(f'error: {place}: ') and err.count('\n') == 1


@settings(max_examples=50)  # of each of three files
@given(data=st.data())
def test_any_bytes(tmp_path_factory, state, data):
    """Whatever is in the file, only a ValueError of one line comes out."""
    whole = state.read_bytes()
    header = int.from_bytes(whole[:8], 'little')
    kind = data.draw(st.sampled_from(['bytes', 'cut', 'header', 'length']))
    changed = bytearray(whole)
    if kind == 'bytes':
        changed = bytearray(data.draw(st.binary(max_size=200)))
    elif kind == 'cut':
        del changed[data.draw(st.integers(0, len(whole) - 1)) :]
    elif kind == 'length':
        changed[:8] = data.draw(st.binary(min_size=8, max_size=8).filter(lambda length: length != whole[:8]))
    else:
        at = data.draw(st.integers(8, header))
        changed[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(min_size=1, max_size=9))
    place = tmp_path_factory.getbasetemp() / 'fuzz'
    place.write_bytes(changed)
    if bytes(changed) == whole:
        return
    for load in (load_model, load_checkpoint):
        with pytest.raises(ValueError, match='fuzz: ') as error:
            load(place)
        assert '\n' not in str(error.value)


@pytest.mark.parametrize('name', ['exact', 'fast'])
def test_checkpoints_work_as_models(tmp_path, monkeypatch, name, cli):
    """A run folder is its best checkpoint, or its last if nothing is held out; each is a model by itself."""
    one_by_one(monkeypatch)
    for validation in (0.2, None):
        place = tmp_path / f'{validation}'
        run_to(begin(place, name, validation=validation, keep=9))
        chosen = place / 'best.safetensors' if validation else checkpoints(place)[-1]
        outputs = [cli('eval', model, SONNETS)[:2] for model in (place, chosen, checkpoints(place)[0])]
        assert outputs[0] == outputs[1] != outputs[2] and outputs[0][0] == outputs[2][0] == 0
