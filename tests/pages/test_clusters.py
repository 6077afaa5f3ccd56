"""Grapheme clusters are the same in Python (score page) and in a browser (model page)."""

import json

import numpy as np
import pytest
from browser import BROWSER
from hypothesis import given
from hypothesis import strategies as st
from models import some_model

from fastrnn.pages.clusters import clusters
from fastrnn.pages.player import page

ACCENT, HANGUL, FLAG = 'e\u0301', '\u1112\u1161\u11ab', '\U0001f1e9\U0001f1ea'
THUMB, FAMILY = '\U0001f44d\U0001f3fd', '\U0001f469\u200d\U0001f469\u200d\U0001f467'
SCOTLAND = '\U0001f3f4' + ''.join(chr(0xE0000 + ord(letter)) for letter in 'gbsct') + '\U000e007f'
TOGETHER = (ACCENT, HANGUL, FLAG, THUMB, FAMILY, SCOTLAND, '\u2764\ufe0f', '\u0e01\u0e33', '1\ufe0f\u20e3')
# shown as escapes; neighbours stay separate, though Unicode would join them
ALONE = ('\r\n', 'a\u00ad', '\u202ea', '\U000e0067\U000e007f', '\ud83d\ude00', '\0\u0301')
POOL = ''.join(TOGETHER) + ''.join(ALONE) + 'ab \u0301\u0308\u200d'


def as_bytes(text):
    """A text as a model of bytes reads it, one character per byte."""
    return text.encode('utf-8', 'replace').decode('latin-1')


@pytest.mark.parametrize('text', TOGETHER)
def test_one_character_to_a_reader(text):
    assert [*clusters(f'a{text}\n', 'character')] == [
        (1, 'a', 'character'),
        (len(text), text, 'character'),
        (1, '\n', 'character'),
    ]
    size = len(text.encode())
    assert [*clusters(as_bytes(f'a{text}\n'), 'byte')][1] == (size, text, 'character')


@pytest.mark.parametrize('text', ALONE)
def test_escapes_are_separate(text):
    assert [cluster for _, cluster, _ in clusters(text, 'character')] == [*text]


def test_invalid_bytes():
    """Also the symbol for rare bytes."""
    data = 'a\xc3\xa9\xc3\xed\xa0\x80\xe2\x82\xf5\x80\ufffd\xa9'
    found = [*clusters(data, 'byte')]
    assert found[:2] == [(1, 'a', 'character'), (2, 'é', 'character')]
    assert [cluster for _, cluster, _ in found[2:]] == [*data[3:]]
    assert {kind for _, cluster, kind in found[2:]} == {'byte'}
    assert [*clusters('\xff' + as_bytes('\u0301'), 'byte')] == [(1, '\xff', 'byte'), (2, '\u0301', 'character')]


@given(st.text(st.characters(exclude_categories=()), max_size=40), st.sampled_from(['character', 'byte']))
def test_nothing_is_lost(text, unit):
    data = text if unit == 'character' else as_bytes(text)
    found = [*clusters(data, unit)]
    assert sum(size for size, _, _ in found) == len(data)
    if unit == 'character':
        assert ''.join(cluster for _, cluster, _ in found) == text and all(size == len(c) for size, c, _ in found)


@pytest.mark.skipif(BROWSER is None, reason='there is no chromium')
@pytest.mark.parametrize('unit', ['character', 'byte'])
def test_the_same_in_a_browser(browser, tmp_path, unit):
    """With the browser's segmenter; without one each character is separate, but bytes of one character are not."""
    path, rng, pool = tmp_path / 'page.html', np.random.default_rng(0), [*POOL, *TOGETHER]
    texts = [''.join(rng.choice(pool, 12)) for _ in range(300)] + [*TOGETHER, *ALONE]
    texts = [text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace') for text in texts]
    if unit == 'byte':
        texts = [as_bytes(text) for text in texts] + ['a\xc3\xa9\xc3\xed\xa0\x80\xe2\x82\xf5\x80\ufffd\xa9']
    points = sorted({ord(char) for text in texts for char in text})
    path.write_text(page(some_model(dtype='float32'), 'a text'), encoding='utf-8')
    browser.open(path)
    source = f"""(() => {{
      const alphabet = new Alphabet({{points: {points}, unit: '{unit}'}}), numbers = alphabet.numbers;
      const ids = text => Array.from(text, char => numbers.get(char.codePointAt(0)));
      return {json.dumps(texts)}.map(text => clusters(alphabet, ids(text)).map(({{from, to}}) => to - from));
    }})()"""
    found = browser.run(source)
    assert found == [[size for size, _, _ in clusters(text, unit)] for text in texts]
    alone = browser.run(f'(Intl.Segmenter = undefined, {source})')
    expected = [[1] * len(text) for text in TOGETHER]
    if unit == 'byte':
        expected = [[len(char.encode()) for char in text] for text in TOGETHER]
    assert alone[300 : 300 + len(TOGETHER)] == expected
