"""Files that can't be read, or change while they are read: an error of one line."""

import gzip
import os

import pytest
from caches import entries, refused, right
from helpers import SONNETS

from fastrnn.data import encoding
from fastrnn.data import files as sources
from fastrnn.data.corpus import Corpus, open_corpus, read_text
from fastrnn.data.files import Reading

TEXT = SONNETS.read_text(encoding='utf-8')
pytestmark = pytest.mark.usefixtures('cache')


@pytest.mark.parametrize(('name', 'words'), [('nowhere', 'No such file'), ('text/x', 'Not a dir')])
def test_paths(path, name, words):
    other = path.parent / name
    for paths in (other, [path, other]):
        message = refused(paths)
        assert message.startswith(f'{other}: {words}') and message.endswith('; name a text file that can be read')


def test_no_paths():
    assert refused([]) == 'no text: name at least one file'


@pytest.mark.parametrize('data', [b'', gzip.compress(b'', mtime=0)])
def test_empty(path, tmp_path, data):
    (tmp_path / 'empty').write_bytes(data)
    assert refused(tmp_path / 'empty') == f'{tmp_path / "empty"}: the file is empty; name a file with text in it'
    assert right(open_corpus([tmp_path / 'empty', path]))
    with pytest.raises(ValueError, match='the file is empty'):
        read_text(tmp_path / 'empty')
    with pytest.raises(ValueError, match='empty'):
        Corpus.of('a').vocabulary.encode(tmp_path / 'empty')


def test_undecodable_byte_far_into_a_packed_file(path, cache, monkeypatch):
    monkeypatch.setattr(sources, 'CHUNK', 1000)
    path.write_bytes(gzip.compress(b'x' * 4999 + 'é'.encode() + b'\xc3'))
    assert refused(path).startswith(f'{path}: byte 0xc3 at offset 5001 is not utf-8; the text is utf-8 and ends')
    assert not entries(cache)


def test_utf16_without_byte_order(path):
    path.write_bytes(TEXT.encode('utf-16-le'))
    expected = f'{path}: does not start with a byte order mark; name the byte order, as in utf-16-le'
    assert refused(path, encoding='utf-16') == expected


@pytest.mark.parametrize('damage', [lambda data: data[:-9], lambda data: data[:40] + b'\xff\xff' + data[42:]])
def test_damaged_gzip(path, cache, damage):
    path.write_bytes(damage(gzip.compress(SONNETS.read_bytes())))
    message = refused(path)
    assert message.startswith(f'{path}: the gzip file is damaged (') and message.endswith('); compress it again')
    assert not entries(cache)


def touch(path):
    with open(path, 'a') as file:
        file.write('more')


@pytest.mark.parametrize('change', [touch, lambda path: os.truncate(path, 700), os.unlink])
@pytest.mark.parametrize('reading', [1, 2])
def test_a_file_that_changes_while_it_is_read(path, cache, monkeypatch, change, reading):
    monkeypatch.setattr(sources, 'CHUNK', 400)
    chunks, calls = sources.Source._read, []

    def read(self, file):
        calls.append(1)
        if len(calls) == 2 + (reading - 1) * (len(TEXT) // 400 + 2):
            change(path)
        return chunks(self, file)

    monkeypatch.setattr(sources.Source, '_read', read)
    assert refused(path) == f'{path}: the file changed while it was read; start again once it is complete'
    assert not entries(cache) and (reading == 2 or not (cache / 'files').exists())


@pytest.mark.parametrize('packed', [False, True])
def test_a_file_that_is_still_being_written_is_not_called_damaged(path, monkeypatch, packed):
    """Its incomplete end is not reported as an error."""
    data = (TEXT + 'é').encode()
    path.write_bytes((gzip.compress(data) if packed else data)[:-1])
    read = sources.Source._read
    monkeypatch.setattr(sources.Source, '_read', lambda self, file: (read(self, file), touch(path))[0])
    if packed:
        monkeypatch.setattr(sources.Source, '_opened', touching(sources.Source._opened, path))
    assert 'the file changed while it was read' in refused(path)


def touching(opened, path):
    def call(self):
        path.write_bytes(path.read_bytes()[:-4])
        return opened(self)

    return call


def test_second_reading_of_another_length(path, cache, monkeypatch):
    """Detected even if the file's times are the same."""
    monkeypatch.setattr(sources, '_state', lambda state: [0, 0, 0, 0, 0])
    survey = encoding.survey

    def surveyed(*args):
        found = survey(*args)
        touch(path)
        return found

    monkeypatch.setattr(encoding, 'survey', surveyed)
    assert refused(path) == f'{path}: the file changed while it was read; start again once it is complete'
    assert not entries(cache)


@pytest.mark.parametrize(
    'errors',
    [
        'xmlcharrefreplace',
        'namereplace',
        'ignore',
        'backslashreplace',
        'surrogateescape',
        'surrogatepass',
        'x',
        None,
        [],
    ],
)
def test_bad_bytes_are_refused_or_replaced(errors):
    """Python has other error handlers: some can't decode, and none is documented here."""
    with pytest.raises(ValueError, match='it must be one of strict, replace'):
        Reading(errors=errors)
    assert Reading(errors='replace').errors == 'replace'
