"""Options of reading, large vocabularies, interrupts and missing threads."""

import threading

import numpy as np
import pytest
from caches import entries, refused, right

from fastrnn.data import encoding
from fastrnn.data.corpus import open_corpus

pytestmark = pytest.mark.usefixtures('cache')


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        *(
            ({'encoding': name}, f"encoding '{name}' is not known; name one such as utf-8 or latin-1")
            for name in ('klingon', '', 'hex', 'rot13')
        ),
        ({'errors': 'pray'}, "errors is 'pray'; it must be one of strict, replace"),
        ({'unit': 'word'}, "unit is 'word'; it must be one of character, byte"),
        ({'min_count': 0}, 'min_count is 0; it must be a whole number, 1 or more'),
    ],
)
def test_options(path, options, words):
    assert refused(path, **options) == words


def test_vocabulary_above_65536(path):
    text = ''.join(map(chr, [*range(0x20, 0xD800), *range(0xE000, 0x13000)]))
    path.write_text(text + 'a' + ''.join(map(chr, range(0x1F600, 0x1F610))) * 2)
    corpus = open_corpus(path)
    assert right(corpus, path.read_text()) and corpus.ids.dtype == np.uint32
    folded = open_corpus(path, min_count=2)
    assert folded.chars == 'a\ufffd' + ''.join(map(chr, range(0x1F600, 0x1F610)))
    assert len(open_corpus(path, unit='byte').chars) <= 256


def test_interrupt_leaves_nothing(path, cache, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(encoding, '_put', interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_corpus(path)
    assert not entries(cache)
    assert right(open_corpus(path))


def test_encoding_without_threads(path, monkeypatch):
    """The caller's thread reads, encodes and hashes the text."""

    def no_thread(thread):
        raise RuntimeError("can't start new thread")

    path.write_text('to and fro, and back ' * 20_000, encoding='utf-8')
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, 'start', no_thread)
        corpus = open_corpus(path)
    assert right(corpus, path.read_text(encoding='utf-8'))
    assert right(open_corpus(path), path.read_text(encoding='utf-8'))
