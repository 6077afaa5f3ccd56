"""Characters as scripts number them."""

import re

import numpy as np
import pytest

from fastrnn.data.characters import in_order

CHARS = 'b\na'
WAYS = {
    'a string': CHARS,
    'a list': [*CHARS],
    'a tuple': tuple(CHARS),
    "NumPy's": np.array([*CHARS]),
    'a generator': iter(CHARS),
    'char_to_ix': {'a': 2, 'b': 0, '\n': 1},
    'ix_to_char': {2: 'a', 0: 'b', 1: '\n'},
    "NumPy's numbers": {char: np.int64(k) for k, char in enumerate(CHARS)},
}


@pytest.mark.parametrize('way', WAYS)
def test_ways_to_number_characters(way):
    chars = in_order(WAYS[way])
    assert chars == CHARS and type(chars) is str


REFUSED = {
    'a set': ({*CHARS}, 'chars is a set, which has no order; pass the list that numbered the characters in training'),
    'nothing': (None, 'chars is missing; pass a str, a list of characters, or a dict such as char_to_ix'),
    'a number': (3, 'chars is of type int; pass a str, a list of characters, or a dict such as char_to_ix'),
    'bytes': (b'ab', "chars is of type bytes; pass chars.decode('latin-1'), and unit='byte'"),
    'empty': ('', 'chars is empty; pass the characters in the order of their numbers'),
    'an empty dict': ({}, 'chars is empty; pass the characters in the order of their numbers'),
    'twice': ('abcb', "chars has 'b' twice, at 1 and 3; each character has one number"),
    'a word': (['a', '<S>'], "chars[1] is '<S>'; each entry must be a single character"),
    'numbers': ([97, 98], 'chars[0] is 97; each entry must be a single character'),
    'a gap': ({'a': 0, 'b': 2}, 'chars numbers 2 characters, but none is 1; number them from 0, without gaps'),
    'from 1': ({'a': 1, 'b': 2}, 'chars numbers 2 characters, but none is 0; number them from 0, without gaps'),
    'one number': ({'a': 0, 'b': 0}, "chars gives one number, 0, to 'a' and 'b'; number each once"),
    'words for numbers': ({'a': 'b'}, "chars numbers 'b' with 'a'; pass whole numbers from 0"),
    'a half': ({'a': 0.5}, "chars numbers 'a' with 0.5; pass whole numbers from 0"),
}


@pytest.mark.parametrize('case', REFUSED)
def test_what_is_refused(case):
    chars, message = REFUSED[case]
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        in_order(chars)


def test_a_strangers_text_stays_in_the_line():
    with pytest.raises(ValueError, match=r'chars\[0\] is ') as caught:
        in_order(['\x1b[31m\n' * 50])
    assert str(caught.value).isprintable() and len(str(caught.value)) < 120
