"""Locks on what is in the cache: nobody waits, and nothing in use goes."""

import threading
import time

import numpy as np
import pytest

from fastrnn.data.corpus import open_corpus
from fastrnn.system.cache_folder import shrink
from fastrnn.system.locks import unused

pytestmark = pytest.mark.usefixtures('cache_root')


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
