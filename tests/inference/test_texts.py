"""What ``samples`` gives: an iterator that is as lazy as before, and shows its first texts."""

import numpy as np
import pytest
from models import some_model

import fastrnn
from fastrnn.inference import generate
from fastrnn.inference.texts import Texts


@pytest.fixture
def made(monkeypatch):
    """The groups that were drawn, by their number of texts."""
    found, whole = [], generate._whole
    monkeypatch.setattr(
        generate, '_whole', lambda model, of, *rest, **more: found.append(of.ix.size) or whole(model, of, *rest, **more)
    )
    monkeypatch.setattr(generate, 'GROUP', 3)
    return found


def lines(count, **more):
    return fastrnn.samples(some_model(), count, 30, until='\n', seed=0, **more)


def test_the_repr_is_the_texts():
    expected = list(lines(5))
    assert repr(lines(5)) == '\n'.join(['<5 texts of a model>', *expected])
    assert repr(lines(1)).startswith('<1 text of a model>\n')


def test_texts_of_several_lines_are_separated():
    texts = list(fastrnn.samples(some_model(), 3, 90, seed=0))
    shown = repr(fastrnn.samples(some_model(), 3, 90, seed=0))
    assert shown == '<3 texts of a model>\n' + '\n----\n'.join(texts)


def test_shown_texts_are_still_to_be_given(made):
    texts, expected = lines(5), list(lines(5))
    made.clear()
    assert next(texts) == expected[0] and made == [3]
    shown = repr(texts)
    assert made == [3, 2]
    assert list(texts) == expected[1:]
    assert repr(texts) == shown == '\n'.join(['<5 texts of a model>', *expected])
    assert next(texts, None) is None and list(texts) == []


def test_texts_are_drawn_when_they_are_asked_for(made):
    texts = lines(8)
    assert made == []
    for number, _ in enumerate(texts):
        assert len(made) == 1 + number // 3


def test_the_first_of_many_are_shown(made):
    texts = lines(100_000)
    assert repr(texts).endswith('\n... and 99,980 more') and repr(texts).count('\n') == 21
    assert sum(made) == 21
    assert len([next(texts) for _ in range(30)]) == 30


def test_a_long_text_is_shown_in_part():
    texts = fastrnn.samples(some_model(), 9, 5000, seed=0)
    shown = repr(texts)
    assert (
        shown.startswith('<9 texts of a model>\n') and len(shown) < 4100 and shown.endswith('...\n----\n... and 8 more')
    )
    assert len(next(texts)) == 5000


def test_what_a_terminal_would_obey_is_escaped():
    texts = Texts(iter(['a\x1b[2Jb\ud800']), '', 1)
    assert repr(texts) == '<1 text of a model>\na\\x1b[2Jb\ufffd'
    assert next(texts) == 'a\x1b[2Jb\ud800'


def test_an_error_is_raised_by_next_and_not_by_the_repr():
    model = some_model()
    model.params.by[:] = np.nan
    texts = fastrnn.samples(model, 3, 9)
    assert repr(texts) == '<3 texts of a model>\n... and 3 more'
    with pytest.raises(ValueError, match='probabilities contain NaN'):
        next(texts)


def test_pieces_say_how_they_make_a_text():
    assert repr(fastrnn.sample(some_model(), 5)) == (
        "<pieces of a text, generated on demand: ''.join(...) is the text>"
    )


def test_defaults():
    """The call of the documentation: a length that suits most texts."""
    model = some_model()
    assert [len(text) for text in fastrnn.samples(model, 2)] == [500, 500]
    assert len(''.join(fastrnn.sample(model))) == 500


def test_smaller_groups_give_other_texts_and_the_same_start():
    """Lines are drawn in groups of as many as are asked for, so that further draws leave the first ones as they are."""
    assert list(lines(12, at_once=4))[:4] == list(lines(4))
    for value in (0, '1', True):
        with pytest.raises(ValueError, match=f'^at_once is {value}; it must be a whole number, 1 or more'):
            lines(2, at_once=value)
