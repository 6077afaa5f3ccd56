"""Cached texts are used only if no other user can write them."""

import warnings

import numpy as np
from caches import mode_of
from helpers import SONNETS

from fastrnn import open_corpus
from fastrnn.data import cache as text_cache


def test_a_foreign_text_is_not_used(place):
    """Kernels don't check its ids."""
    whole = open_corpus(SONNETS, cache=place / 'cache')
    assert mode_of(place / 'cache' / 'corpora') == 0o700
    assert 'encoded before' in open_corpus(SONNETS, cache=place / 'cache').note
    (place / 'cache').chmod(0o777)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        corpus = open_corpus(SONNETS, cache=place / 'cache')
    assert np.array_equal(corpus.ids[:], whole.ids[:])
    assert corpus.note.startswith(f'{place / "cache"} cannot be written (other users can write to {place / "cache"}; ')
    assert corpus.note.endswith('; every run encodes the text again, in memory')


def test_a_foreign_record_of_hashes_is_not_used(place, monkeypatch):
    """The record of which file has which contents."""
    monkeypatch.setattr(text_cache, 'SETTLED', 0)
    (place / 'other').write_text('another text')
    other = open_corpus(place / 'other', cache=place / 'cache')
    whole = open_corpus(SONNETS, cache=place / 'cache')
    assert mode_of(place / 'cache' / 'corpora' / 'files') == 0o700
    for memory in (place / 'cache' / 'corpora' / 'files').iterdir():
        memory.write_text(memory.read_text().replace(whole.sha256, other.sha256))
    assert open_corpus(SONNETS, cache=place / 'cache').chars == other.chars
    for path, mode in (('', 0o755), ('corpora', 0o755), ('corpora/files', 0o777)):
        (place / 'cache' / path).chmod(mode)
    assert open_corpus(SONNETS, cache=place / 'cache').chars == whole.chars
