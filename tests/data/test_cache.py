"""Cached texts after damage, full disks and kills: never a wrong corpus."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
import zlib

import pytest
from caches import entries, fail, right
from helpers import SONNETS

from fastrnn.data import cache as text_cache
from fastrnn.data import encoding, stored
from fastrnn.data.corpus import open_corpus
from fastrnn.system.cache_folder import STALE, delete

TEXT = SONNETS.read_text(encoding='utf-8')
pytestmark = pytest.mark.usefixtures('cache')


def spoil_ids(entry):
    data = bytearray((entry / 'ids').read_bytes())
    data[len(data) // 2] ^= 4
    (entry / 'ids').write_bytes(data)


def spoil_facts(entry):
    text = (entry / 'facts.json').read_text()
    (entry / 'facts.json').write_text(text.replace('"min_count": 1', '"min_count": 3'))


def foreign(entry):
    """Puts another text's entry under this one's name."""
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
def test_any_flipped_bit_is_detected(path, cache, monkeypatch, limit, bit):
    """At any offset, and whether the id stays in the vocabulary or not."""
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


def test_ids_beyond_the_vocabulary_with_a_valid_checksum(path, cache):
    """A faulty encoder could write them; no kernel may read them."""
    open_corpus(path)
    (entry,) = entries(cache)
    data = bytearray((entry / 'ids').read_bytes())
    data[700] = len(set(TEXT))
    facts = json.loads((entry / 'facts.json').read_text())
    del facts['check']
    facts['crc32'] = zlib.crc32(data)
    (entry / 'ids').write_bytes(data)
    (entry / 'facts.json').write_text(json.dumps({**facts, 'check': text_cache._hash(facts)}))
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


def test_an_edit_that_keeps_size_and_time_is_detected(path):
    state = path.stat()
    open_corpus(path)
    path.write_text(TEXT.swapcase())
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert right(open_corpus(path), TEXT.swapcase())


def test_another_file_under_the_same_name_is_detected(path, tmp_path):
    open_corpus(path)
    (tmp_path / 'new').write_text(TEXT.swapcase())
    os.replace(tmp_path / 'new', path)
    assert right(open_corpus(path), TEXT.swapcase())


def test_recent_files_are_not_trusted(path, monkeypatch, cache):
    """A file may change twice within the resolution of its times."""
    monkeypatch.setattr(text_cache, 'SETTLED', 60)
    open_corpus(path)
    assert not (cache / 'files').exists()
    assert open_corpus(path).note.startswith('encoded before')


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
    assert left.exists()  # its run may still be writing
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


def test_two_runs_encode_at_once(path, cache, monkeypatch):
    """The other run finishes just before this one."""
    write = encoding.write_ids

    def slow(*args):
        write(*args)
        monkeypatch.setattr(encoding, 'write_ids', write)
        assert right(open_corpus(path))

    monkeypatch.setattr(encoding, 'write_ids', slow)
    assert right(open_corpus(path))
    assert len(entries(cache)) == 1
