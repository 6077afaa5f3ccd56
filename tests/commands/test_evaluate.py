"""``fastrnn eval``: texts, figures and errors."""

import gzip
import json

import pytest
from helpers import SONNETS, refusal

import fastrnn

SMALL = ('--preset', 'fast', '--hidden-size', 16, '--seq-length', 8, '--streams', 4, '--seed', 0)


def test_texts_that_the_model_does_not_know(cli, tmp_path):
    model, text = tmp_path / 'model', tmp_path / 'text'
    assert cli('train', SONNETS, *SMALL, '--iterations', 1, '--save', model)[0] == 0
    text.write_text('naïve', encoding='utf-8')
    code, _, err = cli('eval', model, text)
    assert code == 2
    assert 'U+00EF' in err and '--skip-unknown' in err
    told = 'left out: 1 of 5 characters (20.0 %) is not in the vocabulary of 42: ï (U+00EF)\n'
    code, out, err = cli('eval', model, text, '--skip-unknown')
    assert (code, err) == (0, told) and '(3 characters)' in out
    code, out, err = cli('eval', model, text, '--skip-unknown', '--json')
    facts = json.loads(out)
    assert (code, err) == (0, told) and (facts['skipped'], facts['skipped_kinds'], facts['skipped_share']) == (
        1,
        1,
        0.2,
    )
    assert cli('eval', model, SONNETS, '--skip-unknown')[2] == ''
    code, _, err = cli('train', SONNETS, *SMALL, '--iterations', 1, '--validation', text)
    assert code == 2 and '1 of 5 characters' in err and 'take them out of the held-out text' in err


def test_eval_reads_what_train_reads(cli, tmp_path):
    """gzip, bytes that are not text, and replaced bytes."""
    model, packed, latin = tmp_path / 'model', tmp_path / 'text.gz', tmp_path / 'latin'
    packed.write_bytes(gzip.compress(SONNETS.read_bytes()))
    latin.write_bytes('Üb immer Treu und Redlichkeit. '.encode('latin-1') * 9)
    for text, options in ((packed, ()), (latin, ('--errors', 'replace')), (latin, ('--unit', 'byte'))):
        assert cli('train', text, *SMALL, '--iterations', 2, '--save', model, *options)[0] == 0
        code, out, err = cli('eval', model, text, *(options if '--errors' in options else ()))
        assert (code, err) == (0, '')
        assert 'bits per UTF-8 byte' in out


def test_windows(cli, tmp_path):
    """As models without a state are evaluated; and invalid windows."""
    model = tmp_path / 'model'
    assert cli('train', SONNETS, *SMALL, '--cell', 'gru', '--iterations', 2, '--save', model)[0] == 0
    code, out, err = cli('eval', model, SONNETS, '--window', 64, '--json')
    assert (code, err) == (0, '')
    loaded, text = fastrnn.load_model(model), SONNETS.read_text(encoding='utf-8')
    result = fastrnn.evaluate(loaded, text, window=64)
    assert json.loads(out)['bits_per_character'] == result.bits_per_character
    assert cli('eval', model, SONNETS, '--window', 64)[1].startswith(f'{result.bits_per_character:8.4f}  bits per ch')
    for value in (0, -3):
        with pytest.raises(ValueError, match=rf'^window is {value}; it must be a whole number, 1 or more$') as error:
            fastrnn.evaluate(loaded, text, window=value)
        assert refusal(cli, 'eval', model, SONNETS, '--window', value) == str(error.value)
    assert "'--window': 'x' is not a whole number" in refusal(cli, 'eval', model, SONNETS, '--window', 'x')


def test_what_the_simple_models_of_a_long_text_cover(cli, tmp_path, monkeypatch):
    """Each line says which part; one line has the model's figure for the same part."""
    model = tmp_path / 'model'
    assert cli('train', SONNETS, *SMALL, '--iterations', 1, '--save', model)[0] == 0
    assert 'first' not in cli('eval', model, SONNETS)[1]
    monkeypatch.setattr('fastrnn.inference.evaluate.COMPARED', 500)
    lines = [line.split('  ')[-1] for line in cli('eval', model, SONNETS)[1].splitlines()]
    of = 'bits per character of the first 500'
    assert lines[3:] == [
        f'{of}: this model',
        f'{of}: entropy of single characters',
        f'{of}: adaptive order-2 context model',
        f'{of}: xz -9e',
    ]
    facts = json.loads(cli('eval', model, SONNETS, '--json')[1])
    assert facts['compared'] == 500 < facts['characters']
    assert facts['compared_bits_per_character'] != facts['bits_per_character']


def test_adapting(cli, tmp_path):
    """A separate figure, in text and in JSON; the model's file does not change."""
    model = tmp_path / 'model'
    assert cli('train', SONNETS, *SMALL, '--cell', 'lstm', '--iterations', 2, '--save', model)[0] == 0
    bytes_before, static = model.read_bytes(), json.loads(cli('eval', model, SONNETS, '--json')[1])
    code, out, err = cli('eval', model, SONNETS, '--adapt', '--json')
    facts = json.loads(out)
    assert (code, err, static['adapted_bits_per_character']) == (0, '', None)
    assert facts['adapted_bits_per_character'] < facts['bits_per_character']
    assert facts == {**static, 'adapted_bits_per_character': facts['adapted_bits_per_character']}
    plain, both = (cli('eval', model, SONNETS, *options)[1].splitlines() for options in ((), ('--adapt',)))
    adapted = f'{facts["adapted_bits_per_character"]:8.4f}  bits per character, adapted while reading'
    assert both == [plain[0], adapted, *plain[1:]]
    assert model.read_bytes() == bytes_before
    message = 'adapt carries the state through the text, window restarts it from zero: leave out one of them'
    assert refusal(cli, 'eval', model, SONNETS, '--adapt', '--window', 64) == message
    assert '--adapt' in refusal(cli, 'eval', model, SONNETS, '--dynamic')
