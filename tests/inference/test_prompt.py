"""Primes: what they may be, and what is left out of them."""

import numpy as np
import pytest
from models import some_model

import fastrnn
from fastrnn.inference.prompt import Decoder, as_read, encode_known, encode_prompt


def test_a_text_a_file_and_nothing_else(tmp_path, monkeypatch):
    """A str is the text, even if a file has that name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'abc').write_text('cab')
    model = some_model()
    assert encode_prompt('abc', model).tolist() == [1, 2, 3]
    assert encode_prompt(tmp_path / 'abc', model).tolist() == [3, 1, 2]
    for value in (5, None, b'abc', ['abc']):
        with pytest.raises(ValueError, match=r'^prime is a \w+; pass the text as a str$'):
            fastrnn.sample(model, 5, prime=value)


@pytest.mark.parametrize('unit', ['character', 'byte'])
def test_unknown_characters(unit):
    """All of them may be: then there is no prime."""
    model = some_model(unit=unit)
    ids, lacking = encode_known('aéb', model)
    assert ids.tolist() == [1, 2] and ids.dtype == np.uint32
    assert (lacking.count, lacking.total) == {'character': (1, 3), 'byte': (2, 4)}[unit]
    assert encode_prompt('é', model, skip_unknown=True).tolist() == encode_prompt('', model).tolist() == [0]
    assert encode_known('', model)[0].size == encode_known('é', model)[0].size == 0
    with pytest.raises(ValueError, match=r'of 3 bytes|of 2 characters'):
        encode_prompt('aé', model)


def test_none_is_unknown_where_rare_characters_are_folded():
    model = some_model(chars='\nab\ufffd')
    ids, lacking = encode_known('aéb', model)
    assert ids.tolist() == [1, 3, 2] and lacking.count == 0


def test_a_prime_as_it_was_read():
    assert as_read('aéb', some_model()) == 'ab'
    assert as_read('aéb', some_model(chars='\nab\ufffd')) == 'a\ufffdb'
    assert as_read('aéb', some_model(unit='byte', chars='\nab\xc3')) == 'a\ufffdb'
    assert as_read('', some_model()) == ''


def test_the_last_piece_of_bytes_shows_what_is_left_open():
    """A character that no byte ends is U+FFFD, but only when no piece follows."""
    model = some_model(unit='byte', chars='\na\xc3\xa9')
    for pieces, expected in (
        ([[1, 2], [3]], ['a', 'é']),
        ([[1, 2], []], ['a', '\ufffd']),
        ([[1], [2]], ['a', '\ufffd']),
    ):
        decode = Decoder(model)
        first, last = (np.array(piece, np.uint32) for piece in pieces)
        assert [decode(first), decode(last, final=True)] == expected
