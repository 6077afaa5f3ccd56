"""Rare bytes are folded into U+FFFD: no byte has its id, and all commands handle it."""

import json

import numpy as np
import pytest
from helpers import refusal
from kept import contents
from models import some_model

import fastrnn
from fastrnn.inference.prompt import Decoder
from fastrnn.inference.surprisal import escaped
from fastrnn.model.checkpoint import load_model, save_model
from fastrnn.model.model import Model
from fastrnn.model.run_files import BEST

TEXT = ('abc cab\n' * 60 + 'é€ xyz').encode()
OPTIONS = ('--unit', 'byte', '--min-count', 2, '--hidden-size', 8, '--seq-length', 4, '--seed', 0, '--validation', 0.2)
OPTIONS += ('--validate-every', 6, '--save-every', 4, '--learning-rate', 0.5)
FOLDED = '\ufffd'


@pytest.fixture
def text(tmp_path):
    (tmp_path / 'text').write_bytes(TEXT)
    return tmp_path / 'text'


@pytest.mark.parametrize('engine', ['exact', 'batched'])
def test_every_command(tmp_path, cli, text, engine):
    run, saved, page = tmp_path / 'run', tmp_path / 'saved', tmp_path / 'page.html'
    train = ('train', text, *OPTIONS, '--engine', engine)
    code, _, err = cli(*train, '--iterations', 24, '--out', run, '--save', saved)
    assert code == 0 and 'warning' not in err
    model = load_model(saved)
    assert model.chars == '\n abc' + FOLDED and model.params == load_model(run).params == load_model(run / BEST).params

    assert cli('sample', run, '--length', 9, '--seed', 0, '--prime', 'é')[1].startswith('é')
    assert cli('sample', saved, '--length', 9, '--count', 2)[0] == 0
    code, out, _ = cli('eval', saved, text, '--json')
    figures = json.loads(out)
    assert code == 0 and figures['bits_per_byte'] == pytest.approx(figures['bits_per_character'])  # each is one byte
    code, out, _ = cli('score', run, text)
    assert code == 0 and [line.split('\t')[1] for line in out.splitlines()[-9:]] == [*FOLDED * 5, ' ', *FOLDED * 3]
    assert cli('score', run, text, '--html', page)[0] == 0 and FOLDED in page.read_text(encoding='utf-8')
    for options in ((), ('--quantize',), ('--quantize', '--text', text)):
        assert cli('export', saved, '--html', page, *options)[0] == 0
    assert '"points":[10,32,97,98,99,65533]' in page.read_text(encoding='utf-8')
    assert cli(*train, '--from', saved, '--iterations', 2, '--out', tmp_path / 'begun')[0] == 0

    assert cli('train', '--resume', run, '--iterations', 40)[0] == 0
    assert cli(*train, '--iterations', 40, '--out', tmp_path / 'whole')[0] == 0
    assert contents(run)[1][0] == contents(tmp_path / 'whole')[1][0]


def test_folded_bytes_in_generated_text():
    """Within a character, whose first bytes are then invalid; at the end; between texts."""
    model = Model(some_model(chars='a\xe2\x82\xac' + FOLDED).params, 'a\xe2\x82\xac' + FOLDED, 'byte')
    decode = Decoder(model)
    assert decode(np.array([1, 2])) == ''
    assert decode(np.array([4, 3, 1, 2, 3])) == FOLDED * 3 + '€'
    assert decode(np.array([0, 4, 1]), final=True) == 'a' + FOLDED * 2
    assert model.vocabulary.as_bytes([1, 2, 3, 4]) == b'\xe2\x82\xac\xff'
    assert model.vocabulary.sizes.tolist() == [1] * 5
    assert [escaped(char, 'byte') for char in model.chars] == ['a', '\\xe2', '\\x82', '\\xac', FOLDED]


def test_unknown_bytes_are_folded():
    model = some_model(chars='ab' + FOLDED, unit='byte')
    assert model.vocabulary.encode('aλb').tolist() == [0, 2, 2, 1]


@pytest.mark.parametrize(
    ('chars', 'unit'), [('ab\u20ac', 'byte'), ('ab\u0100', 'byte'), ('aba', 'character'), ('ab', 'word')]
)
def test_unreadable_results_are_refused(tmp_path, chars, unit):
    """Before a run and before a file is written, by the check that reading uses."""
    with pytest.raises(ValueError, match=r'the vocabulary (has|is empty or repeats)|unknown unit'):
        fastrnn.Corpus(np.zeros(50, np.uint8), chars, unit)
    model = some_model(chars='abc'[: len(chars)])
    with pytest.raises(ValueError, match=r'the vocabulary (has|is empty or repeats)|unknown unit'):
        save_model(tmp_path / 'model', Model(model.params, chars, unit))
    for other, words in (
        (Model(model.params, 'abcd'), 'has 4 characters'),
        (Model(model.params.astype('f2'), model.chars), 'float16'),
    ):
        with pytest.raises(ValueError, match=words):
            save_model(tmp_path / 'model', other)
    assert not (tmp_path / 'model').exists()


@pytest.mark.parametrize('options', [('--quiet',), ('--json',), ()])
def test_a_lost_best_model_is_always_reported(tmp_path, cli, text, monkeypatch, options):
    """With --quiet, with --json, and with warnings off."""
    run, saved = tmp_path / 'run', tmp_path / 'saved'
    train = ('--learning-rate', 50, '--iterations', 30, '--out', run)
    assert cli('train', text, *OPTIONS[:-2], *train, '--on-divergence', 'stop')[0] in (0, 3)
    (run / BEST).write_bytes(b'nothing')
    monkeypatch.setattr('warnings.warn', lambda *_, **__: None)
    code, _, err = cli('train', '--resume', run, '--save', saved, '--on-divergence', 'stop', *options)
    assert err.splitlines()[-1] == f'warning: {saved}: has the last model, because the best could not be read', (
        code,
        err,
    )
    assert 'not a model' in refusal(cli, 'sample', run)
