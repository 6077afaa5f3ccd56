"""Windows of a text that stays in its file: those of the whole text, with bounded memory."""

import resource
from pathlib import Path

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastrnn.data import stored, windows
from fastrnn.data.corpus import open_corpus
from fastrnn.data.windows import Windows

pytestmark = pytest.mark.usefixtures('cache_root')


def test_memory_does_not_grow_with_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, 'IN_MEMORY', 0)
    (tmp_path / 'text').write_bytes(b'ab' * 16_000_000)
    corpus = open_corpus(tmp_path / 'text')
    before, windows, position = resident(), Windows(corpus.ids, 25), 0
    while position < 31_000_000:
        (part,) = windows.fetch(position, 1000)
        assert part.ids[part.start :][: part.iterations * 25].sum() == part.iterations * 25 // 2
        position += part.iterations * 25
    assert resident() < before + 12_000_000  # at most two times AHEAD


def resident():
    return int(Path('/proc/self/statm').read_text().split()[1]) * resource.getpagesize()


class Plain:
    """Ids 0, 1, 2, ... read in windows like a text in a file."""

    def __init__(self, n):
        self.size, self.dtype = n, np.dtype(np.uint16)

    def __getitem__(self, key):
        return np.arange(self.size, dtype=np.uint16)[key]


@given(st.data(), st.integers(1, 4), st.sampled_from([1, 30, 100, 1000]))
def test_windows(monkeypatch, data, T, ahead):
    """Blocks of any size, from any position: the windows of the whole text."""
    monkeypatch.setattr(windows, 'AHEAD', ahead)
    ids = Plain(data.draw(st.integers(T + 2, T + 62)))
    position = data.draw(st.integers(0, ids.size // T)) * T
    read = Windows(ids, T)
    for count in data.draw(st.lists(st.integers(1, 30), min_size=1, max_size=5)):
        expected, found, after = oracles.windows(ids[:], T, position, count), [], position
        for part in read.fetch(position, count):
            some, end = oracles.windows(part.ids, T, part.start, part.iterations)
            found, after = found + some, end + part.offset
            assert part.ids.dtype == np.uint16
        assert (found, after) == expected
        position = after
