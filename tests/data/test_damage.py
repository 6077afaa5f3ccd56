"""A text that is UTF-8 except for a few bytes: they are counted, and the rest is read as UTF-8."""

import gzip

import pytest
from caches import refused

from fastrnn.data import damage
from fastrnn.data.corpus import open_corpus, read_text
from fastrnn.data.damage import find_damage
from fastrnn.inference.prompt import read_prompt

GREEK = 'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι\n'
SURROGATES = 'a\ud83d\ude00b\n'.encode('utf-8', 'surrogatepass')
CASES = {
    'one byte': (GREEK.encode() * 9 + b'\xff' + GREEK.encode(), '1 of 731 bytes is not utf-8, in line 10; the rest is'),
    'Latin': (
        GREEK.encode() + 'où ça, é è à\n'.encode('latin-1') * 2 + GREEK.encode(),
        '10 of 172 bytes are not utf-8, the first in line 2; the rest is',
    ),
    'half a character': (GREEK.encode()[:20] + GREEK.encode()[21:], None),
    'the end is missing': (GREEK.encode() + b'\xce', 'the text is utf-8 and ends inside a character, in line 2'),
    'of English': (b'I don\xe2\x80', 'the text is utf-8 and ends inside a character, in line 1'),
    'surrogates': (
        SURROGATES * 2,
        '12 of 18 bytes are not utf-8, most of them surrogates, the first in line 1; the rest is',
    ),
    'NULs': (GREEK.encode() + b'\0\xff', '1 of 75 bytes is not utf-8, in line 2; the rest is'),
    'a byte-order mark': (
        b'\xef\xbb\xbf' + GREEK.encode() + b'\xff',
        '1 of 77 bytes is not utf-8, in line 2; the rest is',
    ),
}


@pytest.mark.parametrize('kind', CASES)
@pytest.mark.usefixtures('cache')
@pytest.mark.filterwarnings('ignore:.*byte-order mark')
def test_the_advice_works(path, kind, monkeypatch):
    """Every reader gives the same advice, and following it works."""
    data, words = CASES[kind]
    ending = f'; {words}: add --errors replace' if words else ' the rest is: add --errors replace'
    path.write_bytes(data)
    for read in (refused, read_text, read_prompt):
        try:
            told = read(path)
        except ValueError as error:
            told = str(error)
        assert told.startswith(f'{path}: byte 0x') and told.endswith(ending)
    corpus = open_corpus(path, errors='replace')
    assert corpus.text(corpus.ids) == data.decode('utf-8', 'replace') == read_text(path, errors='replace')
    assert corpus.text(corpus.ids) == read_prompt(path, errors='replace')
    cure = '-sig' if kind == 'a byte-order mark' else ' --errors replace'
    assert refused(path, encoding='ascii').endswith(f'add --encoding utf-8{cure}')
    monkeypatch.setattr('fastrnn.data.files.CHUNK', 7)
    path.write_bytes(gzip.compress(data))
    assert refused(path).endswith(ending)


@pytest.mark.usefixtures('cache')
def test_the_damaged_file_is_named(path, tmp_path):
    (tmp_path / 'good').write_text(GREEK)
    path.write_bytes(CASES['one byte'][0])
    assert refused([tmp_path / 'good', path]).startswith(f'{path}: byte 0xff')


@pytest.mark.parametrize('size', [1, 2, 3, 50, 1000])
def test_counts_do_not_depend_on_chunks(size):
    """Bad bytes, half characters and surrogates may be split anywhere."""
    data = (
        b'\xff' + GREEK.encode() + SURROGATES + GREEK.encode()[:-2] + b'\xe2\x82\n' + GREEK.encode() * 3 + b'\xf0\x9f'
    )
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert find_damage(lambda: chunks, 0) == find_damage(lambda: [data], 0)


def test_counting_has_a_limit(monkeypatch):
    monkeypatch.setattr(damage, 'CHECKED', 100)
    monkeypatch.setattr(damage, 'PLACES', 30)
    found = find_damage(lambda: ['é'.encode() * 20 + b'\xff'] * 99, 0)
    assert str(found) == '2 of the first 122 bytes are not utf-8, the first in line 1; the rest is'
    found = find_damage(lambda: ['é'.encode() + b'\xff'] * 99, 90)
    assert (found.places, found.whole) == (30, False)


def test_other_encodings():
    """Some of their bytes are valid UTF-8 by chance."""
    for text, encoding in (('人人生而自由', 'gbk'), (GREEK, 'cp1253'), ('où ça', 'latin-1'), ('né', 'latin-1')):
        data = [text.encode(encoding)]
        assert not find_damage(data.copy, 0).is_utf8
