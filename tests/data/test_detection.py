"""Messages about texts in another encoding than the named one, or with a byte-order mark."""

import codecs
import gzip
import sys
import warnings

import pytest
from caches import refused

import fastrnn
from fastrnn.data import detection, files
from fastrnn.data.corpus import open_corpus, read_text
from fastrnn.data.vocabulary import Vocabulary

TEXT = 'Grüße, où ça? Noël.\n'
MARKED = {'utf-16': TEXT.encode('utf-16'), 'utf-32': TEXT.encode('utf-32')}
MARKED |= {'utf-16, other order': codecs.BOM_UTF16_BE + TEXT.encode('utf-16-be')}
MARKED |= {'utf-32, other order': codecs.BOM_UTF32_BE + TEXT.encode('utf-32-be')}
WAYS = {
    'open_corpus': lambda path, **options: open_corpus(path, **options).text(open_corpus(path, **options).ids),
    'encode': lambda path, **options: Vocabulary(TEXT + '\ufeff', 'character').encode(path, **options),
    'read_text': lambda path, encoding='utf-8': read_text(path, encoding),
    'prompt': lambda path, **options: fastrnn.inference.prompt.read_prompt(path, **options),
}


@pytest.fixture(autouse=True)
def own_cache(cache):
    import fastrnn.inference.prompt  # noqa: F401 - of WAYS


@pytest.fixture
def write(tmp_path):
    def call(data, packed=False):
        path = tmp_path / 'text'
        path.write_bytes(gzip.compress(data) if packed else data)
        return path

    return call


def tried(way, path, **options):
    """The text or the error, and the distinct warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('default')
        sys.modules[detection.__name__].__dict__.pop('__warningregistry__', None)
        try:
            found = WAYS[way](path, **options)
        except ValueError as error:
            found = str(error)
    return found, list(dict.fromkeys(str(warning.message) for warning in caught))


@pytest.mark.parametrize('name', MARKED)
@pytest.mark.parametrize('way', WAYS)
def test_a_byte_order_mark_is_named(write, way, name):
    name, data = name.partition(',')[0], MARKED[name]
    for packed in (False, True):
        path = write(data, packed)
        found, said = tried(way, path)
        assert found.startswith(f'{path}: byte 0x') and not said
        assert found.endswith(f' is not utf-8; the text looks like {name}: add --encoding {name}')
        found, said = tried(way, path, encoding=name)
        assert (way == 'encode' or found == TEXT) and not said


@pytest.mark.parametrize('way', WAYS)
def test_a_mark_that_counts_as_a_character(write, way):
    """As in the gist. A warning says so, also when the text comes from the cache."""
    for encoding, marked, cure in (('utf-8', 'utf-8', 'utf-8-sig'), ('utf-16-le', 'utf-16', 'utf-16')):
        path = write(('\ufeff' + TEXT).encode(encoding))
        message = f'{path}: begins with a byte-order mark of {marked}, which counts as a character (U+FEFF); '
        message += f'--encoding {cure} leaves it out'
        for _ in range(2):
            found, said = tried(way, path, encoding=encoding)
            assert (way == 'encode' or found == '\ufeff' + TEXT) and said == [message]
        found, said = tried(way, path, encoding=cure)
        assert (way == 'encode' or found == TEXT) and not said


def test_a_mark_that_is_read_as_something_else(write):
    """latin-1 accepts any bytes."""
    path = write(MARKED['utf-16'])
    _, said = tried('open_corpus', path, encoding='latin-1')
    assert said == [
        f'{path}: begins with a byte-order mark of utf-16, but is read as latin-1; --encoding utf-16 leaves it out'
    ]
    _, said = tried('open_corpus', path, errors='replace')
    assert len(said) == 1
    assert tried('open_corpus', path, unit='byte')[1] == []  # no decoding, no warning
    path = write('\0a'.encode('utf-16'))  # starts like utf-32
    assert tried('open_corpus', path, encoding='utf-16') == ('\0a', [])


def test_utf8_named_as_ascii(write):
    assert refused(write(TEXT.encode()), encoding='ascii').endswith('the text is probably utf-8: add --encoding utf-8')


def test_too_little_to_guess(write):
    """Also bytes that are not a language in any encoding."""
    assert refused(write(b'abc\xffdef')).endswith("; name the text's encoding with --encoding, e.g. latin-1")


def test_the_first_bytes_of_an_empty_file(write):
    assert files.Source(write(b'')).head() == b''
