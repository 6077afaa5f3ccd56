"""A refused text leaves nothing in the cache."""

import gzip

import pytest
from helpers import SONNETS
from kept import begin

import fastrnn
from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.system.cache_folder import items

pytestmark = pytest.mark.usefixtures('cache_root')
REFUSED = {
    'one character': (b'a' * 100_000, (), 'only one distinct character'),
    'a bomb': (gzip.compress(b' ' * 5_000_000), (), 'only one distinct character'),
    'short': (b'abcdefgh' * 3, (), 'needs at least 27'),
    'too much memory': (b'abcdefgh' * 9, ('--hidden-size', 10**7), 'of memory'),
}


@pytest.mark.parametrize('kind', REFUSED)
@pytest.mark.parametrize('kept', [False, True])
def test_a_refused_text_leaves_nothing(cache_root, tmp_path, cli, kind, kept):
    data, options, words = REFUSED[kind]
    (tmp_path / 'text').write_bytes(data)
    out = ('--out', tmp_path / 'run') if kept else ()
    code, _, err = cli('train', tmp_path / 'text', '--iterations', 1, *options, *out)
    assert code == 2 and words in err and err.count('\n') == 1
    assert not items(cache_root) and not list(cache_root.glob('corpora/*/*'))


def test_an_older_entry_stays(cache_root, tmp_path):
    (tmp_path / 'text').write_bytes(b'a' * 1000)
    open_corpus(tmp_path / 'text')
    with pytest.raises(ValueError, match='only one distinct character'):
        fastrnn.train(open_corpus(tmp_path / 'text'))
    assert len(items(cache_root)) == 1


def test_the_callers_corpus_stays(cache_root, tmp_path):
    """The caller may train on it with other options."""
    (tmp_path / 'text').write_bytes(b'abcdefgh' * 1000)
    corpus = open_corpus(tmp_path / 'text')
    with pytest.raises(ValueError, match='of memory'):
        fastrnn.train(corpus, hidden_size=10**7)
    assert len(items(cache_root)) == 1
    assert len(list(fastrnn.train(corpus, hidden_size=4, iterations=1, seed=0))) == 1


def test_an_entry_that_another_corpus_uses_stays(cache_root, tmp_path):
    (tmp_path / 'text').write_bytes(b'a' * 1000)
    first = open_corpus(tmp_path / 'text')
    second = open_corpus(tmp_path / 'text')
    first.discard()
    assert len(items(cache_root)) == 1
    del second
    Corpus.of('ab').discard()


def test_resuming_with_another_text_leaves_nothing(cache_root, tmp_path):
    (tmp_path / 'text').write_text(SONNETS.read_text(encoding='utf-8'))
    begin(tmp_path / 'run', text=tmp_path / 'text').close()
    (entry,) = items(cache_root)
    (tmp_path / 'text').write_text(SONNETS.read_text(encoding='utf-8').swapcase())
    with pytest.raises(ValueError, match='changed since the run'):
        fastrnn.resume(tmp_path / 'run')
    assert [item.path for item in items(cache_root)] == [entry.path]
