"""Files that are no text, and texts that look odd."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
from caches import refused
from helpers import SONNETS
from models import biased_model

from fastrnn.data.corpus import open_corpus, read_text
from fastrnn.data.kinds import is_binary, kind_of
from fastrnn.model.checkpoint import save_model

TEXT = SONNETS.read_text(encoding='utf-8')
pytestmark = pytest.mark.usefixtures('cache')


def zipped(*names, data='x' * 300):
    with zipfile.ZipFile(file := io.BytesIO(), 'w') as archive:
        for name in names:
            archive.writestr(name, data)
    return file.getvalue()


def tarred(mode):
    with tarfile.open(fileobj=(file := io.BytesIO()), mode=mode) as archive:
        archive.add(SONNETS, 'sonnets.txt')
    return file.getvalue()


def png():
    chunk = b'IHDR' + struct.pack('>IIBBBBB', 1, 1, 8, 0, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + struct.pack('>I', 13) + chunk + struct.pack('>I', zlib.crc32(chunk))


def array():
    np.save(file := io.BytesIO(), np.arange(9))
    return file.getvalue()


KINDS = [
    (b'%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj', 'a PDF'),
    (b'%PDF-1.4\nall of it in ASCII', 'a PDF'),
    (zipped('a.txt', 'b.txt'), 'a zip archive'),
    (zipped(), 'a zip archive'),
    (zipped('notes.txt', data='word/ xl/ ppt/'), 'a zip archive'),
    (zipped('[Content_Types].xml', '_rels/.rels', 'word/document.xml'), 'a Word document (docx)'),
    (zipped('[Content_Types].xml', 'xl/workbook.xml'), 'an Excel file (xlsx)'),
    (zipped('mimetype', data='application/epub+zip'), 'an e-book (EPUB)'),
    (zipped('mimetype', data='application/vnd.oasis.opendocument.text'), 'an OpenDocument file'),
    (tarred('w'), 'a tar archive'),  # all of it is UTF-8
    (tarred('w:gz'), 'a tar archive'),
    (gzip.compress(gzip.compress(b'text', mtime=0), mtime=0), 'a gzip file in a gzip file'),
    (png(), 'a PNG image'),
    (b'\xff\xd8\xff\xe0\0\x10JFIF', 'a JPEG image'),
    (b'GIF89a\x01\0\x01\0\0\0\0', 'a GIF image'),
    (b'BM\x46\0\0\0\0\0\0\0\x36\0\0\0', 'a BMP image'),
    (b'RIFF\x24\0\0\0WEBPVP8 ', 'an image, a sound or a film (RIFF)'),
    (b'\0\0\0\x20ftypisom', 'a sound or a film (MP4)'),
    (b'\x7fELF\x02\x01\x01', 'a program (ELF)'),
    (array(), 'a NumPy array'),
]


@pytest.mark.parametrize(('data', 'kind'), KINDS)
def test_kinds(path, data, kind):
    """Named, whatever the encoding, before it is decoded; its bytes can be had."""
    path.write_bytes(data)
    for encoding in ('utf-8', 'latin-1'):
        assert refused(path, encoding=encoding).startswith(f'{path}: is {kind}, not text; ')
    if data[:2] != b'\x1f\x8b':  # which read_text does not unpack
        with pytest.raises(ValueError, match=r': is an? .*, not text; '):
            read_text(path, 'latin-1')
        assert is_binary(data)
    assert open_corpus(path, unit='byte').ids.size


def test_a_model_is_no_text(path):
    save_model(path, biased_model('abc'))
    assert refused(path).startswith(f'{path}: is a model (safetensors), not text; name a text file')


@pytest.mark.parametrize(
    'text',
    [
        *(
            'PK is not a zip file',
            '%PDF',
            'BM and BMW',
            'GIF89a is a format',
            'RIFF raff',
            'abcdftyp',
            'MM',
            'ID3',
            'OggS',
        ),
        *('a\0b', '\0' * 31, '\0' * 40 + 'x' * 400, TEXT[:257] + 'ustar'),
    ],
)
def test_texts_that_look_odd(path, text):
    """Each of these the gist reads, too; NUL may part its texts."""
    path.write_text(text, encoding='utf-8')
    assert kind_of(text.encode()) is None
    corpus = open_corpus(path)
    assert corpus.text(corpus.ids) == read_text(path) == text


def test_nul_bytes(path):
    """As numbers have them; few of them only where the rest is no text either."""
    path.write_bytes(np.arange(100, dtype='<i4').tobytes())
    assert refused(path) == (
        f'{path}: looks like no text: 301 of its first 400 bytes are NUL; '
        'name a text file, or take the bytes as they are with --unit byte'
    )
    path.write_bytes(b'some text\0 and then \xff')
    assert refused(path).startswith(f'{path}: looks like no text: 1 of its first 20 bytes is NUL')
    path.write_bytes(b'some text and then \xff')
    assert refused(path).startswith(f'{path}: byte 0xff at offset 19 is not utf-8')


@pytest.mark.parametrize('order', ['utf-16-le', 'utf-16-be'])
def test_utf16_without_a_mark(path, order):
    """All of it could be UTF-8."""
    path.write_bytes(TEXT.encode(order))
    assert refused(path) == f'{path}: looks like {order}, without a byte-order mark: add --encoding {order}'
    corpus = open_corpus(path, encoding=order)
    assert corpus.text(corpus.ids) == TEXT
    path.write_bytes(TEXT.encode('utf-16'))
    assert not is_binary(path.read_bytes())
    assert open_corpus(path, encoding='utf-16').chars == corpus.chars
