"""If the cache can't be written, the text is still used, and a note says so."""

import errno
import os

import pytest
from caches import entries, fail, refused, right
from helpers import SONNETS

from fastrnn.data import cache as text_cache
from fastrnn.data import corpus as corpora
from fastrnn.data import files as sources
from fastrnn.data import stored
from fastrnn.data.corpus import open_corpus

TEXT = SONNETS.read_text(encoding='utf-8')
pytestmark = pytest.mark.usefixtures('cache')


@pytest.mark.parametrize('limit', [1 << 26, 0])
def test_read_only_cache(path, tmp_path, monkeypatch, limit):
    """Nothing can be created below a regular file, not even by root."""
    monkeypatch.setattr(stored, 'IN_MEMORY', limit)
    monkeypatch.setenv('FASTRNN_CACHE', str(path / 'below'))
    corpus = open_corpus(path)
    where = 'in memory' if limit else f'in a temporary file in {corpora.tempfile.gettempdir()}'
    words = f'{path / "below"} cannot be written (Not a directory); every run encodes the text again, {where}'
    assert right(corpus) and corpus.note == corpus.describe()[-1] == words


class Full:
    """A file on a disk that is full after ``room`` bytes."""

    def __init__(self, file, room):
        self._file, self._room = file, room

    def write(self, data):
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(data)

    def __getattr__(self, name):
        return getattr(self._file, name)


@pytest.fixture
def full(monkeypatch):
    """The disk of the cache is full after 500 bytes of ids."""
    write = text_cache.write_synced

    def limited(path, fill):
        write(path, lambda file: fill(Full(file, 500)))

    monkeypatch.setattr(text_cache, 'write_synced', limited)
    monkeypatch.setattr(sources, 'CHUNK', 100)


@pytest.mark.parametrize('limit', [1 << 26, 0])
def test_full_cache(path, cache, full, monkeypatch, limit):
    monkeypatch.setattr(stored, 'IN_MEMORY', limit)
    corpus = open_corpus(path)
    assert right(corpus) and 'cannot be written (No space left on device); every run' in corpus.note
    assert not entries(cache)


def test_no_room_anywhere(path, cache, full, monkeypatch):
    monkeypatch.setattr(stored, 'IN_MEMORY', 0)
    monkeypatch.setattr(stored.tempfile, 'TemporaryFile', fail(errno.ENOSPC))
    message = refused(path)
    assert message.startswith(
        f'no room for {len(TEXT):,} bytes of encoded text: {cache.parent} cannot be written (No sp'
    )
    assert message.endswith('free some space or name another folder with FASTRNN_CACHE')
    assert not entries(cache)


def test_no_room_for_another_text(path, monkeypatch):
    corpus = open_corpus(path)
    monkeypatch.setattr(stored, 'IN_MEMORY', 0)
    monkeypatch.setattr(stored, 'check_room', fail(errno.ENOSPC))
    words = f'no room in {stored.tempfile.gettempdir()} for the encoded text (No space left on device); name another'
    with pytest.raises(ValueError) as error:
        corpus.vocabulary.encode(TEXT)
    assert str(error.value) == f'{words} folder with TMPDIR'


def test_a_disk_that_is_full_at_the_sync(path, cache, monkeypatch):
    monkeypatch.setattr(os, 'fsync', fail(errno.EDQUOT))
    corpus = open_corpus(path)
    assert right(corpus) and 'in memory' in corpus.note and not entries(cache)


def test_index_that_cannot_be_written(path, monkeypatch):
    monkeypatch.setattr(os, 'replace', fail(errno.ENOSPC))
    assert right(open_corpus(path)) and open_corpus(path).note.startswith('encoded before')
