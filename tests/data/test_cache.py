"""Damage, full disks, changing files, interrupts: one line or a stated fallback, never a wrong corpus."""

import errno
import gzip
import json
import os
import signal
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest
from caches import entries, fail, refused, right
from helpers import SONNETS

from fastrnn.data import cache as shelf
from fastrnn.data import corpus as corpora
from fastrnn.data import encoding, stored
from fastrnn.data import files as sources
from fastrnn.data.corpus import Corpus, encode_with, open_corpus
from fastrnn.system.cache_folder import STALE, delete

TEXT = SONNETS.read_text(encoding='utf-8')
pytestmark = pytest.mark.usefixtures('cache')


# what is asked for


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ({'encoding': 'klingon'}, "encoding 'klingon' is not known; name one such as utf-8 or latin-1"),
        ({'encoding': 'hex'}, "encoding 'hex' is not known; name one such as utf-8 or latin-1"),
        ({'errors': 'pray'}, "errors 'pray' is not known; take 'strict' or 'replace'"),
        ({'unit': 'word'}, "unit 'word' is not known; take 'character' or 'byte'"),
        ({'min_count': 0}, 'min_count is 0; it must be at least 1'),
    ],
)
def test_options(path, options, words):
    assert refused(path, **options) == words


@pytest.mark.parametrize(
    ('name', 'words'), [('nowhere', 'No such file'), ('', 'Is a directory'), ('text/x', 'Not a dir')]
)
def test_paths(path, name, words):
    other = path.parent / name
    for paths in (other, [path, other]):
        message = refused(paths)
        assert message.startswith(f'{other}: {words}') and message.endswith('; name a text file that can be read')


def test_no_paths():
    assert refused([]) == 'no text: name at least one file'


@pytest.mark.parametrize('data', [b'', gzip.compress(b'')])
def test_empty(path, tmp_path, data):
    (tmp_path / 'empty').write_bytes(data)
    assert refused(tmp_path / 'empty') == f'{tmp_path / "empty"}: the file is empty; name a file with text in it'
    assert right(open_corpus([tmp_path / 'empty', path]))
    with pytest.raises(ValueError, match='empty'):
        encode_with(tmp_path / 'empty', Corpus.of('a'))


def test_undecodable_byte_far_into_a_packed_file(path, cache, monkeypatch):
    monkeypatch.setattr(sources, 'CHUNK', 1000)
    path.write_bytes(gzip.compress(b'x' * 4999 + 'é'.encode() + b'\xc3'))
    assert refused(path).startswith(f'{path}: byte 0xc3 at offset 5001 is not utf-8; name the text')
    assert not entries(cache)


def test_utf16_without_byte_order(path):
    path.write_bytes(TEXT.encode('utf-16-le'))
    assert refused(path, encoding='utf-16').endswith('; name the byte order, as in utf-16-le')


@pytest.mark.parametrize('damage', [lambda data: data[:-9], lambda data: data[:40] + b'\xff\xff' + data[42:]])
def test_damaged_gzip(path, cache, damage):
    path.write_bytes(damage(gzip.compress(SONNETS.read_bytes())))
    message = refused(path)
    assert message.startswith(f'{path}: the gzip file is damaged (') and message.endswith('); pack it anew')
    assert not entries(cache)


def test_vocabulary_above_65536(path):
    text = ''.join(map(chr, [*range(0x20, 0xD800), *range(0xE000, 0x13000)]))
    path.write_text(text + 'a' + ''.join(map(chr, range(0x1F600, 0x1F610))) * 2)
    corpus = open_corpus(path)
    assert right(corpus, path.read_text()) and corpus.ids.dtype == np.uint32
    folded = open_corpus(path, min_count=2)
    assert folded.chars == 'a\ufffd' + ''.join(map(chr, range(0x1F600, 0x1F610)))
    assert len(open_corpus(path, unit='byte').chars) <= 256


@pytest.mark.parametrize('share', [0, 1, -0.5, 1.5, float('nan')])
def test_validation_share(share):
    with pytest.raises(ValueError, match='must lie between 0 and 1'):
        Corpus.of(TEXT).split(share)


@pytest.mark.parametrize(('size', 'share', 'words'), [(10, 0.95, 'train on'), (1, 0.5, 'train on')])
def test_validation_share_that_leaves_nothing(size, share, words):
    with pytest.raises(ValueError, match=f'leaves nothing to {words}: the text has {size} characters'):
        Corpus(np.zeros(size, np.uint8), 'a').split(share)


# the cache


def spoil_ids(entry):
    data = bytearray((entry / 'ids').read_bytes())
    data[len(data) // 2] ^= 4
    (entry / 'ids').write_bytes(data)


def spoil_facts(entry):
    text = (entry / 'facts.json').read_text()
    (entry / 'facts.json').write_text(text.replace('"min_count": 1', '"min_count": 3'))


def foreign(entry):
    """Another text's entry under this one's name."""
    other = entry.parent.parent / 'other'
    other.write_text('another text')
    open_corpus(other)
    (source,) = (place for place in entries(entry.parent) if place != entry)
    for name in ('ids', 'facts.json'):
        (entry / name).write_bytes((source / name).read_bytes())


DAMAGE = {
    'ids truncated': lambda entry: os.truncate(entry / 'ids', 100),
    'ids empty': lambda entry: os.truncate(entry / 'ids', 0),
    'ids longer': lambda entry: (entry / 'ids').write_bytes((entry / 'ids').read_bytes() * 2),
    'ids gone': lambda entry: (entry / 'ids').unlink(),
    'a bit of the ids': spoil_ids,
    'facts truncated': lambda entry: os.truncate(entry / 'facts.json', 50),
    'facts empty': lambda entry: (entry / 'facts.json').write_text(''),
    'facts are a list': lambda entry: (entry / 'facts.json').write_text('[1]'),
    'facts without a check': lambda entry: (entry / 'facts.json').write_text('{"key": 1}'),
    'facts are binary': lambda entry: (entry / 'facts.json').write_bytes(b'\xff\x00'),
    'facts gone': lambda entry: (entry / 'facts.json').unlink(),
    'a bit of the facts': spoil_facts,
    'foreign': foreign,
}


@pytest.mark.parametrize('kind', DAMAGE)
def test_damaged_entries_are_rebuilt(path, cache, kind):
    open_corpus(path)
    (entry,) = entries(cache)
    DAMAGE[kind](entry)
    for word in ('encoded into', 'encoded before'):
        again = open_corpus(path)
        assert right(again) and again.note.startswith(word)
    assert all(not place.name.startswith('.') for place in cache.iterdir())


@pytest.mark.parametrize('limit', [1 << 26, 0])
@pytest.mark.parametrize('bit', [1, 0x80])
def test_any_flipped_bit_is_noticed(path, cache, monkeypatch, limit, bit):
    """Wherever it is, and whether it makes another character or one that is not there."""
    monkeypatch.setattr(stored, 'IN_MEMORY', limit)
    monkeypatch.setattr(stored, 'CHUNK', 64)
    monkeypatch.setattr(os, 'fsync', lambda descriptor: None)
    open_corpus(path)
    (entry,) = entries(cache)
    data = (entry / 'ids').read_bytes()
    for place in range(0, len(data), 29):
        spoiled = bytearray(data)
        spoiled[place] ^= bit
        (entry / 'ids').write_bytes(spoiled)
        again = open_corpus(path)
        assert again.note.startswith('encoded into') and (entry / 'ids').read_bytes() == data


def test_ids_beyond_the_vocabulary_in_an_entry_that_is_whole(path, cache):
    """As a defect of an encoder would make one: no kernel gets to see it."""
    open_corpus(path)
    (entry,) = entries(cache)
    data = bytearray((entry / 'ids').read_bytes())
    data[700] = len(set(TEXT))
    facts = json.loads((entry / 'facts.json').read_text())
    del facts['check']
    facts['crc32'] = zlib.crc32(data)
    (entry / 'ids').write_bytes(data)
    (entry / 'facts.json').write_text(json.dumps({**facts, 'check': shelf._hash(facts)}))
    again = open_corpus(path)
    assert right(again) and again.note.startswith('encoded into')


def test_a_file_in_place_of_the_entry(path, cache):
    open_corpus(path)
    (entry,) = entries(cache)
    delete(entry)
    entry.write_text('what?')
    assert right(open_corpus(path))
    assert open_corpus(path).note.startswith('encoded before')


def test_untouched_files_are_not_read_again(path, monkeypatch):
    open_corpus(path)
    monkeypatch.setattr(encoding, 'survey', fail(errno.EIO))
    assert right(open_corpus(path))


def test_an_edit_that_keeps_size_and_time_is_noticed(path):
    state = path.stat()
    open_corpus(path)
    path.write_text(TEXT.swapcase())
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert right(open_corpus(path), TEXT.swapcase())


def test_another_file_under_the_same_name_is_noticed(path, tmp_path):
    open_corpus(path)
    (tmp_path / 'new').write_text(TEXT.swapcase())
    os.replace(tmp_path / 'new', path)
    assert right(open_corpus(path), TEXT.swapcase())


def test_recent_files_are_not_trusted(path, monkeypatch, cache):
    """Within the resolution of its times a file may change twice."""
    monkeypatch.setattr(shelf, 'SETTLED', 60)
    open_corpus(path)
    assert not (cache / 'files').exists()
    assert open_corpus(path).note.startswith('encoded before')


@pytest.mark.parametrize('text', ['', '[]', '{', '{"state": 1}', '\x00'])
def test_damaged_memory_of_files(path, cache, text):
    open_corpus(path)
    (memory,) = (cache / 'files').iterdir()
    memory.write_text(text)
    assert right(open_corpus(path))
    assert json.loads(memory.read_text())['path'] == str(path)


def test_memory_of_another_content(path, cache):
    open_corpus(path)
    (memory,) = (cache / 'files').iterdir()
    facts = json.loads(memory.read_text())
    memory.write_text(json.dumps({**facts, 'sha256': 'f' * 64}))
    assert right(open_corpus(path))


# places that cannot be written


@pytest.mark.parametrize('limit', [1 << 26, 0])
def test_read_only_cache(path, tmp_path, monkeypatch, limit):
    """Below a regular file nothing can be made, not even by root."""
    monkeypatch.setattr(stored, 'IN_MEMORY', limit)
    monkeypatch.setenv('FASTRNN_CACHE', str(path / 'below'))
    corpus = open_corpus(path)
    where = 'in memory' if limit else f'in a temporary file in {corpora.tempfile.gettempdir()}'
    words = f'{path / "below"} cannot be written (Not a directory), so the text is encoded anew in every run, {where}'
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
    """The cache's disk is full after some bytes of ids."""
    write = shelf._write

    def limited(path, fill):
        write(path, lambda file: fill(Full(file, 500)))

    monkeypatch.setattr(shelf, '_write', limited)
    monkeypatch.setattr(sources, 'CHUNK', 100)


@pytest.mark.parametrize('limit', [1 << 26, 0])
def test_full_cache(path, cache, full, monkeypatch, limit):
    monkeypatch.setattr(stored, 'IN_MEMORY', limit)
    corpus = open_corpus(path)
    assert right(corpus) and 'cannot be written (No space left on device), so the text' in corpus.note
    assert not entries(cache)


def test_no_room_anywhere(path, cache, full, monkeypatch):
    monkeypatch.setattr(stored, 'IN_MEMORY', 0)
    monkeypatch.setattr(corpora.tempfile, 'TemporaryFile', fail(errno.ENOSPC))
    message = refused(path)
    assert message.startswith(
        f'no room for {len(TEXT):,} bytes of encoded text: {cache.parent} cannot be written (No sp'
    )
    assert message.endswith('free some space or name another folder with FASTRNN_CACHE')
    assert not entries(cache)


def test_full_only_when_it_is_brought_to_the_disk(path, cache, monkeypatch):
    monkeypatch.setattr(os, 'fsync', fail(errno.EDQUOT))
    corpus = open_corpus(path)
    assert right(corpus) and 'in memory' in corpus.note and not entries(cache)


def test_index_that_cannot_be_written(path, monkeypatch):
    monkeypatch.setattr(os, 'replace', fail(errno.ENOSPC))
    assert right(open_corpus(path)) and open_corpus(path).note.startswith('encoded before')


# files that change, runs that end


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
def test_a_file_that_is_still_being_written(path, monkeypatch, packed):
    """What it ends with is no error of its own."""
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
    """Even if the file's times do not tell."""
    monkeypatch.setattr(sources, '_state', lambda state: [0, 0, 0, 0, 0])
    survey = encoding.survey

    def surveyed(*args):
        found = survey(*args)
        touch(path)
        return found

    monkeypatch.setattr(encoding, 'survey', surveyed)
    assert refused(path) == f'{path}: the file changed while it was read; start again once it is complete'
    assert not entries(cache)


def test_interrupt_leaves_nothing(path, cache, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(encoding, '_put', interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_corpus(path)
    assert not entries(cache)
    assert right(open_corpus(path))


KILLED = """
import os, signal, sys
from fastrnn.data import corpus, encoding
put = encoding._put
def last(*args):
    put(*args)
    args[-1].flush()
    os.kill(os.getpid(), signal.SIGKILL)
encoding._put = last
corpus.open_corpus(sys.argv[1])
"""


def test_a_killed_run_leaves_no_entry(path, cache, monkeypatch):
    run = subprocess.run([sys.executable, '-c', KILLED, path], capture_output=True, text=True)
    assert run.returncode == -signal.SIGKILL, run.stderr
    (left,) = entries(cache)
    assert left.name.startswith('.new-') and (left / 'ids').stat().st_size == len(TEXT)
    corpus = open_corpus(path)
    assert right(corpus) and corpus.note.startswith('encoded into')
    assert left.exists()  # for all we know its run goes on
    age = time.time() - 2 * STALE
    for place in (left / 'ids', left):
        os.utime(place, (age, age))
    open_corpus(path, unit='byte')
    assert not left.exists() and len(entries(cache)) == 2


def test_a_run_that_still_writes_is_left_alone(path, cache):
    (cache / '.new-1-a').mkdir(parents=True)
    (cache / '.new-1-a' / 'ids').write_bytes(b'a')
    os.utime(cache / '.new-1-a', (0, 0))
    open_corpus(path)
    assert (cache / '.new-1-a').exists()


def test_two_runs_at_once(path, cache, monkeypatch):
    """The other one is faster by a moment."""
    write = encoding.write_ids

    def slow(*args):
        write(*args)
        monkeypatch.setattr(encoding, 'write_ids', write)
        assert right(open_corpus(path))

    monkeypatch.setattr(encoding, 'write_ids', slow)
    assert right(open_corpus(path))
    assert len(entries(cache)) == 1
