"""Texts that stay in their file: the same ids, and training bit-identical to that from memory."""

import numpy as np
import pytest
from caches import ids_file
from helpers import SONNETS
from kept import ENGINES

from fastrnn.data import windows
from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.data.stored import StoredIds
from fastrnn.engines.engine import make_engine
from fastrnn.errors import TextLost
from fastrnn.settings.options import Settings

TEXT = SONNETS.read_text(encoding='utf-8')


def test_stored_ids(stored_cache):
    corpus, expected = open_corpus(SONNETS), Corpus.of(TEXT).ids
    ids = corpus.ids
    assert (ids.size, len(ids), ids.shape, ids.ndim, ids.dtype) == (
        expected.size,
        expected.size,
        expected.shape,
        1,
        np.uint8,
    )
    for key in (slice(None), slice(5, 9), slice(-7, None), slice(9, 3), slice(1, 90, 7), slice(None, None, -1)):
        assert np.array_equal(ids[key], expected[key])
    assert [ids[k] for k in (0, 7, -1)] == expected[[0, 7, -1]].tolist() and isinstance(ids[0], np.uint8)
    with pytest.raises(IndexError):
        ids[ids.size]
    assert np.array_equal(ids, expected) and np.asarray(ids, np.int64).dtype == np.int64
    for part, other in zip(corpus.split(0.3), Corpus.of(TEXT).split(0.3), strict=True):
        assert isinstance(part, StoredIds) and np.array_equal(part, other) and part[2] == other[2]


@pytest.mark.parametrize('name', ENGINES)
def test_training_is_bit_identical_to_memory(stored_cache, monkeypatch, name):
    """Over several passes, in blocks of odd sizes, with the state restored in between."""
    monkeypatch.setattr(windows, 'AHEAD', 300)
    config = Settings(**ENGINES[name])
    corpus, states = open_corpus(SONNETS), []
    for ids in (corpus.ids, corpus.ids[:]):
        engine = make_engine(config, ids, len(corpus.chars))
        losses = []
        for block in (1, 40, 7, 200, 3):
            engine.fetch(block)
            losses.append(engine.run(block, np.full(block, 0.01)))
            drawn = engine.sample(5)
            engine.restore(engine.state())
        engine.close()
        state = engine.state()
        states.append([np.concatenate(losses).tolist(), drawn.tolist(), state.params.flat.tolist(), state.position])
    assert states[0] == states[1]


@pytest.mark.parametrize('value', [100, 255])
def test_no_id_beyond_the_vocabulary_is_read(tmp_path, stored_cache, value):
    """Even if checksum and time match."""
    corpus = open_corpus(SONNETS)
    file = corpus.ids._file
    path = ids_file(stored_cache)
    with open(path, 'r+b') as other:
        other.seek(700)
        other.write(bytes([value]))
    file._state = file._file.state
    assert corpus.ids[:700].size == 700
    with pytest.raises(TextLost):
        corpus.ids[690:710]
