"""Files to ids: the ids that the gist would compute, for any chunk size, encoded or from the cache."""

import codecs
import gzip
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from helpers import SONNETS
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from fastrnn.data import files as sources
from fastrnn.data import stored
from fastrnn.data.corpus import Corpus, open_corpus, read_text
from fastrnn.data.files import EarlierErrors
from fastrnn.data.ids import ids_type
from fastrnn.data.kinds import MANY, kind_of
from fastrnn.data.remarks import pointer

TEXT = SONNETS.read_text(encoding='utf-8')
pytestmark = pytest.mark.usefixtures('cache_root')
pieces = st.one_of(
    st.sampled_from(['\r', '\n', '\r\n', 'a', 'b', 'é', 'ÿ', '’', '\u2028', '\ufffd', '😀', '\U0010ffff', '\x00']),
    st.characters(exclude_categories=['Cs']),
)
texts = st.lists(pieces, min_size=1, max_size=60).map(''.join)
few = settings(max_examples=30)


@pytest.fixture
def chunks(monkeypatch):
    return lambda size: monkeypatch.setattr(sources, 'CHUNK', size)


def opened(*contents, **options):
    """A corpus of files with these contents, in a temporary cache."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f'text{k}') for k in range(len(contents))]
        for path, data in zip(paths, contents, strict=True):
            path.write_bytes(data)
        return open_corpus(paths, cache=Path(folder, 'cache'), **options)


def as_read(data, **options):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, 'text').write_bytes(data)
        with open(Path(folder, 'text'), **options) as file:
            return file.read()


def same(corpus, text):
    expected = Corpus.of(text)
    return corpus.chars == expected.chars and np.array_equal(corpus.ids, expected.ids)


@few
@given(texts, st.integers(1, 9), st.sampled_from(['utf-8', 'utf-8-sig', 'utf-16', 'utf-32', 'utf-16-be', 'gb18030']))
@example('a\r\nb\r\rc\r', 2, 'utf-8')
def test_ids_match_the_text_that_open_reads(chunks, text, size, code):
    chunks(size)
    data = text.encode(code)
    read = as_read(data, encoding=code)
    corpus = opened(data, encoding=code)
    assert same(corpus, read)
    assert corpus.text(corpus.ids) == read
    assert corpus.utf8_bytes == len(read.encode())
    assert corpus.ids.dtype == ids_type(len(corpus.chars))


@pytest.mark.filterwarnings('ignore:.*byte-order mark')
@few
@given(st.binary(min_size=1, max_size=60), st.integers(1, 9), st.sampled_from(['utf-8', 'ascii', 'shift_jis']))
@example(b'\xef\xbb\xbfa\xe2\x82', 2, 'utf-8')
def test_undecodable_bytes(chunks, data, size, code):
    """Strict: the error has Python's offset and byte. Replace: the text is the one that open returns."""
    chunks(size)
    assume(not data.startswith(b'\x1f\x8b\x08') and not kind_of(data) and not pointer(data) and data.count(0) < MANY)
    with tempfile.TemporaryDirectory() as folder:
        path, options = Path(folder, 'text'), {'encoding': code, 'cache': Path(folder, 'cache')}
        path.write_bytes(data)
        try:
            text = data.decode(code).replace('\r\n', '\n').replace('\r', '\n')
        except UnicodeDecodeError as error:
            assume(0 not in data[: error.start])  # else it is reported as binary
            with pytest.raises(ValueError) as ours:
                open_corpus(path, **options)
            told = f'{path}: byte 0x{data[error.start]:02x} at offset {error.start} is not {code}; '
            assert str(ours.value).startswith(told)
        else:
            assert same(open_corpus(path, **options), text)
        chunks(max(size, 4))  # some decoders replace a split sequence differently
        assert same(open_corpus(path, errors='replace', **options), replaced(data, code, max(size, 4)))


def replaced(data, code, size):
    decoder = sources.codecs.getincrementaldecoder(code)('replace')
    parts = [decoder.decode(data[k : k + size]) for k in range(0, len(data), size)]
    text = ''.join(parts) + decoder.decode(b'', final=True)
    return text.replace('\r\n', '\n').replace('\r', '\n')


@few
@given(st.lists(texts, min_size=1, max_size=3), st.integers(1, 9), st.booleans())
@example(['a\r', '\nb'], 9, False)
def test_files_are_joined_but_newlines_do_not_span_them(chunks, parts, size, packed):
    chunks(size)
    raw = [part.encode() for part in parts]
    corpus = opened(*(gzip.compress(data) for data in raw) if packed else raw)
    assert same(corpus, ''.join(as_read(data, encoding='utf-8') for data in raw))


@few
@given(st.binary(min_size=1, max_size=80), st.integers(1, 9))
def test_bytes_are_not_decoded(chunks, data, size):
    chunks(size)
    assume(not data.startswith(b'\x1f\x8b\x08'))
    corpus = opened(data, unit='byte')
    assert corpus.text(corpus.ids) == data.decode('latin-1')
    assert corpus.unit == 'byte' and corpus.utf8_bytes == len(data) and corpus.ids.dtype == np.uint8


@few
@given(texts, st.integers(1, 9), st.integers(1, 4))
def test_rare_characters_are_folded(chunks, text, size, least):
    chunks(size)
    read = text.replace('\r\n', '\n').replace('\r', '\n')
    rare = {char for char in read if read.count(char) < least} - {'\ufffd'}
    corpus = opened(text.encode(), min_count=least)
    assert same(corpus, ''.join('\ufffd' if char in rare else char for char in read))
    assert (corpus.folded_kinds, corpus.folded_count) == (len(rare), sum(char in rare for char in read))
    assert corpus.utf8_bytes == len(read.encode())


def test_folded_bytes():
    corpus = opened(b'abcab\xff', unit='byte', min_count=2)
    assert corpus.chars == 'ab\ufffd' and corpus.ids.tolist() == [0, 1, 2, 0, 1, 2]
    assert corpus.describe()[:2] == [
        '6 bytes, 3 unique',
        'bytes that occur fewer than 2 times: 2 of them, 2 occurrences, are folded into U+FFFD',
    ]


def test_many_kinds(chunks):
    chunks(1000)
    text = ''.join(random.Random(0).choices([chr(k) for k in range(0x20, 0xD000)], k=20_000))
    corpus = opened(text.encode())
    assert same(corpus, text) and corpus.ids.dtype == np.uint16


def test_lone_surrogates_survive_the_cache(tmp_path):
    (tmp_path / 'text').write_bytes(b'a\xed\xaf\xbf\xed\xb0\x80')
    for _ in range(2):
        corpus = open_corpus(tmp_path / 'text', errors=EarlierErrors('surrogatepass'))
        assert corpus.chars == 'a\udbff\udc00' and corpus.ids.tolist() == [0, 1, 2] and corpus.utf8_bytes == 7


@pytest.mark.parametrize('limit', [1 << 26, 0])
def test_second_run_reads_the_first_ones_ids(cache_root, monkeypatch, limit):
    """In memory or in a file."""
    monkeypatch.setattr(stored, 'IN_MEMORY', limit)
    first, second = open_corpus(SONNETS), open_corpus(str(SONNETS))
    assert same(first, TEXT) and same(second, TEXT)
    assert first.note.startswith('encoded into ') and second.note.startswith('encoded before, in ')
    assert isinstance(second.ids, np.ndarray if limit else stored.StoredIds) and not second.ids[:9].flags.writeable
    assert second.describe() == [f'{len(TEXT):,} characters, {len(set(TEXT))} unique', second.note]
    assert first.sha256 == second.sha256 == Corpus.of(TEXT).sha256
    assert len(list((cache_root / 'corpora').glob('[!f]*'))) == 1


def test_packed_and_plain_share_an_entry(tmp_path):
    (tmp_path / 'packed').write_bytes(gzip.compress(SONNETS.read_bytes()))
    assert open_corpus(SONNETS).sha256 == open_corpus(tmp_path / 'packed').sha256
    assert open_corpus(tmp_path / 'packed').note.startswith('encoded before')


@pytest.mark.parametrize(
    'options', [{'encoding': 'latin-1'}, {'errors': 'replace'}, {'unit': 'byte'}, {'min_count': 9}]
)
def test_each_way_of_reading_has_its_own_entry(options):
    open_corpus(SONNETS)
    assert open_corpus(SONNETS, **options).note.startswith('encoded into ')
    assert open_corpus(SONNETS, **options).note.startswith('encoded before')


def test_another_file_in_the_same_vocabulary(tmp_path):
    corpus = open_corpus(SONNETS)
    (tmp_path / 'text').write_bytes(b'The\r\nend')
    ids = corpus.vocabulary.encode([SONNETS, tmp_path / 'text'])
    assert corpus.text(ids) == TEXT + 'The\nend' and ids.dtype == np.uint8
    assert opened('ééa'.encode(), unit='byte').vocabulary.encode('é').tolist() == [2, 1]


SCRIPT = """
import resource, sys
from fastrnn.data.corpus import open_corpus
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
corpus = open_corpus(sys.argv[1])
print(corpus.ids.size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_text(tmp_path):
    path = tmp_path / 'text'
    path.write_bytes(SONNETS.read_bytes() * 50_000)
    unit = 1024 if sys.platform == 'darwin' else 1  # kilobytes
    for _ in range(2):  # encoded, then from the cache
        run = subprocess.run([sys.executable, '-c', SCRIPT, path], capture_output=True, text=True, check=True)
        size, grown = map(int, run.stdout.split())
        assert size == 50_000 * len(TEXT)
        assert grown / unit < 40_000 < size / 1024


def test_an_encoding_that_names_no_byte(tmp_path):
    """As punycode's did before Python 3.13."""

    class Refusing(codecs.IncrementalDecoder):
        def decode(self, data, final=False):
            raise UnicodeError('not mine')

    def found(name):
        return codecs.CodecInfo(str.encode, bytes.decode, incrementaldecoder=Refusing) if name == 'refusing' else None

    path = tmp_path / 'text'
    path.write_bytes(b'\0')
    codecs.register(found)
    try:
        with pytest.raises(ValueError, match='not mine; name the text') as caught:
            read_text(path, 'refusing')
    finally:
        codecs.unregister(found)
    assert type(caught.value) is ValueError and str(caught.value).startswith(f'{path}: ')
