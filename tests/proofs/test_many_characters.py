"""Training where 16 bits can not tell the characters apart."""

import numpy as np
import pytest
from helpers import LAST, MANY, assert_same_run

import fastrnn
from fastrnn.data.corpus import Corpus
from fastrnn.data.vocabulary import Vocabulary


@pytest.mark.long
def test_training_on_many_characters():
    """The exact engine to the bit, the batched one by what it learns."""
    text = (MANY[::-1] + MANY[LAST[0]] + MANY[LAST[1]] + '\n') * 2
    assert_same_run(text, iterations=20, hidden_size=4, seq_length=8)
    told = 'a' + ''.join(MANY[ix] for ix in LAST) * 3000
    corpus = Corpus(Vocabulary(MANY).encode(told.replace('a', MANY[5])), MANY)
    sizes = {'cell': 'rnn', 'hidden_size': 8, 'streams': 4, 'seq_length': 8, 'dropout': 0.0}
    run = fastrnn.train(corpus, fastrnn.preset('fast', **sizes, iterations=400, learning_rate=0.05, seed=0))
    *_, last = run
    assert corpus.ids.dtype == np.uint32 and last.loss < 0.1
