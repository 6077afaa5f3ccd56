"""What units do while they read."""

import cell_oracles
import numpy as np
import pytest
from models import CHARS, MANY_KINDS, some_model

import fastrnn
from fastrnn.inference import states as reading


def expected(cell, model, text):
    """The states (n, L, S, H) of plain NumPy."""
    arrays, found = cell_oracles.from_params(model.params), []
    states = cell_oracles.zeros(cell, arrays)
    for char in text:
        states, _ = cell_oracles.step(cell, arrays, states, model.chars.index(char))
        found.append(states)
    return np.array(found)


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
@pytest.mark.parametrize('dtype', ['float64', 'float32'])
def test_states_are_those_of_the_formulas(cell, layers, dtype):
    model, text = some_model(dtype=dtype, cell=cell, layers=layers, H=9), CHARS * 3
    before = model.params.flat.copy()
    found = fastrnn.states(model, text)
    h, c = found
    assert h.dtype == dtype and h.shape == (len(text), layers, 9) and np.array_equal(model.params.flat, before)
    assert (c is None) == (cell != 'lstm') and found.h is h
    wanted = expected(cell, model, text)
    for k, states in enumerate(state for state in found if state is not None):
        np.testing.assert_allclose(states, wanted[:, :, k], 0, 1e-12 if dtype == 'float64' else 1e-4)


def test_the_next_character_follows_from_the_last_layer():
    """h[k] is what predicts text[k + 1], in the surprisals too."""
    model, text = some_model(cell='gru', layers=2, H=9), CHARS * 2
    logits = fastrnn.states(model, text).h[:, -1] @ model.params.Why.T + model.params.by
    ids = [model.chars.index(char) for char in text]
    nats = np.log(np.exp(logits).sum(1))[:-1] - logits[range(len(ids) - 1), ids[1:]]
    np.testing.assert_allclose(nats / np.log(2), fastrnn.surprisals(model, text)[1:], 1e-9)


def test_files_bytes_and_single_characters(tmp_path):
    (tmp_path / 'text').write_text('añb', encoding='latin-1')
    model = some_model(chars=''.join(map(chr, range(256))), unit='byte', H=9)
    assert len(fastrnn.states(model, 'añb').h) == 4  # of UTF-8
    assert len(fastrnn.states(model, tmp_path / 'text').h) == 3
    found = fastrnn.states(some_model(chars='añb', H=9), tmp_path / 'text', encoding='latin-1')
    np.testing.assert_array_equal(found.h[:1], fastrnn.states(some_model(chars='añb', H=9), 'a').h)


def test_n_grams_change_no_state():
    """They add to the logits alone."""
    model = some_model(cell='lstm', H=9, ngrams=3, ngram_rows=64)
    plain = some_model(cell='lstm', H=9)
    plain.params.flat[:] = model.params.flat
    for one, other in zip(fastrnn.states(model, CHARS), fastrnn.states(plain, CHARS), strict=True):
        np.testing.assert_array_equal(one, other)


def test_unsuitable_texts(monkeypatch):
    model = some_model(cell='lstm', H=9)
    with pytest.raises(ValueError, match=r'^2 of 3 characters'):
        fastrnn.states(model, 'aÉé')
    with pytest.raises(ValueError, match='empty'):
        fastrnn.states(model, '')
    monkeypatch.setattr(reading, 'MAX_BYTES', 1e3)
    with pytest.raises(
        ValueError, match=r'^the text has 19 characters, whose states take 0\.0 GB; the limit is 0 GB: take'
    ):
        fastrnn.states(model, CHARS)


def test_weights_that_are_not_finite():
    model = some_model(H=9)
    model.params.Whh[0, 0, 0] = np.nan
    with pytest.raises(fastrnn.Diverged, match='weights are not finite'):
        fastrnn.states(model, CHARS)
