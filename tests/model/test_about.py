"""What a model file tells of its training."""

import json
import math
from dataclasses import replace

import pytest
from helpers import markov_text
from models import checkpoint_of, some_model

import fastrnn
from fastrnn.model.about import About, about_from
from fastrnn.model.checkpoint import save_checkpoint
from fastrnn.model.safetensors_file import read, write

ABOUT = About('a.txt', 1000, 2.5, True, 20, '1.2.3')


def test_there_and_back(tmp_path):
    model = some_model()
    fastrnn.save_model(tmp_path / 'a', replace(model, about=ABOUT))
    assert fastrnn.load_model(tmp_path / 'a').about == ABOUT
    fastrnn.save_model(tmp_path / 'b', model)  # as files of 0.1.0 are
    assert 'about' not in read(tmp_path / 'b')[1]
    assert fastrnn.load_model(tmp_path / 'b').about == About()


@pytest.mark.parametrize('facts', [[], 'x', 7, None, {'text': 7, 'characters': 'x', 'bits': 3, 'held_out': 1}])
def test_odd_facts_are_not_known(facts):
    assert about_from(facts) == About()
    assert about_from({'bits': math.inf, 'characters': -1, 'iterations': True, 'text': '', 'more': 1}) == About()
    assert len(about_from({'text': 'x' * 1000}).text) == 200


def test_facts_that_are_no_json(tmp_path):
    tensors, metadata = (fastrnn.save_model(tmp_path / 'a', some_model()), read(tmp_path / 'a'))[1]
    write(tmp_path / 'a', tensors, {**metadata, 'about': '{'})
    with pytest.raises(ValueError, match='damaged'):
        fastrnn.load_model(tmp_path / 'a')


def test_of_a_checkpoint(tmp_path):
    """The best validation and when it was, or the smooth loss in bits; older ones have no name of the text."""
    checkpoint = checkpoint_of(some_model(dtype='float32'))
    save_checkpoint(tmp_path / 'a', checkpoint)
    bits = round(12.5 / 25 / math.log(2), 4)
    assert fastrnn.load_model(tmp_path / 'a').about == About(None, 1000, bits, False, 5, None)
    state = replace(checkpoint.state, best=2.123456, best_iteration=3)
    save_checkpoint(tmp_path / 'a', replace(checkpoint, state=state, text={**checkpoint.text, 'name': 'a.txt'}))
    assert fastrnn.load_model(tmp_path / 'a').about == About('a.txt', 1000, 2.1235, True, 3, None)


def test_of_runs(tmp_path):
    """The same from the same run: a file has nothing of folders or of the clock in it."""
    files = []
    for name in ('one', 'two'):
        text = tmp_path / name / 'some.txt'
        text.parent.mkdir()
        text.write_text(markov_text(2000), encoding='utf-8')
        with fastrnn.train(text, seed=0, iterations=10, hidden_size=8, validation=0.1) as run:
            run.watch()
        run.save(tmp_path / name / 'model')
        files.append((tmp_path / name / 'model').read_bytes())
    assert files[0] == files[1]
    about = fastrnn.load_model(tmp_path / 'one' / 'model').about
    assert (about.text, about.characters, about.held_out) == ('some.txt', 1800, True) and 1 <= about.iterations <= 10
    assert about.bits == round(run.figures.best, 4) and json.loads(about.as_json)['version'] == fastrnn.__version__

    with fastrnn.start(tmp_path / 'run', text, seed=0, iterations=10, hidden_size=8) as session:
        for _ in session:
            pass
    about = fastrnn.load_model(tmp_path / 'run').about
    assert (about.text, about.held_out, about.iterations) == ('some.txt', False, 10)
    session.save(tmp_path / 'kept')
    assert fastrnn.load_model(tmp_path / 'kept').about == replace(about, version=fastrnn.__version__)
