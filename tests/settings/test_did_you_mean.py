"""Suggestions for unknown names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastrnn
from fastrnn.settings.did_you_mean import MOST, advice, meant
from fastrnn.settings.options import TABLE

FIELDS = {name: row.synonyms for name, row in TABLE.items()}


@pytest.mark.parametrize(
    ('name', 'nearest'),
    [
        *[
            ('hiden_size', ['hidden_size']),
            ('lr', ['learning_rate']),
            ('batchSize', ['streams']),
            ('zzz', []),
            ('', []),
        ],
        *[('hid', ['hidden_size', 'hidden_decay']), ('rnn-size', ['hidden_size']), ('max_iters', ['iterations'])],
        *[
            ('grad_clip', ['clip', 'clip_norm']),
            ('sead', ['seed']),
            ('bach_size', ['streams']),
            ('n_layer', ['layers']),
        ],
    ],
)
def test_the_nearest_comes_first(name, nearest):
    assert meant(name, FIELDS) == nearest


@given(st.sampled_from(list(FIELDS)), st.data())
def test_a_typo_is_found(name, data):
    """One character missing, doubled or exchanged with the next one."""
    at = data.draw(st.integers(0, len(name) - 2))
    slips = (
        name[:at] + name[at + 1 :],
        name[:at] + name[at] + name[at:],
        name[:at] + name[at + 1] + name[at] + name[at + 2 :],
    )
    for slip in slips:
        found = meant(slip, FIELDS)
        assert len(found) <= MOST and (name in found or slip in FIELDS or len(name) <= 5)


def test_no_other_name_hides_an_option():
    """The name of one of our options always means that option."""
    for name in FIELDS:
        assert meant(name.replace('_', '-').upper(), FIELDS)[0] == name or any(
            name.replace('_', '-') in words.split() for words in FIELDS.values()
        )


def test_words():
    assert advice('lr', FIELDS, '') == 'did you mean learning_rate?'
    assert advice('grad_clip', FIELDS, '') == 'did you mean clip or clip_norm?'
    assert (
        advice('device', FIELDS, '') == 'fastrnn runs on the CPU'
        and advice('zzz', FIELDS, 'there is none') == 'there is none'
    )
    with pytest.raises(TypeError, match=r'^there is no option lr: did you mean learning_rate\?$'):
        fastrnn.train('abc' * 20, lr=0.1)
