"""Binary files, and texts that look unusual."""

import bz2
import gzip
import io
import lzma
import random
import struct
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from caches import refused
from helpers import SONNETS
from models import biased_model

from fastrnn.data.corpus import open_corpus, read_text
from fastrnn.data.kinds import is_binary, kind_of
from fastrnn.model.checkpoint import save_model

TEXT = SONNETS.read_text(encoding='utf-8')
NOISE = random.Random(0).randbytes(2000)
pytestmark = pytest.mark.usefixtures('cache')


def zipped(*names):
    with zipfile.ZipFile(file := io.BytesIO(), 'w') as archive:
        for name in names:
            archive.writestr(name, 'x' * 300)
    return file.getvalue()


def tarred(mode):
    with tarfile.open(fileobj=(file := io.BytesIO()), mode=mode) as archive:
        archive.add(SONNETS, 'sonnets.txt')
    return file.getvalue()


def png():
    chunk = b'IHDR' + struct.pack('>IIBBBBB', 25, 25, 8, 0, 0, 0, 0)
    chunk += struct.pack('>I', zlib.crc32(chunk)) + struct.pack('>I', len(NOISE)) + b'IDAT' + zlib.compress(NOISE)
    return b'\x89PNG\r\n\x1a\n' + struct.pack('>I', 13) + chunk


def array(values):
    np.save(file := io.BytesIO(), values)
    return file.getvalue()


ZIP = 'a zip archive or a document (docx, odt, epub)'
KINDS = [
    (b'%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj', 'a PDF'),
    (b'%PDF-1.4\nall of it in ASCII', 'a PDF'),
    (zipped('a.txt', 'b.txt'), ZIP),
    (zipped(), ZIP),
    (zipped('[Content_Types].xml', '_rels/.rels', 'word/document.xml'), ZIP),
    (b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + bytes(16), 'an old Office document (doc, xls or ppt)'),
    (tarred('w'), 'a tar archive'),  # all of it is UTF-8
    (tarred('w:gz'), 'a tar archive'),
    (gzip.compress(gzip.compress(b'text', mtime=0), mtime=0), 'a gzip file in a gzip file'),
]


@pytest.mark.parametrize(('data', 'kind'), KINDS)
def test_kinds(path, data, kind):
    """Named before the file is decoded, for any encoding; --unit byte still reads it."""
    path.write_bytes(data)
    for encoding in ('utf-8', 'latin-1'):
        assert refused(path, encoding=encoding).startswith(f'{path}: is {kind}, not text; ')
    with pytest.raises(ValueError, match=r': is an? .*, not text; '):
        read_text(path, 'latin-1')
    assert data[:2] == b'\x1f\x8b' or is_binary(data)
    assert open_corpus(path, unit='byte').ids.size


BINARIES = {
    'png': png(),
    'jpeg': b'\xff\xd8\xff\xe0\0\x10JFIF\0\1' + NOISE,
    'sound': b'RIFF\x24\0\0\0WAVEfmt ' + np.random.default_rng(0).integers(-9999, 9999, 999, '<i2').tobytes(),
    'bzip2': bz2.compress(NOISE),
    'xz': lzma.compress(NOISE),
    'program': Path(sys.executable).read_bytes()[:100_000],
    'floats': array(np.random.default_rng(0).normal(size=99)),
    'integers': array(np.arange(99)),
    'zeros': array(np.zeros(99)),
}


@pytest.mark.parametrize('kind', BINARIES)
def test_other_binary_files(path, kind):
    """Recognized by their control characters, for any encoding."""
    path.write_bytes(BINARIES[kind])
    for options in ({}, {'encoding': 'latin-1'}, {'errors': 'replace'}):
        told = refused(path, **options)
        assert told.startswith(f'{path}: does not look like text: ') and ' are control characters; name a ' in told
    assert is_binary(BINARIES[kind])
    assert open_corpus(path, unit='byte').ids.size


def test_a_model_is_not_a_text(path):
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
        *('a\0b', '\0' * 31, '\0' * 40 + 'x' * 400, 'field\x01' * 99, '\a\b\x0e\x0f' * 9, TEXT[:257] + 'ustar'),
    ],
)
def test_unusual_texts_are_accepted(path, text):
    """The gist reads each of them: NUL may separate texts, and others may ring a bell."""
    path.write_text(text, encoding='utf-8')
    assert not kind_of(text.encode())
    corpus = open_corpus(path)
    assert corpus.text(corpus.ids) == read_text(path) == text


def test_nul_bytes(path):
    """Arrays of numbers have many. A few count only if the rest is not in the encoding."""
    path.write_bytes(np.arange(100, dtype='<i4').tobytes())
    assert refused(path) == (
        f'{path}: does not look like text: 326 of its first 400 bytes are control characters; '
        'name a text file, or read it as bytes with --unit byte'
    )
    path.write_bytes(b'some text\0 and then \xff')
    assert refused(path).startswith(f'{path}: does not look like text: 1 of its first 21 bytes is a control')
    path.write_bytes(b'some text and then \xff')
    assert refused(path).startswith(f'{path}: byte 0xff at offset 19 is not utf-8')


@pytest.mark.parametrize('order', ['utf-16-le', 'utf-16-be'])
def test_utf16_without_a_mark(path, order):
    """All of it is also valid UTF-8."""
    path.write_bytes(TEXT.encode(order))
    assert refused(path) == f'{path}: looks like {order}, without a byte-order mark: add --encoding {order}'
    corpus = open_corpus(path, encoding=order)
    assert corpus.text(corpus.ids) == TEXT
    path.write_bytes(TEXT.encode('utf-16'))
    assert not is_binary(path.read_bytes())
    assert open_corpus(path, encoding='utf-16').chars == corpus.chars
