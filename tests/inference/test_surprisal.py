"""Surprisal of each character: the numbers, the table and the command."""

import math

import numpy as np
import oracles
import pytest
from helpers import SONNETS, refusal
from hypothesis import given
from hypothesis import strategies as st

import fastrnn
from fastrnn.inference import surprisal as scoring
from fastrnn.model.checkpoint import Model, save_model
from fastrnn.model.params import Params
from fastrnn.pages import surprisal as page

TEXT = SONNETS.read_text(encoding='utf-8')


def some_model(chars, unit='character', H=12):
    params = Params.scaled(H, len(chars), np.random.RandomState(0))
    params.by[:] = np.random.RandomState(1).randn(len(chars)) * 2
    return Model(params.astype('float32'), ''.join(chars), unit)


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp('models') / 'model.safetensors'
    save_model(path, some_model(sorted(set(TEXT))))
    return path


def test_the_mean_is_what_eval_gives(saved):
    model = fastrnn.load_model(saved)
    scored = fastrnn.surprisals(model, TEXT)
    assert scored.text == TEXT and scored.bits.shape == (len(TEXT),)
    assert math.isnan(scored.bits[0]) and (scored.bits[1:] >= 0).all()
    assert scored.bits_per_character == pytest.approx(fastrnn.evaluate(model, TEXT).bits_per_character, rel=1e-12)


def test_each_number_is_of_its_own_character():
    """Without weights the bias alone predicts: the surprisal of a character does not depend on where it stands."""
    model = some_model('abc')
    model.params.flat[: -len(model.chars)] = 0
    expected = -np.log2(oracles.softmax(model.params.by))
    text = 'abcaabbccabcacb'
    np.testing.assert_allclose(
        fastrnn.surprisals(model, text).bits[1:], expected[['abc'.index(c) for c in text[1:]]], 1e-5
    )


def test_no_number_is_negative(monkeypatch):
    """Not even -0, which would be shown; rounding can give either for a character that is certain."""
    monkeypatch.setattr(scoring, 'nats', lambda params, ids: np.array([-1e-9, -0.0, 1.0]))
    bits = fastrnn.surprisals(some_model('ab'), 'aaab').bits[1:]
    assert bits.tolist() == [0, 0, 1 / math.log(2)] and not np.signbit(bits).any()


@given(st.text(st.characters(exclude_categories=()), min_size=2, max_size=40))
def test_the_table_gives_the_text_back(text):
    """Any text: controls, line separators, lone surrogates, backslashes; one line a character, in UTF-8."""
    model = some_model(sorted(set(text)), H=3)
    scored = fastrnn.surprisals(model, text)
    table = ''.join(scoring.table(scored)).encode().decode()
    found, cells = oracles.read_table(table)
    assert found == text
    assert cells == ['', *(f'{value:.4f}' for value in scored.bits[1:])]


@given(st.binary(min_size=2, max_size=40))
def test_the_table_of_bytes_is_ascii(data):
    text = data.decode('latin-1')
    ids = np.array([sorted(set(text)).index(char) for char in text], np.uint8)
    scored = scoring.score(some_model(sorted(set(text)), 'byte', H=3), ids)
    table = ''.join(scoring.table(scored))
    assert table.isascii() and oracles.read_table(table)[0] == text


def test_escapes():
    r"""As documented: names where there are some, \x below 256, \u above."""
    cells = [scoring.escaped(char) for char in '\t\n\r\\\0\x1b\x7f\x85\u2028\ud800 "é😀']
    assert cells == [
        *('\\t', '\\n', '\\r', '\\\\', '\\x00', '\\x1b', '\\x7f', '\\x85', '\\u2028', '\\ud800'),
        *(' ', '"', 'é', '😀'),
    ]
    assert scoring.escaped('é', 'byte') == '\\xe9'


def test_a_table_of_several_blocks(monkeypatch):
    """Made in parts, with one offset through all of them."""
    scored = fastrnn.surprisals(some_model('ab'), 'ab' * 50)
    whole = ''.join(scoring.table(scored))
    monkeypatch.setattr(scoring, 'BLOCK', 7)
    assert ''.join(scoring.table(scored)) == whole
    assert oracles.read_table(whole)[0] == 'ab' * 50


def test_the_command(cli, saved, tmp_path):
    code, out, err = cli('score', saved, SONNETS)
    assert (code, err) == (0, '')
    text, cells = oracles.read_table(out)
    assert text == TEXT and cells[0] == ''
    mean = float(cli('eval', saved, SONNETS)[1].split()[0])
    assert np.mean([float(cell) for cell in cells[1:]]) == pytest.approx(mean, abs=1e-4)


def test_the_command_writes_a_page(cli, saved, tmp_path):
    target = tmp_path / 'page.html'
    target.write_text('another')
    code, out, err = cli('score', saved, SONNETS, '--html', target)
    assert (code, err) == (0, '')
    mean = float(cli('eval', saved, SONNETS)[1].split()[0])
    assert out == f'{target}: {mean:.4f} bits per character, {len(TEXT):,} characters\n'
    assert f'<dd>{mean:.3f}</dd>' in target.read_text(encoding='utf-8')
    assert [*tmp_path.iterdir()] == [target]


def test_bytes_through_the_command(cli, tmp_path):
    """A model of bytes reads any file, and says byte where it says character of others."""
    text, model = tmp_path / 'text', tmp_path / 'model'
    text.write_bytes(b'\x00\xff\n\r\t<&' * 9)
    save_model(model, some_model(sorted(set('\x00\xff\n\r\t<&')), 'byte'))
    code, out, _ = cli('score', model, text)
    assert code == 0 and oracles.read_table(out)[0].encode('latin-1') == text.read_bytes()
    code, out, _ = cli('score', model, text, '--html', tmp_path / 'p.html')
    assert code == 0 and out.endswith(' bits per byte, 63 bytes\n')
    assert '>\\xff</span>' in (tmp_path / 'p.html').read_text(encoding='utf-8')


def test_refusals(cli, saved, tmp_path, monkeypatch):
    """One line, before the work, and nothing is written."""
    one, odd, missing = tmp_path / 'one', tmp_path / 'odd', tmp_path / 'missing'
    one.write_text('a')
    odd.write_text('a\u20ac')
    assert 'one character' in refusal(cli, 'score', saved, one)
    assert 'U+20AC' in refusal(cli, 'score', saved, odd)
    assert 'No such file' in refusal(cli, 'score', saved, missing)
    assert 'not a model' in refusal(cli, 'score', SONNETS, SONNETS)
    assert 'there is no folder' in refusal(cli, 'score', saved, missing, '--html', missing / 'page.html')
    assert 'is a directory' in refusal(cli, 'score', saved, missing, '--html', tmp_path)
    monkeypatch.setattr(page, 'LIMIT', 1000)
    monkeypatch.setattr(scoring, 'score', None)
    message = refusal(cli, 'score', saved, SONNETS, '--html', tmp_path / 'page.html')
    assert message == (
        f'the text has {len(TEXT):,} characters, more than the 1,000 that a page can show: '
        'score a part of it, or take the table, without --html'
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ['odd', 'one']
