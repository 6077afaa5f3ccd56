"""The cache keeps to its size, and to what it owns; what a process uses stays; what is refused leaves nothing."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from caches import DAY, add_kernels, limit
from helpers import SONNETS, run_python
from kept import begin

import fastrnn
from fastrnn.data import encoding, stored
from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.system.cache_folder import items, remove, shrink, size_limit
from fastrnn.system.locks import hold, hold_folder, unused

# how large it is


def test_what_was_not_used_for_longest_goes_first(cache_root, add_text, monkeypatch):
    old, older, new = add_text('a', days=2), add_text('b', days=3), add_text('c', days=1)
    limit(monkeypatch, cache_root, 0)
    fresh = add_text('d', 10_000)  # more than all of them
    assert [folder.exists() for folder in (old, older, new, fresh)] == [False, False, False, True]
    last = add_text('e', 100)
    assert last.exists() and not fresh.exists()


def test_no_more_goes_than_must(cache_root, add_text, monkeypatch):
    old, older, new = add_text('a', days=2), add_text('b', days=3), add_text('c', days=1)
    limit(monkeypatch, cache_root, 999)
    add_text('d', 1000)
    assert [folder.exists() for folder in (old, older, new)] == [True, False, True]
    assert sum(item.bytes for item in items(cache_root)) <= size_limit()


def test_what_was_just_used_is_new(cache_root, add_text, tmp_path, monkeypatch):
    first, second = add_text('a', days=3), add_text('b', days=2)
    corpus = open_corpus(tmp_path / 'a')
    assert corpus.note.startswith('encoded before')
    del corpus
    limit(monkeypatch, cache_root, 999)
    add_text('c', 1000)
    assert first.exists() and not second.exists()


@pytest.mark.parametrize('held', [1 << 26, 0])
def test_what_is_used_stays(cache_root, add_text, tmp_path, monkeypatch, held):
    """As long as the corpus, or only its ids, are there; however they are read."""
    monkeypatch.setattr(stored, 'IN_MEMORY', held)
    folder = add_text('a', days=9)
    corpus = open_corpus(tmp_path / 'a')
    monkeypatch.setenv('FASTRNN_CACHE_SIZE', '0')
    other = add_text('b')
    assert folder.exists() and other.exists()
    if not held:
        corpus = corpus.ids.between(10, 20)
    add_text('c')
    assert folder.exists() and not other.exists()
    del corpus
    last = add_text('d')
    assert not folder.exists() and last.exists()  # the one that was just made, though nothing may be kept


pytestmark = pytest.mark.usefixtures('cache_root')
HOLDS = """
import sys
from fastrnn.data.corpus import open_corpus
corpus = open_corpus(sys.argv[1])
print(flush=True)
sys.stdin.read()
"""


def test_what_another_process_uses_stays_until_it_dies(cache_root, add_text, tmp_path):
    folder = add_text('a')
    with subprocess.Popen(
        [sys.executable, '-c', HOLDS, tmp_path / 'a'], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        (item,) = items(cache_root)
        assert item.in_use and not remove(item) and not shrink(cache_root, 0, everything=True) and folder.exists()
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert not item.in_use and shrink(cache_root, 0) == [item] and not folder.exists()


def test_old_kernels_go(cache_root, add_text):
    """After a month without use, whatever the size; not those of a process that has been running for so long."""
    young, old, held = (
        add_kernels(cache_root, 'a', 29),
        add_kernels(cache_root, 'b', 31),
        add_kernels(cache_root, 'c', 0),
    )
    hold_folder(held)
    os.utime(held, (time.time() - 40 * DAY,) * 2)
    add_text('a')
    assert young.exists() and not old.exists() and held.exists()


def test_kernels_are_used_when_they_are_loaded(cache_root):
    folder = add_kernels(cache_root, 'a', 50)
    hold_folder(folder)
    assert time.time() - folder.stat().st_mtime < 60
    code = 'from fastrnn.kernels import jit; from fastrnn.system.locks import unused\n'
    code += 'with unused(jit.CACHE_FOLDER) as free: print(free)'
    assert run_python('-c', code).stdout == b'False\n'


def test_young_kernels_stay_whatever_the_size(cache_root, add_text, monkeypatch):
    folder = add_kernels(cache_root, 'a', 1)
    monkeypatch.setenv('FASTRNN_CACHE_SIZE', '1')
    add_text('a')
    assert folder.exists()


def test_unfinished_entries(cache_root, add_text):
    """Of a process that writes, however long it has not; of one that was killed."""
    add_text('a')
    writing, left = (cache_root / 'corpora' / f'.new-1-{name}' for name in ('a', 'b'))
    for folder in (writing, left):
        folder.mkdir()
        (folder / 'ids').write_bytes(b'a')
        for path in (folder / 'ids', folder):
            os.utime(path, (0, 0))
    with open(writing / 'ids') as file:
        assert hold(file.fileno())
        add_text('b')
        assert writing.exists() and not left.exists()
    add_text('c')
    assert not writing.exists()


def test_an_entry_that_is_being_written_stays(cache_root, tmp_path, monkeypatch):
    write = encoding.write_ids

    def slow(*args):
        write(*args)
        assert [item.in_use for item in items(cache_root)] == [True] and not shrink(cache_root, 0, everything=True)

    monkeypatch.setattr(encoding, 'write_ids', slow)
    (tmp_path / 'text').write_text('abc')
    assert open_corpus(tmp_path / 'text').note.startswith('encoded into')


def test_what_is_remembered_of_files_goes_with_their_texts(cache_root, add_text, monkeypatch):
    monkeypatch.setattr('fastrnn.data.cache.SETTLED', 0)
    add_text('a', days=1)
    add_text('b')
    memories = cache_root / 'corpora' / 'files'
    assert len(list(memories.iterdir())) == 2
    limit(monkeypatch, cache_root, 0)
    add_text('c', 10)
    names = {os.path.basename(json.loads(path.read_text())['path']) for path in memories.iterdir()}
    assert names == {'b', 'c'}


@pytest.mark.parametrize(
    ('value', 'size'),
    [
        ('', 4_000_000_000),
        ('10MB', 10_000_000),
        ('0', 0),
        ('1.5 tb', 15 * 10**11),
        ('123456789k', 123_456_789_000),
        ('1e999999999999999999999999', 2**63 - 1),
    ],
)
def test_the_size(monkeypatch, value, size):
    monkeypatch.setenv('FASTRNN_CACHE_SIZE', value)
    assert size_limit() == size


@pytest.mark.parametrize('value', ['much', '-1', 'GB', '4 GiB', 'nan', '1e', '1,5GB'])
def test_a_size_that_is_none(monkeypatch, cli, value):
    monkeypatch.setenv('FASTRNN_CACHE_SIZE', value)
    words = f'{value!r} is no size; give bytes, or a number with KB, MB, GB or TB, such as 4GB'
    for args in (('cache',), ('train', SONNETS, '--iterations', 1)):
        assert cli(*args) == (2, '', f'error: FASTRNN_CACHE_SIZE: {words}\n')
    assert cli('cache', 'clear', f'--to={value}') == (2, '', f'error: --to: {words}\n')


# locks


def test_an_entry_that_is_looked_at_is_found(cache_root, add_text, tmp_path):
    """A lock that another process has for a moment costs a moment, not the entry."""
    folder, begun = add_text('a'), threading.Event()

    def look():
        with unused(folder / 'ids') as free:
            assert free
            begun.set()
            time.sleep(0.05)

    thread = threading.Thread(target=look)
    thread.start()
    begun.wait()
    assert open_corpus(tmp_path / 'a').note.startswith('encoded before')
    thread.join()


def test_an_entry_that_is_being_removed_is_made_anew(cache_root, add_text, tmp_path, monkeypatch):
    folder = add_text('a')
    monkeypatch.setattr('fastrnn.system.locks.TRIES', 2)
    with unused(folder / 'ids') as free:
        assert free
        corpus = open_corpus(tmp_path / 'a')
    assert corpus.note.startswith('encoded into') and np.array_equal(corpus.ids, open_corpus(tmp_path / 'a').ids)


def test_without_locks(cache_root, add_text, monkeypatch):
    """Some file systems have none: texts are used, and go, all the same."""

    def unsupported(*_):
        raise OSError(38, 'Function not implemented')

    monkeypatch.setattr('fastrnn.system.locks.fcntl.flock', unsupported)
    folder = add_text('a')
    assert folder.exists() and len(shrink(cache_root, 0)) == 1 and not folder.exists()


# what is refused


REFUSED = {
    'one character': (b'a' * 100_000, (), 'one distinct character'),
    'a bomb': (gzip.compress(bytes(5_000_000)), (), 'one distinct character'),
    'short': (b'abcdefgh' * 3, (), 'needs at least 27'),
    'too much memory': (b'abcdefgh' * 9, ('--hidden-size', 10**7), 'bytes of memory'),
}


@pytest.mark.parametrize('kind', REFUSED)
@pytest.mark.parametrize('kept', [False, True])
def test_a_text_that_is_refused_leaves_nothing(cache_root, tmp_path, cli, kind, kept):
    data, options, words = REFUSED[kind]
    (tmp_path / 'text').write_bytes(data)
    out = ('--out', tmp_path / 'run') if kept else ()
    code, _, err = cli('train', tmp_path / 'text', '--iterations', 1, *options, *out)
    assert code == 2 and words in err and err.count('\n') == 1
    assert not items(cache_root) and not list(cache_root.glob('corpora/*/*'))


def test_an_entry_that_was_there_before_stays(cache_root, tmp_path):
    (tmp_path / 'text').write_bytes(b'a' * 1000)
    open_corpus(tmp_path / 'text')
    with pytest.raises(ValueError, match='one distinct character'):
        fastrnn.train(open_corpus(tmp_path / 'text'))
    assert len(items(cache_root)) == 1


def test_an_entry_that_another_one_uses_stays(cache_root, tmp_path):
    (tmp_path / 'text').write_bytes(b'a' * 1000)
    first = open_corpus(tmp_path / 'text')
    second = open_corpus(tmp_path / 'text')
    first.discard()
    assert len(items(cache_root)) == 1
    del second
    Corpus.of('ab').discard()


def test_a_run_that_is_resumed_with_another_text(cache_root, tmp_path):
    (tmp_path / 'text').write_text(SONNETS.read_text(encoding='utf-8'))
    begin(tmp_path / 'run', text=tmp_path / 'text').close()
    (entry,) = items(cache_root)
    (tmp_path / 'text').write_text(SONNETS.read_text(encoding='utf-8').swapcase())
    with pytest.raises(ValueError, match='changed since the run'):
        fastrnn.resume(tmp_path / 'run')
    assert [item.path for item in items(cache_root)] == [entry.path]


# the command


def test_show(cache_root, add_text, tmp_path, cli):
    add_text('a', 5000, days=3)
    add_kernels(cache_root, 'a', 1.5)
    add_text('line\nbreak', days=0.2)
    open_corpus([SONNETS, tmp_path / 'a', SONNETS])
    corpus = open_corpus(tmp_path / 'a', unit='byte')
    code, out, err = cli('cache')
    assert (code, err) == (0, '')
    first, second, third, *rest = out.splitlines()
    assert first.split()[1:3] == ['KB', '3'] and first.endswith(f'3 days  text        {tmp_path / "a"}')
    assert second.endswith(f'1 day  kernels     kernels-{"a" * 16}')
    assert third.endswith(f"4 hours  text        '{tmp_path}/line\\nbreak'")
    assert sorted(line.split()[2:4] for line in rest[:2]) == [['in', 'use'], ['just', 'now']]
    assert any(line.endswith(f'{SONNETS}, {tmp_path / "a"} and 1 more') for line in rest)
    total = sum(item.bytes for item in items(cache_root))
    assert rest[2:] == [f'{total / 1000:.1f} KB in {cache_root}, which keeps to 4.0 GB']
    del corpus


def test_show_for_other_programs(cache_root, add_text, tmp_path, cli):
    folder, other = add_text('a', 5000, days=2), add_kernels(cache_root, 'a', 1)
    code, out, err = cli('cache', '--json')
    text, code_ = map(json.loads, out.splitlines())
    assert (code, err) == (0, '')
    assert abs(text.pop('unused_seconds') - 2 * DAY) < 60 and abs(code_.pop('unused_seconds') - DAY) < 60
    assert code_ == {'kind': 'kernels', 'path': str(other), 'bytes': code_['bytes'], 'in_use': False}
    assert text.pop('bytes') > 5000
    assert text == {
        'kind': 'text',
        'path': str(folder),
        'in_use': False,
        'files': [str(tmp_path / 'a')],
        'characters': 5000,
    }


def test_clear(cache_root, add_text, tmp_path, cli):
    """Nothing of others that happens to be in the folder, and nothing in use."""
    add_text('a', 3000)
    add_text('b', 4000)
    add_kernels(cache_root, 'a', 1)
    (cache_root / 'corpora' / '.new-7-ff').mkdir()
    foreign = [
        cache_root / 'kernels-6.1' / 'x',
        cache_root / 'corpora' / 'novels' / 'x',
        cache_root / '.old-things' / 'x',
        cache_root / 'x',
    ]
    for path in foreign:
        path.parent.mkdir(exist_ok=True)
        path.write_text('mine')
    corpus = open_corpus(tmp_path / 'b')
    before = {item.path: item.bytes for item in items(cache_root)}
    (left,) = (item for item in items(cache_root) if item.in_use)
    freed = sum(before.values()) - left.bytes
    code, out, err = cli('cache', 'clear')
    assert (code, err) == (0, '')
    assert out.startswith(f'freed {freed / 1000:.1f} KB (') and out.endswith(
        f'; {left.bytes / 1000:.1f} KB left in {cache_root}\n'
    )
    assert sorted(out[out.index('(') + 1 : out.index(')')].split(', ')) == ['kernels 1', 'text 1', 'unfinished 1']
    assert [item.path for item in items(cache_root)] == [left.path] and all(
        path.read_text() == 'mine' for path in foreign
    )
    del corpus
    assert json.loads(cli('cache', 'clear', '--json')[1]) == {
        'freed': left.bytes,
        'removed': [str(left.path)],
        'left': 0,
    }
    assert cli('cache', 'clear')[1] == f'freed 0.0 KB; 0.0 KB left in {cache_root}\n'


def test_clear_to_a_size(cache_root, add_text, cli):
    old, new = add_text('a', 1000, days=2), add_text('b', 1000, days=1)
    size = sum(item.bytes for item in items(cache_root))
    assert cli('cache', 'clear', '--to', size)[1].startswith('freed 0.0 KB;')
    assert cli('cache', 'clear', '--to', f'{(size - 1) / 1000}KB')[0] == 0
    assert not old.exists() and new.exists()


@pytest.mark.parametrize('facts', ['', '[]', '{"n": "x", "files": 3, "digests": null}', '{"files": [1]}', '\x00'])
def test_facts_that_are_none(cache_root, add_text, cli, facts):
    folder = add_text('a')
    (folder / 'facts.json').write_text(facts)
    assert cli('cache')[0] == cli('cache', '--json')[0] == 0
    assert cli('cache', 'clear')[0] == 0 and not folder.exists()


def test_a_cache_that_is_not_there(cache_root, cli):
    assert cli('cache') == (0, f'0.0 KB in {cache_root}, which keeps to 4.0 GB\n', '')
    assert cli('cache', 'clear')[0] == 0 and not cache_root.exists()


def test_the_command_is_light(cache_root, add_text):
    add_text('a')
    code = 'import sys; from fastrnn.cli import main\nsys.argv = ["fastrnn", "cache", *sys.argv[1:]]\ntry: main()\n'
    code += 'except SystemExit: print({"numba", "numpy"} & set(sys.modules))'
    for args in ((), ('clear',)):
        assert run_python('-c', code, *args).stdout.endswith(b'set()\n')
