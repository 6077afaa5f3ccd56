"""The cache respects its size limit, removes only its own entries, and keeps entries in use."""

import json
import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from caches import DAY, add_kernels, limit
from helpers import SONNETS, run_python

from fastrnn.data import encoding, stored
from fastrnn.data.corpus import open_corpus
from fastrnn.system.cache_folder import default_root, items, remove, shrink, size_limit
from fastrnn.system.locks import hold, hold_folder


def test_least_recently_used_entries_are_removed_first(cache_root, add_text, monkeypatch):
    old, older, new = add_text('a', days=2), add_text('b', days=3), add_text('c', days=1)
    limit(monkeypatch, cache_root, 0)
    fresh = add_text('d', 10_000)  # larger than all others together
    assert [folder.exists() for folder in (old, older, new, fresh)] == [False, False, False, True]
    last = add_text('e', 100)
    assert last.exists() and not fresh.exists()


def test_no_more_is_removed_than_necessary(cache_root, add_text, monkeypatch):
    old, older, new = add_text('a', days=2), add_text('b', days=3), add_text('c', days=1)
    limit(monkeypatch, cache_root, 999)
    add_text('d', 1000)
    assert [folder.exists() for folder in (old, older, new)] == [True, False, True]
    assert sum(item.bytes for item in items(cache_root)) <= size_limit()


def test_using_an_entry_makes_it_the_newest(cache_root, add_text, tmp_path, monkeypatch):
    first, second = add_text('a', days=3), add_text('b', days=2)
    corpus = open_corpus(tmp_path / 'a')
    assert corpus.note.startswith('encoded before')
    del corpus
    limit(monkeypatch, cache_root, 999)
    add_text('c', 1000)
    assert first.exists() and not second.exists()


@pytest.mark.parametrize('held', [1 << 26, 0])
def test_entries_in_use_stay(cache_root, add_text, tmp_path, monkeypatch, held):
    """While the corpus or its ids exist, however they are read."""
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
    assert not folder.exists() and last.exists()  # the newest stays even with a limit of 0


pytestmark = pytest.mark.usefixtures('cache_root')
HOLDS = """
import sys
from fastrnn.data.corpus import open_corpus
corpus = open_corpus(sys.argv[1])
print(flush=True)
sys.stdin.read()
"""


def test_entries_of_other_processes_stay_until_they_end(cache_root, add_text, tmp_path):
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


def test_old_kernels_are_removed(cache_root, add_text):
    """After a month without use, whatever the size; not those of a process that still runs."""
    young, old, held = (
        add_kernels(cache_root, 'a', 29),
        add_kernels(cache_root, 'b', 31),
        add_kernels(cache_root, 'c', 0),
    )
    hold_folder(held)
    os.utime(held, (time.time() - 40 * DAY,) * 2)
    add_text('a')
    assert young.exists() and not old.exists() and held.exists()


def test_loading_kernels_counts_as_use(cache_root):
    folder = add_kernels(cache_root, 'a', 50)
    hold_folder(folder)
    assert time.time() - folder.stat().st_mtime < 60
    code = 'from fastrnn.kernels import jit; from fastrnn.system.locks import unused\n'
    code += 'with unused(jit.CACHE_FOLDER) as free: print(free)'
    assert run_python('-c', code).stdout == b'False\n'


def test_recent_kernels_stay_whatever_the_size(cache_root, add_text, monkeypatch):
    folder = add_kernels(cache_root, 'a', 1)
    monkeypatch.setenv('FASTRNN_CACHE_SIZE', '1')
    add_text('a')
    assert folder.exists()


def test_unfinished_entries(cache_root, add_text):
    """Entries of a running writer stay, those of a killed one are removed."""
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


def test_records_of_files_are_removed_with_their_texts(cache_root, add_text, monkeypatch):
    monkeypatch.setattr('fastrnn.data.cache.SETTLED', 0)
    add_text('a', days=1)
    add_text('b')
    memories = cache_root / 'corpora' / 'files'
    assert len(list(memories.iterdir())) == 2
    limit(monkeypatch, cache_root, 0)
    add_text('c', 10)
    names = {os.path.basename(json.loads(path.read_text())['path'][0]) for path in memories.iterdir()}
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
def test_invalid_sizes(monkeypatch, cli, value):
    monkeypatch.setenv('FASTRNN_CACHE_SIZE', value)
    words = f'{value!r} is not a size; give bytes, or a number with KB, MB, GB or TB, such as 4GB'
    for args in (('cache',), ('train', SONNETS, '--iterations', 1)):
        assert cli(*args) == (2, '', f'error: FASTRNN_CACHE_SIZE: {words}\n')
    assert cli('cache', 'clear', f'--to={value}') == (2, '', f'error: --to: {words}\n')


def test_fastrnn_cache(tmp_path, monkeypatch):
    """Expanded as in a shell: ~ is the user's home, and relative names start at the initial working folder."""
    home = os.path.expanduser(f'~{pwd.getpwuid(os.getuid()).pw_name}')
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    monkeypatch.chdir(tmp_path)
    user = f'~{pwd.getpwuid(os.getuid()).pw_name}'
    for name, folder in (
        ('~/x', tmp_path / 'home' / 'x'),
        ('~', tmp_path / 'home'),
        (f'{user}/x', Path(home, 'x')),
        ('here/x', tmp_path / 'here' / 'x'),
        ('./~/x', tmp_path / '~' / 'x'),
        ('/a/../b', Path('/b')),
    ):
        monkeypatch.setenv('FASTRNN_CACHE', name)
        assert default_root() == folder
    monkeypatch.setenv('FASTRNN_CACHE', 'here/x')
    monkeypatch.chdir('/')
    assert default_root() == tmp_path / 'here' / 'x'
    monkeypatch.setenv('FASTRNN_CACHE', '~nobody-of-that-name/x')
    with pytest.raises(ValueError, match="but '~nobody-of-that-name' has no home folder; set a full path"):
        default_root()
