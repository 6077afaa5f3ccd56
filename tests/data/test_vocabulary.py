"""Text to ids, and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastrnn
from fastrnn.data.corpus import Corpus
from fastrnn.data.vocabulary import Vocabulary

ANY = st.characters(exclude_categories=())


def texts(longest):
    """Any characters; no '/', because a text that looks like a path is refused (hypothesis tries such constants)."""
    return st.text(ANY, min_size=1, max_size=longest).filter(lambda text: '/' not in text)


@given(texts(60))
def test_encode_and_decode_are_inverse(text):
    """For any characters, sorted or not; adjacent surrogates stay two characters."""
    for chars in (''.join(sorted(set(text))), ''.join(dict.fromkeys(text))):
        vocabulary = Vocabulary(chars)
        ids = vocabulary.encode(text)
        assert vocabulary.decode(ids) == vocabulary.decode(ids.tolist()) == text
        assert [chars[ix] for ix in ids] == list(text) and ids.dtype == vocabulary.ids_type and not ids.flags.writeable
        assert vocabulary.points.tolist() == [ord(char) for char in chars] and len(vocabulary) == len(chars)
        assert vocabulary.decode(ids[:0]) == vocabulary.decode([]) == ''


@settings(max_examples=60)
@given(texts(40), st.integers(1, 3))
def test_a_corpus_and_its_vocabulary_give_the_same_ids(text, min_count):
    corpus = Corpus.of(text, min_count=min_count)
    assert np.array_equal(corpus.vocabulary.encode(text), corpus.ids)
    assert corpus.vocabulary == Vocabulary(corpus.chars) and corpus.text(corpus.ids) == (
        text if min_count == 1 else corpus.vocabulary.decode(corpus.ids)
    )


@settings(max_examples=60)
@given(st.text(ANY, min_size=1, max_size=40))
def test_bytes(text):
    data = text.encode('utf-8', 'surrogatepass')
    corpus = Corpus.of(text, unit='byte')
    assert np.array_equal(corpus.vocabulary.encode(text), corpus.ids)
    assert corpus.vocabulary.decode(corpus.ids).encode('latin-1') == data


def test_unknown_characters():
    with pytest.raises(
        ValueError,
        match=r'^1 of 3 characters \(33\.3 %\) is not in the vocabulary of 2; leave them out',
    ) as e:
        Vocabulary('ab').encode_known('abé', skip_unknown=False)
    assert str(e.value).endswith('; the first is at offset 2; it is é (U+00E9)')
    with pytest.raises(ValueError, match=r'^1 of 2 bytes .* of 1; use a text without them; .*; it is 0xa9$'):
        Vocabulary('Ã', 'byte').encode('é')
    folding = Vocabulary('a\ufffdb')
    assert folding.encode('xab').tolist() == [1, 0, 2] and folding.encode_known('xab').lacking.count == 0


def test_a_model_has_its_texts_vocabulary():
    run = fastrnn.train('abcab' * 9, hidden_size=3, seq_length=4, iterations=1, seed=0)
    assert run.watch().vocabulary == run.text.corpus.vocabulary == Vocabulary('abc')
    run.close()


def test_an_empty_text_is_named(tmp_path):
    """A run or an evaluation may read several files."""
    names = [tmp_path / 'a.txt', tmp_path / 'b.txt']
    for name in names:
        name.touch()
    vocabulary = Vocabulary('ab')
    cure = 'the file is empty; name a file with text in it'
    for text in (names[0], names):
        with pytest.raises(ValueError) as error:
            vocabulary.encode_known(text)
        assert str(error.value) == f'{names[0]}: {cure}'
    with pytest.raises(ValueError, match=r'^the text is empty; use one with characters in it$'):
        vocabulary.encode_known('')
