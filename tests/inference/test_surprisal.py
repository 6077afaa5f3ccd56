"""Surprisal of each character: the numbers, and the table."""

import copy
import math
import pickle
import re

import cell_oracles
import numpy as np
import oracles
import pytest
from helpers import SONNETS
from hypothesis import given
from hypothesis import strategies as st
from models import CHARS, MANY_KINDS, biased_model, some_model

import fastrnn
from fastrnn.inference import surprisal as scoring
from fastrnn.model.checkpoint import save_model

TEXT = SONNETS.read_text(encoding='utf-8')


def test_the_mean_is_what_eval_gives(tmp_path):
    save_model(tmp_path / 'model', biased_model(sorted(set(TEXT))))
    model = fastrnn.load_model(tmp_path / 'model')
    scored = fastrnn.surprisals(model, TEXT)
    assert scored.text == TEXT and scored.bits.shape == (len(TEXT),)
    assert math.isnan(scored.bits[0]) and (scored.bits[1:] >= 0).all()
    assert scored.bits_per_character == pytest.approx(fastrnn.evaluate(model, TEXT).bits_per_character, rel=1e-12)


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
@pytest.mark.parametrize('dtype', ['float64', 'float32'])
def test_any_model(cell, layers, dtype):
    model, text = some_model(dtype=dtype, cell=cell, layers=layers, H=9), CHARS * 3
    ids = [CHARS.index(char) for char in text]
    expected = cell_oracles.nats(cell, cell_oracles.from_params(model.params), ids)[0] / math.log(2)
    np.testing.assert_allclose(fastrnn.surprisals(model, text).bits[1:], expected, 1e-9 if dtype == 'float64' else 1e-4)


def test_each_number_is_of_its_own_character():
    """Without weights the bias alone predicts: the surprisal of a character does not depend on where it stands."""
    model = biased_model('abc')
    model.params.flat[: -len(model.chars)] = 0
    expected = -np.log2(oracles.softmax(model.params.by))
    text = 'abcaabbccabcacb'
    np.testing.assert_allclose(
        fastrnn.surprisals(model, text).bits[1:], expected[['abc'.index(c) for c in text[1:]]], 1e-5
    )


def test_no_number_is_negative(monkeypatch):
    """Not even -0, which would be shown; rounding can give either for a character that is certain."""
    monkeypatch.setattr(scoring, 'nats', lambda params, ids: np.array([-1e-9, -0.0, 1.0]))
    bits = fastrnn.surprisals(biased_model('ab'), 'aaab').bits[1:]
    assert bits.tolist() == [0, 0, 1 / math.log(2)] and not np.signbit(bits).any()


@given(st.text(st.characters(exclude_categories=()), min_size=2, max_size=40))
def test_the_table_gives_the_text_back(text):
    """Any text: controls, line separators, lone surrogates, backslashes; one line a character, in UTF-8."""
    model = biased_model(sorted(set(text)), H=3)
    scored = fastrnn.surprisals(model, text)
    table = ''.join(scoring.table(scored)).encode().decode()
    found, cells = oracles.read_table(table)
    assert found == text
    assert cells == ['', *(f'{value:.4f}' for value in scored.bits[1:])]


@given(st.binary(min_size=2, max_size=40))
def test_the_table_of_bytes_is_ascii(data):
    text = data.decode('latin-1')
    ids = np.array([sorted(set(text)).index(char) for char in text], np.uint8)
    scored = scoring.score(biased_model(sorted(set(text)), 'byte', H=3), ids)
    table = ''.join(scoring.table(scored))
    assert table.isascii() and oracles.read_table(table)[0] == text


def test_unknown_characters_are_skipped():
    """The model reads on as if they were not there; the offsets are those of the whole text."""
    model, text = some_model(H=9), CHARS + CHARS
    strange = 'é' + text[:7] + 'üü' + text[7:] + 'ü'
    scored = fastrnn.surprisals(model, strange, skip_unknown=True)
    assert scored.text == text
    np.testing.assert_array_equal(scored.bits, fastrnn.surprisals(model, text).bits)
    assert scored.offsets.tolist() == [k for k, char in enumerate(strange) if char in CHARS]
    rows = [line.split('\t') for line in ''.join(scoring.table(scored)).splitlines()[1:]]
    assert [int(row[0]) for row in rows] == scored.offsets.tolist() and [row[2] for row in rows].count('') == 1
    assert rows[0][2] == ''
    with pytest.raises(ValueError, match=r'^4 of 42 characters'):
        fastrnn.surprisals(model, strange)
    assert fastrnn.surprisals(model, text, skip_unknown=True).offsets is None


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
    scored = fastrnn.surprisals(biased_model('ab'), 'ab' * 50)
    whole = ''.join(scoring.table(scored))
    monkeypatch.setattr(scoring, 'BLOCK', 7)
    assert ''.join(scoring.table(scored)) == whole
    assert oracles.read_table(whole)[0] == 'ab' * 50


def test_it_is_an_array_of_bits():
    """As NumPy takes one: by index, slice and mask, in loops, sums and comparisons, and converted."""
    text = CHARS * 3
    scored = fastrnn.surprisals(some_model(H=9), text)
    bits = scored.bits
    assert len(scored) == len(text) == len(scored.text) and scored[3] == bits[3] and scored[-1] == bits[-1]
    for at in (slice(1, 9, 2), bits > 4, [3, 1]):
        np.testing.assert_array_equal(scored[at], bits[at])
    np.testing.assert_array_equal(list(scored), bits)
    np.testing.assert_array_equal(scored > 4, bits > 4)
    np.testing.assert_array_equal(2 * scored - scored / 2, 2 * bits - bits / 2)
    np.testing.assert_array_equal(np.concatenate([scored, scored]), np.concatenate([bits, bits]))
    assert np.nanargmax(scored) == np.nanargmax(bits) and np.mean(scored[1:]) == scored.bits_per_character
    total = np.zeros(len(text))
    total += scored
    np.testing.assert_array_equal(total, bits)
    with pytest.raises(IndexError):
        scored[len(text)]
    with pytest.raises(TypeError):
        scored += 1  # it is frozen, as a tuple is


def test_attributes_and_methods_of_an_array():
    """All public ones, except those that would change the bits."""
    scored = fastrnn.surprisals(some_model(H=9), CHARS * 3)
    bits = scored.bits
    for name in ('shape', 'dtype', 'ndim', 'size', 'nbytes'):
        assert getattr(scored, name) == getattr(bits, name)
    for name in ('mean', 'sum', 'max', 'min', 'std', 'argmax', 'tolist', 'cumsum', 'copy'):
        np.testing.assert_array_equal(getattr(scored, name)(), getattr(bits, name)())
    assert scored[1:].mean() == scored.bits_per_character
    public = [name for name in dir(bits) if not name.startswith('_') and name != 'mT']  # of two axes
    assert all(hasattr(scored, name) for name in public)
    with pytest.raises(ValueError, match='read-only'):
        scored.sort()
    for name in ('bits_per_byte', '__array_interface__'):
        with pytest.raises(AttributeError, match=rf"^'Scored' object has no attribute '{name}'"):
            getattr(scored, name)


def test_numpy_converts_it():
    """Without a copy, unless one is asked for or needed."""
    scored = fastrnn.surprisals(some_model(H=9), CHARS)
    assert np.asarray(scored) is scored.bits and np.array(scored, copy=False) is scored.bits
    copied = np.array(scored)
    assert copied is not scored.bits and np.array_equal(copied, scored.bits, equal_nan=True)
    assert np.asarray(scored, dtype='float32').dtype == np.float32
    with pytest.raises(ValueError, match='copy'):
        np.asarray(scored, dtype='float32', copy=False)
    for other in (copy.deepcopy(scored), pickle.loads(pickle.dumps(scored))):
        assert np.array_equal(other, scored, equal_nan=True) and other.text == scored.text


def test_what_is_printed_of_it():
    """One line, whatever the text has in it."""
    model = biased_model('\x1b\n\u202eab', H=3)
    short, long = (fastrnn.surprisals(model, text) for text in ('ab\n\x1b\u202e', 'ab' * 30))
    mean = f'{short.bits_per_character:.3f}'
    assert repr(short) == rf"<surprisals of 5 characters, {mean} bits per character: 'ab\n\x1b\u202e'>"
    assert repr(long).endswith(f' bits per character: {"ab" * 20!r}…>')
    adapted = fastrnn.surprisals(model, 'abab', adapt=True)
    assert f'bits per character, {adapted.adapted_bits_per_character:.3f} adapted' in repr(adapted)


def test_what_a_notebook_shows():
    """The beginning, as text and never as markup, with the bits of each character."""
    model = biased_model('<b>&"\n\x00\ud800', H=3)
    scored = fastrnn.surprisals(model, '<b>&\n\x00\ud800"' * 100)
    page = scored._repr_html_()
    assert page.encode() and len(page) < 50_000
    inside = page.partition('<pre')[2].partition('>')[2]
    spans = re.findall('<span style="background:rgba[^"]*" title="([^"]*)">([^<]*)</span>', inside)
    assert [cell for _, cell in spans[:8]] == ['&lt;', 'b', '&gt;', '&amp;', '\n', '\\x00', '\\ud800', '&quot;']
    assert [told for told, _ in spans[:2]] == ['nothing precedes it', f'{scored[1]:.2f} bits']
    turned = fastrnn.surprisals(biased_model('a\u202e\u200b\\', H=3), 'a\u202e\u200b\\')._repr_html_()
    assert re.findall('">([^<]*)</span>', turned) == ['a', r'\u202e', r'\u200b', '\\']  # as pages show them
    assert len(spans) == scoring.SHADED and inside.endswith('… 400 more</pre>')
