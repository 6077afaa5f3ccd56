"""No id beyond the vocabulary reaches a kernel, whatever its source, and no id overflows its type."""

import numpy as np
import pytest
from helpers import LAST, MANY, SONNETS
from models import model_of

import fastrnn
from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.data.ids import as_ids, ids_type
from fastrnn.inference.evaluate import bits
from fastrnn.inference.surprisal import score
from fastrnn.model.architecture import Architecture
from fastrnn.model.model import Model
from fastrnn.model.params import Params

TEXT = SONNETS.read_text(encoding='utf-8')
SMALL = {'hidden_size': 4, 'seq_length': 5, 'seed': 0, 'iterations': 3}


WRONG = {
    'beyond': ([0, 1, 3], r'\[2\] is 3, but characters are numbered from 0 to 2'),
    'far beyond': (np.array([0, 2**40]), r'\[1\] is 1099511627776, but characters'),
    'wraps to 0': (np.array([0, 256], np.uint16), r'\[1\] is 256, but characters'),
    'negative': (np.array([0, -1]), r'\[1\] is -1, but characters'),
    'numbers that are not whole': (np.array([0.5, 1.0]), r' must be a list or 1-D array of integers, not float64'),
    'truths': ([True, False], r' must be a list or 1-D array of integers, not bool'),
    'two dimensions': ([[0, 1], [1, 0]], r' must be a list or 1-D array of integers, not int64 of shape \(2, 2\)'),
}


@pytest.mark.parametrize('kind', WRONG)
def test_wrong_ids(kind):
    """In a corpus and in held-out text."""
    ids, words = WRONG[kind]
    with pytest.raises(ValueError, match='^ids' + words):
        Corpus(ids, 'abc')
    with pytest.raises(ValueError, match='^validation' + words):
        fastrnn.train('abcabcabcabc', validation=ids, **SMALL)
    with pytest.raises(ValueError, match='^validation' + words):
        fastrnn.train('abcabcabcabc', validation=ids, **SMALL)


@pytest.mark.parametrize('kind', ['beyond', 'far beyond', 'wraps to 0', 'negative'])
def test_wrong_ids_are_not_scored(kind):
    ids, words = np.asarray(WRONG[kind][0]), WRONG[kind][1]
    for call in (lambda: score(model_of('abc'), ids), lambda: bits(model_of('abc').params, ids)):
        with pytest.raises(ValueError, match='^ids' + words):
            call()


def test_a_wrong_id_far_into_a_text_is_not_scored():
    ids = np.zeros(300_000, np.uint8)
    ids[299_999] = 3
    with pytest.raises(ValueError, match='is 3, but characters'):
        bits(model_of('abc').params, ids)


@pytest.mark.parametrize('dtype', [np.int64, np.int8, np.uint64, np.uint32, np.uint16, np.uint8])
def test_any_integer_type(dtype):
    """A corpus copies the caller's array."""
    text = TEXT[:300]
    expected = Corpus.of(text)
    ids = expected.ids.astype(dtype)
    corpus = Corpus(ids, expected.chars)
    validation = fastrnn.train(expected, validation=ids, **SMALL).text.held_out
    ids[:] = -1 if dtype in (np.int64, np.int8) else ids.max() + 1
    for kept in (corpus.ids, validation, as_ids(expected.ids.tolist(), len(expected.chars))):
        assert np.array_equal(kept, expected.ids) and not kept.flags.writeable and kept.dtype.kind == 'u'
    assert as_ids(expected.ids[3:], len(expected.chars)).base is not None, 'an unnecessary copy'
    assert as_ids(expected.ids[::2], len(expected.chars)).flags.c_contiguous


def test_types():
    assert [ids_type(V) for V in (2, 256, 257, 65_536, 65_537, 0x110000)] == [
        np.uint8, np.uint8, np.uint16, np.uint16, np.uint32, np.uint32
    ]  # fmt: skip


# more characters than 16 bits can tell apart


def test_a_text_of_many_characters(tmp_path):
    (tmp_path / 'text').write_text(MANY[::-1] + '\n' + MANY[-1], encoding='utf-8')
    for corpus in (Corpus.of(MANY[::-1] + '\n' + MANY[-1]), open_corpus(tmp_path / 'text', cache=tmp_path / 'cache')):
        assert corpus.chars == MANY and corpus.ids.dtype == np.uint32
        assert corpus.ids[[0, -1]].tolist() == [LAST[0]] * 2 and corpus.ids.max() == LAST[0]


@pytest.mark.parametrize('dtype', [np.float64, np.float32])
def test_sampling_from_a_large_vocabulary(dtype):
    """A model that predicts the next character of LAST with certainty."""
    params = Params(Architecture('rnn', 1, 3, len(MANY)))
    params.WxhT[LAST] = 9 * np.eye(3)
    params.Why[np.roll(LAST, -1)] = 90 * np.eye(3)
    model = Model(params.astype(dtype), MANY)
    expected = ''.join(MANY[LAST[k % 3]] for k in range(7))  # the first follows the newline, id 0
    assert ''.join(fastrnn.sample(model, 7, seed=0)) == expected
    assert list(fastrnn.samples(model, 2, 7, seed=0)) == [expected] * 2
    assert ''.join(fastrnn.sample(model, 6, prime=MANY[LAST[0]], seed=0)) == expected[1:]
