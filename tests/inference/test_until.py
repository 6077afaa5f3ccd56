"""A text that stops before a string: whatever its pieces, nothing is given that would have to be taken back."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import some_model

import fastrnn
from fastrnn.inference.until import Until, check_until


def cut(text, edges):
    places = [0, *sorted(edge % (len(text) + 1) for edge in edges), len(text)]
    return [text[a:b] for a, b in pairwise(places)]


@given(
    text=st.text('ab\n', max_size=40),
    string=st.text('ab\n', min_size=1, max_size=5),
    edges=st.lists(st.integers(0, 40), max_size=9),
)
def test_pieces_do_not_matter(text, string, edges):
    """After each piece, what is given is a start of the text before the string; the rest may begin the string."""
    until, given_, whole = Until(string), '', ''
    expected, found, _ = text.partition(string)
    for piece in cut(text, edges):
        given_, whole = given_ + until(piece), whole + piece
        assert expected.startswith(given_)
        if not until.over:
            assert len(whole) - len(given_) < len(string) and string.startswith(whole[len(given_) :])
    assert given_ + until('', final=True) == expected
    assert until.over == bool(found)


def test_without_a_string_all_is_given():
    until = Until(None)
    assert [until('ab'), until('\n'), until('', final=True), until.over] == ['ab', '\n', '', False]


def test_after_the_string_nothing_is_given():
    until = Until('b')
    assert [until('ab'), until('ab'), until('c', final=True)] == ['a', '', '']


@pytest.mark.parametrize('value', ['', 5, b'a', ['a']])
def test_no_string(value):
    for call in (fastrnn.sample, lambda model, length, **more: fastrnn.samples(model, 2, length, **more)):
        with pytest.raises(ValueError, match=r'^until is .*; it must be a text of one character or more$'):
            call(some_model(), 5, until=value)


def test_a_string_that_the_model_can_not_write():
    model = some_model(chars='\nab\xc3\xa9', unit='byte')
    for string in ('ab\n', 'é', 'a\ufffd'):  # bytes that are not UTF-8 are shown as U+FFFD
        check_until(string, model)
    with pytest.raises(ValueError, match=r'^until has ï \(U\+00EF\), which the model cannot write: use only'):
        check_until('aï', model)
    check_until('é', some_model(chars='\nabé'))
    with pytest.raises(ValueError, match=r'^until has \\t \(U\+0009\), which'):
        check_until('a\t', some_model())


def test_random_strings_of_a_text(monkeypatch):
    """One stream and many give what they give without a string, up to it; whatever the pieces."""
    monkeypatch.setattr('fastrnn.inference.generate.GROUP', 3)  # later groups do not depend on earlier stops
    model, rng = some_model(cell='gru'), random.Random(0)
    whole, many = ''.join(fastrnn.sample(model, 300, seed=0)), list(fastrnn.samples(model, 7, 90, seed=0))
    for first in (1, 2, 16):
        monkeypatch.setattr('fastrnn.inference.texts.FIRST_PIECE', first)
        monkeypatch.setattr('fastrnn.inference.texts.PIECE', 0 if first < 16 else 0.02)
        for _ in range(8):
            at = rng.randrange(80)
            string = rng.choice([whole, many[rng.randrange(7)]])[at : at + rng.randint(1, 4)]
            pieces = list(fastrnn.sample(model, 300, seed=0, until=string))
            assert ''.join(pieces) == whole.partition(string)[0] and all(pieces)
            texts = fastrnn.samples(model, 7, 90, seed=0, until=string)
            assert list(texts) == [text.partition(string)[0] for text in many]


def test_bytes_are_compared_as_text():
    model = some_model(chars=''.join(map(chr, [10, 97, 0xC3, 0xA9, 0xFF])), unit='byte')
    whole = ''.join(fastrnn.sample(model, 400, seed=1))
    for string in ('é', 'é\n', '\ufffda', '\n'):
        assert string in whole
        assert ''.join(fastrnn.sample(model, 400, seed=1, until=string)) == whole.partition(string)[0]
        texts = list(fastrnn.samples(model, 5, 200, seed=1))
        assert list(fastrnn.samples(model, 5, 200, seed=1, until=string)) == [t.partition(string)[0] for t in texts]


def test_drawing_ends_when_all_have_stopped(monkeypatch):
    """Names of a few characters do not cost 100,000 steps."""
    from fastrnn.engines.batched_streams import BatchedStreams

    steps, draw = [], BatchedStreams.draw
    monkeypatch.setattr(
        BatchedStreams, 'draw', lambda self, rng, n, *more: steps.append(n) or draw(self, rng, n, *more)
    )
    model = some_model(cell='lstm')
    texts = list(fastrnn.samples(model, 5, 100_000, until='\n', seed=0))
    assert max(map(len, texts)) <= sum(steps) < 5000 and '\n' not in ''.join(texts)
    ''.join(fastrnn.sample(model, 10**9, until='\n', seed=0))
