"""Old weights for a text of other characters."""

import numpy as np
import oracles
from helpers import MANY, gist_arrays
from models import model_of

import fastrnn
from fastrnn.data.corpus import Corpus, encode_with
from fastrnn.inference.prompt import Decoder, encode_prime
from fastrnn.model.checkpoint import Model, load_model, save_model
from fastrnn.training.transfer import adopt


def test_adopted_weights_are_the_old_ones():
    """What both texts have is predicted as before, if new characters are as unlikely as can be."""
    old = Corpus.of('abcxyz')
    params = fastrnn.model.params.Params.scaled(5, 6, np.random.RandomState(0))
    params.by[:] = np.arange(6) - 2.0
    adopted = adopt(fastrnn.model.checkpoint.Model(params, old.chars), Corpus.of('zebra'), seed=0)
    assert adopted.corpus.chars == 'aberzcxy' and (adopted.new, adopted.unseen) == ('er', 'cxy')
    assert np.array_equal(adopted.params.Whh, params.Whh)
    for number, char in enumerate(adopted.corpus.chars):
        if char in old.chars:
            row = old.chars.index(char)
            assert np.array_equal(adopted.params.WxhT[number], params.WxhT[row])
            assert np.array_equal(adopted.params.Why[number], params.Why[row])
            assert adopted.params.by[number] == params.by[row]
        else:
            assert 0 < abs(adopted.params.WxhT[number]).max() < 0.1
            assert not adopted.params.Why[number].any() and adopted.params.by[number] == -2.0


def test_old_weights_for_a_text_of_other_characters(tmp_path):
    """40,000 of each make 80,000: those that the text lacks come last, and stay what they were."""
    ours, theirs = MANY[:40_000], MANY[40_000:] + ''.join(map(chr, range(0x20000, 0x23000)))
    old = model_of(theirs)
    adopted = adopt(old, Corpus.of(ours), 0)
    joint = Model(adopted.params, adopted.corpus.chars)
    assert joint.params.V == len(ours) + len(theirs) > 65_536
    save_model(tmp_path / 'model', joint)
    model, corpus = load_model(tmp_path / 'model'), Corpus.without_text(joint.chars, 'character')
    text = theirs[-1] + theirs[0] + theirs[-1]
    ids = encode_with(text, corpus)
    assert np.array_equal(encode_with(text, adopted.corpus), ids)
    assert ids.tolist() == encode_prime(text, model).tolist() and Decoder(model)(ids) == corpus.text(ids) == text
    expected = oracles.nats(gist_arrays(model.params), ids)[0] / np.log(2)
    assert np.allclose(fastrnn.surprisals(model, text).bits[1:], expected, rtol=1e-9)
    assert np.isclose(fastrnn.evaluate(model, text).bits_per_character, expected.mean(), rtol=1e-9)
