"""Any file and any way of reading it gives a corpus or a ValueError of one line."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastrnn.data.corpus import open_corpus, read_text

CODES = ['utf-8', 'utf-8-sig', 'utf-16', 'utf-32-le', 'utf-7', 'ascii', 'latin-1', 'cp1252', 'shift_jis', 'iso2022_jp']
CODES += [
    'gb18030',
    'hz',
    'big5',
    'punycode',
    'idna',
    'unicode_escape',
    'raw_unicode_escape',
    'rot13',
    'base64',
    '',
    'x',
]
PACKED = gzip.compress(b'Shall I compare thee', mtime=0)


@st.composite
def contents(draw):
    """Any bytes; also damaged gzip files."""
    data = draw(st.binary(max_size=80))
    if draw(st.booleans()):
        return data
    start = draw(st.integers(0, len(PACKED)))
    stop = draw(st.integers(start, len(PACKED)))
    return b'\x1f\x8b\x08' + PACKED[3:start] + data[:3] + PACKED[stop:]


@given(
    contents(),
    st.sampled_from(CODES),
    st.sampled_from(['strict', 'replace', 'ignore', 'backslashreplace', 'surrogateescape', '', 'x']),
    st.sampled_from(['character', 'byte', 'word']),
    st.integers(-1, 4),
)
def test_any_file(tmp_path_factory, data, encoding, errors, unit, min_count):
    place = tmp_path_factory.getbasetemp() / 'fuzzed'
    place.write_bytes(data)
    reading = {'encoding': encoding, 'errors': errors}
    corpus = None
    with one_line():
        corpus = open_corpus(place, **reading, unit=unit, min_count=min_count, cache=place.with_suffix('.cache'))
        assert corpus.ids.size and int(corpus.ids.max()) < len(corpus.chars)
    with one_line():
        read_text(place, encoding)
    if corpus is not None:
        assert (corpus.vocabulary.encode(place, **reading) == corpus.ids).all()


class one_line:
    """Catches ValueErrors of one line; any other error fails the test."""

    def __enter__(self):
        pass

    def __exit__(self, kind, error, trace):
        if kind is ValueError or (kind is not None and issubclass(kind, ValueError)):
            assert kind in (ValueError,), kind
            assert '\n' not in str(error)
            return True


@pytest.mark.parametrize('unit', ['character', 'byte'])
@given(data=contents())
def test_any_other_text(tmp_path_factory, unit, data):
    """Encoded with a vocabulary that may not have its characters."""
    place = tmp_path_factory.getbasetemp() / 'fuzzed'
    place.write_bytes(b'abc')
    corpus = open_corpus(place, unit=unit, cache=place.with_suffix('.cache'))
    place.write_bytes(data)
    with one_line():
        ids = corpus.vocabulary.encode(place)
        assert int(ids.max()) < 3
