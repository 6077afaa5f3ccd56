"""What a notebook needs: NumPy's numbers, the command's options, texts and paths, objects that tell what they are."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from helpers import SONNETS, same_bits

import fastrnn
from fastrnn.progress import notebook as watching
from fastrnn.progress.records import Progress
from fastrnn.settings.config import Config

TEXT = SONNETS.read_text(encoding='utf-8')
SMALL = {'seed': 0, 'hidden_size': 8, 'iterations': 30}


# --- a text or a path -----------------------------------------------------------------------------------------------


def test_a_str_is_text_and_a_path_names_a_file(monkeypatch):
    monkeypatch.chdir(SONNETS.parent)
    by_text, by_path, by_paths = (due(fastrnn.train(text, **SMALL)) for text in (TEXT, SONNETS, [SONNETS]))
    assert by_text == by_path == by_paths
    model = fastrnn.train(TEXT, **SMALL).model
    for use in (
        lambda name: fastrnn.train(name, **SMALL),
        lambda name: fastrnn.evaluate(model, name),
        lambda name: fastrnn.surprisals(model, name),
    ):
        with pytest.raises(
            ValueError, match=r"11 characters 'sonnets.txt', but a file has that name: pass Path\('sonn"
        ):
            use('sonnets.txt')
    assert fastrnn.evaluate(model, Path('sonnets.txt')) == fastrnn.evaluate(model, TEXT)


def due(run):
    """Records between two reports come by the clock."""
    return [record for record in run if record.report or record.last]


@pytest.mark.parametrize('text', [b'bytes', 7, None, [], [7], {'a': 1}])
def test_what_is_neither(text):
    with pytest.raises(
        ValueError, match=r'^the text is a \w+; pass text as a str, or the names of files as Path\(...\)$'
    ):
        fastrnn.train(text)


def test_start_tells_a_text_from_a_path(tmp_path):
    """Without printing it."""
    with pytest.raises(ValueError) as caught:
        fastrnn.start(tmp_path / 'run', TEXT)
    assert str(caught.value) == f'the text is a text of {len(TEXT):,} characters; save it in a file and pass its name'
    with pytest.raises(ValueError, match=r'^validation is a text of '):
        fastrnn.start(tmp_path / 'run', SONNETS, validation=TEXT)
    with pytest.raises(
        ValueError, match=r'^validation is a ndarray; of a run that is kept it is a share or the name of'
    ):
        fastrnn.start(tmp_path / 'run', SONNETS, validation=np.zeros(3, np.uint8))
    assert not (tmp_path / 'run').exists()


# --- numbers and options --------------------------------------------------------------------------------------------


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
        *(('learning_rate', np.zeros(2)), ('epochs', True), ('warmup', '0.1'), ('weight_decay', None)),
        ('time', 'long'),
    ],
)
def test_what_is_no_number(name, value):
    with pytest.raises(ValueError, match=f'^{name} is '):
        Config(**{'engine': 'fast', name: value})


def test_the_commands_options(tmp_path):
    """All of them in both functions; the run is the command's."""
    options = {'preset': 'fast', 'validation': 0.1, 'encoding': 'utf-8', 'errors': 'replace', 'unit': 'byte'}
    options |= {'min_count': 2, 'streams': 2, 'seq_length': 8, **SMALL}
    in_memory = fastrnn.train(SONNETS, **options)
    with fastrnn.start(tmp_path / 'run', SONNETS, **options) as kept:
        assert due(in_memory) == due(kept)
    of_text = fastrnn.train(TEXT, **{key: options[key] for key in options if key not in ('encoding', 'errors')})
    assert due(of_text) == due(fastrnn.train(SONNETS, **options))
    assert in_memory.corpus.chars == of_text.corpus.chars
    assert in_memory.corpus.folded_count == of_text.corpus.folded_count > 0
    assert fastrnn.train(TEXT, time='1m30s').config.time == 90 == fastrnn.preset('fast', time='90s').time


def test_held_out_text():
    """A share, a text, a path, numbers."""
    cut = len(TEXT) * 9 // 10
    last = fastrnn.train(TEXT, validation=TEXT[cut:], **SMALL)
    for share in (0.1, '10%', np.float64(0.1)):
        run = fastrnn.train(TEXT, validation=share, **SMALL)
        assert run.corpus.ids.size == cut and run.validation.size == len(TEXT) - cut
    assert due(run)[-1].validation == pytest.approx(due(last)[-1].validation, rel=0.1)
    by_path = fastrnn.train(TEXT, validation=SONNETS, **SMALL)
    assert np.array_equal(by_path.validation, by_path.corpus.ids)
    assert due(fastrnn.train(TEXT, validation=by_path.corpus.ids, **SMALL)) == due(by_path)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'hidden_sise': 8}, 'there is no option hidden_sise: did you mean hidden_size?'),
        ({'validate': 8}, 'there is no option validate: did you mean validat'),
        ({'zzz': 8}, 'there is no option zzz: there are clip, clip_norm, '),
    ],
)
def test_misspelt_options(tmp_path, options, message):
    for call in (lambda: fastrnn.train(TEXT, **options), lambda: fastrnn.start(tmp_path / 'run', SONNETS, **options)):
        with pytest.raises(TypeError) as caught:
            call()
        assert str(caught.value).startswith(message) and '\n' not in str(caught.value)
    with pytest.raises(TypeError, match='there is no option hidden: did you mean hidden_size'):
        fastrnn.preset('fast', hidden=3)
    with pytest.raises(TypeError, match='there is no option thread: did you mean threads'):
        fastrnn.resume(tmp_path, thread=3)
    assert not (tmp_path / 'run').exists()


# --- what train returns ---------------------------------------------------------------------------------------------


def test_train_is_gone_on_with(tmp_path):
    whole = due(fastrnn.train(TEXT, **SMALL))
    with fastrnn.train(TEXT, **SMALL) as run:
        first = [next(run)]
        for record in run:
            first.append(record)
            break
        run.close()  # lets go of threads only
        rest = list(run)
    assert due(first + rest) == whole
    run.save(tmp_path / 'model')
    assert fastrnn.load_model(tmp_path / 'model') == run.model


def test_watching(monkeypatch, tmp_path):
    shown = []
    model = fastrnn.watch(fastrnn.train(TEXT, **SMALL))
    assert fastrnn.watch(fastrnn.start(tmp_path / 'run', SONNETS, **SMALL)) == model
    monkeypatch.setattr(watching, '_is_notebook', lambda: True)
    html = pytest.importorskip('IPython.display')

    class Handle:
        def update(self, data, raw):
            shown.append(data)

    monkeypatch.setattr(html, 'display', lambda data, raw, display_id: shown.append(data) or Handle())
    fastrnn.watch(fastrnn.train(TEXT, validation=0.1, **SMALL))
    assert shown[0]['text/plain'].startswith('starting') and 'best validation' in shown[-1]['text/plain']
    assert '<progress max="1" value="1.0000">' in shown[-1]['text/html']


# --- objects --------------------------------------------------------------------------------------------------------


def test_what_they_say(tmp_path):
    run, V = fastrnn.train(TEXT, **SMALL), len(set(TEXT))
    assert repr(run) == f'<fastrnn.Run: exact engine, H=8, V={V}, iteration 0 of 30>'
    assert repr(run.model) == f'<fastrnn.Model: H=8, {V} characters, float64>'
    with fastrnn.start(tmp_path / 'run', SONNETS, **SMALL) as kept:
        assert repr(kept) == f'<fastrnn.Session: {tmp_path / "run"}, exact engine, H=8, V={V}, iteration 0 of 30>'
    assert repr(kept).endswith(', closed>')
    assert repr(run.config).startswith('Config(hidden_size=8, ')
    assert repr(run.corpus) == f'<fastrnn.Corpus: {len(TEXT):,} characters, {V} unique>'


@pytest.mark.parametrize('again', [copy.deepcopy, copy.copy, lambda model: pickle.loads(pickle.dumps(model))])
def test_models_can_be_copied(again):
    model = fastrnn.train(TEXT, **SMALL).model
    other = again(model)
    assert other == model and same_bits(other.params.Whh, model.params.Whh)
    other.params.Whh[0, 0] += 1  # a view of its flat buffer, as in the first
    assert (other == model) == (again is copy.copy)
    assert other.params.flat[other.params.WxhT.size] == other.params.Whh[0, 0]
    assert ''.join(fastrnn.sample(other, 5, seed=0))


def test_runs_can_not_be_copied():
    for again in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match='can not be pickled or copied: take its model'):
            again(fastrnn.train(TEXT, **SMALL))


def test_records_are_equal_whatever_time_they_took():
    values = {'iteration': 1, 'loss': 2.0, 'smooth_loss': 2.0, 'sample': None, 'report': True, 'characters': 9}
    one, other = (Progress(**values, seconds=seconds, seq_length=8, share=seconds / 9) for seconds in (1.0, 2.0))
    assert one == other and one != Progress(**values, seconds=1.0, seq_length=9)
