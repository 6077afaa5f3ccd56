"""Splits a text into a training and a held-out part."""

import numpy as np
import pytest
from helpers import SONNETS
from hypothesis import given
from hypothesis import strategies as st

from fastrnn.data.corpus import Corpus

TEXT = SONNETS.read_text(encoding='utf-8')


@pytest.mark.parametrize('share', [0, 1, -0.5, 1.5, float('nan')])
def test_validation_share(share):
    with pytest.raises(ValueError, match='use a number between 0 and 1'):
        Corpus.of(TEXT).split(share)


@pytest.mark.parametrize(('size', 'share', 'words'), [(10, 0.95, 'train on'), (1, 0.5, 'train on')])
def test_validation_share_that_leaves_nothing(size, share, words):
    with pytest.raises(ValueError, match=f'leaves nothing to {words}: the text has {size} characters'):
        Corpus(np.zeros(size, np.uint8), 'a').split(share)


def test_split():
    assert [part.size for part in Corpus(np.zeros(1_115_394, np.uint8), 'a').split(0.1)] == [1_003_854, 111_540]
    train, validation = Corpus.of('abcdefghij').split(0.9)
    assert train.tolist() == [0] and validation.tolist() == list(range(1, 10))


@given(st.integers(2, 10**7), st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_split_parts_add_up(n, share):
    corpus = Corpus(np.broadcast_to(np.uint8(0), n), 'a')
    try:
        train, validation = corpus.split(share)
    except ValueError as error:
        assert 'leaves nothing to' in str(error)
    else:
        assert train.size + validation.size == n and abs(train.size - n * (1 - share)) <= 1
