"""The text of a run: characters of a held-out text that the training text does not have."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import SONNETS, refusal

import fastrnn
from fastrnn.data.corpus import Corpus

HELD_OUT = 'Shall I compare thee, '
WITH = 'Sh€all I comp€are theeé, '
LEFT_OUT = '3 of 25 characters (12.0 %) are not in the vocabulary of 42: € (U+20AC) 2 times, é (U+00E9)'
SIZES = {'hidden_size': 8, 'iterations': 12, 'seed': 0}
BATCHED = {**SIZES, 'engine': 'batched', 'streams': 2}


@pytest.fixture
def files(tmp_path):
    (tmp_path / 'with').write_text(WITH * 4)
    (tmp_path / 'without').write_text(HELD_OUT * 4)
    return tmp_path


def validations(run):
    return [record.validation for record in run if record.validation is not None]


@pytest.mark.parametrize('options', [SIZES, BATCHED, {**SIZES, 'engine': 'reference', 'iterations': 3}])
def test_each_engine_validates_without_them(options):
    """As if they were not in the text; what was left out is kept with the run."""
    text = SONNETS.read_text()
    run = fastrnn.train(text, validation=WITH, skip_unknown=True, **options)
    assert str(run.text.skipped) == LEFT_OUT
    assert run.text.held_out.size == len(HELD_OUT)
    assert validations(run) == validations(fastrnn.train(text, validation=HELD_OUT, **options)) != []


def test_without_it_they_are_refused(cli, files):
    words = '12 of 100 characters.*; take them out of the held-out text, with --skip-unknown'
    with pytest.raises(ValueError, match=words):
        fastrnn.train(SONNETS, validation=files / 'with', **SIZES)
    assert '--skip-unknown' in refusal(cli, 'train', SONNETS, '--validation', files / 'with')


def test_bytes_and_folded_characters():
    text = 'abcabc\n' * 20
    run = fastrnn.train(text, validation='abécab', unit='byte', skip_unknown=True, **SIZES)
    assert str(run.text.skipped).startswith('2 of 7 bytes (28.6 %) are not in the vocabulary of 4: 0xc3, 0xa9')
    folded = fastrnn.train(text + 'x', validation='abécab', min_count=2, skip_unknown=True, **SIZES)
    assert folded.text.skipped.count == 0 and folded.text.held_out.size == 6


def test_the_text_decides_what_is_unknown_and_not_the_weights_before(tmp_path):
    """So a run resumes without the model that it began with."""
    model = fastrnn.train('abcdefé\n' * 20, **SIZES).model
    run = fastrnn.train('abcdef\n' * 20, validation='abéc', weights=model, skip_unknown=True, iterations=3, seed=0)
    assert run.text.skipped.count == 1 and run.text.held_out.size == 3


@pytest.mark.parametrize(
    'validation', [None, 0.1, '10%', np.array([1, 2, 3], np.uint8)], ids=['none', 'share', 'percent', 'numbers']
)
def test_nothing_else_can_be_skipped(validation):
    words = '^--skip-unknown needs a separate held-out file: add --validation FILE, or leave it out$'
    for text in ('abcabc\n' * 20, Corpus.of('abcabc\n' * 20)):
        with pytest.raises(ValueError, match=words):
            fastrnn.train(text, validation=validation, skip_unknown=True, **SIZES)


@pytest.mark.parametrize('options', [(), ('--validation', '10%')])
def test_nothing_else_can_be_skipped_on_the_command_line(cli, options):
    words = '--skip-unknown needs a separate held-out file: add --validation FILE, or leave it out'
    assert refusal(cli, 'train', SONNETS, '--skip-unknown', *options) == words


def test_too_little_is_left(tmp_path):
    with pytest.raises(ValueError, match="the model knows none of the text's 3 characters"):
        fastrnn.train('abcabc\n' * 20, validation='xyz', skip_unknown=True, **SIZES)


def test_a_kept_run_resumes_with_it(cli, files):
    """config.json keeps it; it is told each time, and can't be changed."""
    args = ('train', SONNETS, '--validation', files / 'with', '--skip-unknown', '--hidden-size', 8, '--seed', 0)
    code, _, err = cli(*args, '--iterations', 6, '--out', files / 'run')
    told = 'left out of the held-out text: 12 of 100 characters (12.0 %) are not in the vocabulary of 42: '
    assert code == 0 and err.count(told) == 1
    assert json.loads((files / 'run' / 'config.json').read_text())['text']['skip_unknown'] is True
    code, _, err = cli('train', '--resume', files / 'run', '--iterations', 12)
    assert code == 0 and err.count(told) == 1
    assert "can't be changed when a run is resumed" in refusal(
        cli, 'train', '--resume', files / 'run', '--skip-unknown'
    )
    whole = fastrnn.start(files / 'other', SONNETS, validation=files / 'without', hidden_size=8, seed=0, iterations=12)
    with whole:
        list(whole)
    assert fastrnn.load_model(files / 'run').params.flat.tobytes() == whole.model.params.flat.tobytes()


def test_a_run_from_before_it_resumes(files):
    with fastrnn.start(files / 'run', SONNETS, hidden_size=8, seed=0, iterations=3) as run:
        list(run)
    config = files / 'run' / 'config.json'
    facts = json.loads(config.read_text())
    del facts['text']['skip_unknown']
    config.write_text(json.dumps(facts))
    copy = Path(shutil.copytree(files / 'run', files / 'copy'))
    with fastrnn.resume(files / 'run', iterations=6) as run:
        list(run)
    facts['text']['skip_unknown'] = 'yes'
    (copy / 'config.json').write_text(json.dumps(facts))
    with pytest.raises(ValueError, match='damaged'):
        fastrnn.resume(copy)
