"""Old weights for a text with other characters."""

import cell_oracles
import numpy as np
import oracles
import pytest
from helpers import MANY
from models import CHARS, MANY_KINDS, model_of, random_params, sampled, some_model

import fastrnn
from fastrnn.data.corpus import Corpus
from fastrnn.decision.transfer import transfer_weights
from fastrnn.inference.prompt import Decoder, encode_prompt
from fastrnn.model.architecture import Architecture
from fastrnn.model.checkpoint import load_model, save_model
from fastrnn.model.init import scaled
from fastrnn.model.model import Model
from fastrnn.settings.config import preset


def test_transferred_weights_are_the_old_ones():
    """Characters in both texts are predicted as before, apart from the minimal probability of new ones."""
    old = Corpus.of('abcxyz')
    params = scaled(Architecture('rnn', 1, 5, 6), np.random.RandomState(0))
    params.by[:] = np.arange(6) - 2.0
    transfer = transfer_weights(Model(params, old.chars), Corpus.of('zebra'), seed=0)
    assert transfer.corpus.chars == 'aberzcxy' and (transfer.new, transfer.unseen) == ('er', 'cxy')
    assert np.array_equal(transfer.params.Whh, params.Whh)
    single = transfer_weights(Model(params.astype(np.float32), old.chars), Corpus.of('zebra'), seed=0).params
    assert single == transfer.params.astype(np.float32)
    for number, char in enumerate(transfer.corpus.chars):
        if char in old.chars:
            row = old.chars.index(char)
            assert np.array_equal(transfer.params.WxhT[number], params.WxhT[row])
            assert np.array_equal(transfer.params.Why[number], params.Why[row])
            assert transfer.params.by[number] == params.by[row]
        else:
            assert 0 < abs(transfer.params.WxhT[number]).max() < 0.1
            assert not transfer.params.Why[number].any() and transfer.params.by[number] == -2.0


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS[1:])
def test_weights_of_any_cell(cell, layers):
    """Rows of common characters and all other weights stay; the model samples the old text as before."""
    old = some_model(cell=cell, layers=layers, H=7)
    transfer = transfer_weights(old, Corpus.of(CHARS[3:] + 'xyz'), seed=0)
    params, chars = transfer.params, transfer.corpus.chars
    assert params.architecture == Architecture(cell, layers, 7, len(CHARS) + 3)
    for name in ('Wih', 'Whh', 'bh', 'bhn'):
        assert np.array_equal(getattr(params, name), getattr(old.params, name))
    for number, char in enumerate(chars):
        if char in CHARS:
            assert np.array_equal(params.WxhT[number], old.params.WxhT[CHARS.index(char)])
            assert np.array_equal(params.Why[number], old.params.Why[CHARS.index(char)])
    assert sampled(Model(params, chars), 50, prime='ponder', top_k=1) == sampled(old, 50, prime='ponder', top_k=1)


@pytest.mark.parametrize('text', ['cbaabcddbca', 'ab', 'acdca', 'xxaxbdcabxc'])
def test_rows_of_n_grams_move_with_their_contexts(text):
    """If its characters are known, the text is predicted as before: its contexts find their rows under new ids."""
    params = random_params(Architecture('gru', 1, 5, 4, 4, 100_003), 'float64', 0)
    params.rows[:] = np.random.default_rng(1).standard_normal(params.rows.shape)
    transfer = transfer_weights(Model(params, 'abcd'), Corpus.of(text), seed=0)
    moved = Model(transfer.params, transfer.corpus.chars)
    assert np.any(transfer.params.rows)
    if 'x' not in text:
        for seen in (text, text[:2]):
            before, after = (
                fastrnn.evaluate(model, seen).bits_per_character for model in (Model(params, 'abcd'), moved)
            )
            assert after == pytest.approx(before, rel=1e-12)
    else:
        new, old = (model.chars.index('b') for model in (moved, Model(params, 'abcd')))
        at = oracles.contexts(np.array([moved.chars.index(char) for char in 'ab']), 1, 1, 100_003)[0]
        was = oracles.contexts(np.array([0, 1]), 1, 1, 100_003)[0]
        assert transfer.params.rows[at, new] == params.rows[was, old]
        assert transfer.params.rows[at, moved.chars.index('x')] == 0


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
@pytest.mark.parametrize('by_name', [True, False])
def test_a_preset_keeps_the_cell_and_sizes_of_weights(cell, layers, by_name):
    """The preset can't choose them, whether it is given by name or as a Config."""
    old, wanted = some_model(cell=cell, layers=layers, H=7), {'iterations': 2, 'seed': 0}
    how = {'preset': 'fast', **wanted} if by_name else {'config': preset('fast', **wanted)}
    with fastrnn.train(CHARS * 9, weights=old, **how) as run:
        list(run)
        assert (run.job.cell, run.job.layers, run.job.hidden_size) == (cell, layers, 7)
        assert run.model.params.architecture == old.params.architecture
    for name, value in (('cell', 'lstm' if cell == 'rnn' else 'rnn'), ('layers', 8), ('hidden_size', 6)):
        with pytest.raises(ValueError, match=f'^{name} is {value}, but the model has {name} .*, which is fixed'):
            fastrnn.train(CHARS * 9, preset('fast', **wanted, **{name: value}), weights=old)


def test_the_reported_seed_gives_the_same_rows():
    """Also a randomly drawn seed: new characters get the same rows."""
    old, text, options = some_model(H=7), CHARS + 'xyz' * 20, {'iterations': 1, 'hidden_size': 7}
    with fastrnn.train(text, weights=old, **options) as run:
        first = run.model.params
    with fastrnn.train(text, weights=old, seed=run.job.seed, **options) as again:
        assert again.model.params == first
    assert run.job.reasons['seed'] == 'drawn at random'
    assert run.job.reasons['cell'] == 'from the model that it starts from'


def test_large_vocabularies_are_joined(tmp_path):
    """40,000 characters in each, 80,000 together: those that are not in the text come last and keep their rows."""
    ours, theirs = MANY[:40_000], MANY[40_000:] + ''.join(map(chr, range(0x20000, 0x23000)))
    old = model_of(theirs)
    transfer = transfer_weights(old, Corpus.of(ours), 0)
    joint = Model(transfer.params, transfer.corpus.chars)
    assert joint.params.V == len(ours) + len(theirs) > 65_536
    save_model(tmp_path / 'model', joint)
    model = load_model(tmp_path / 'model')
    text = theirs[-1] + theirs[0] + theirs[-1]
    ids = model.vocabulary.encode(text)
    assert np.array_equal(transfer.corpus.vocabulary.encode(text), ids)
    assert ids.tolist() == encode_prompt(text, model).tolist() and Decoder(model)(ids) == text
    assert transfer.corpus.text(ids) == text
    expected = cell_oracles.nats('rnn', cell_oracles.from_params(model.params), ids)[0] / np.log(2)
    assert np.allclose(fastrnn.surprisals(model, text).bits[1:], expected, rtol=1e-9)
    assert np.isclose(fastrnn.evaluate(model, text).bits_per_character, expected.mean(), rtol=1e-9)
