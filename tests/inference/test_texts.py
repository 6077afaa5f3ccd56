"""What ``samples`` gives: a sequence whose texts are drawn when they are asked for, and that shows its first ones."""

import signal
import tracemalloc

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
    assert texts[0] == expected[0] and made == [3]
    shown = repr(texts)
    assert made == [3, 2]
    assert list(texts) == expected
    assert repr(texts) == shown == '\n'.join(['<5 texts of a model>', *expected])
    assert made == [3, 2]


def test_a_sequence(made):
    """Loops, indexing and slices give the same texts; none is drawn twice."""
    texts, expected = lines(8), list(lines(8))
    made.clear()
    assert len(texts) == 8 and bool(texts) and made == []
    assert texts[3] == expected[3] and made == [3, 3]
    assert list(texts) == list(texts) == texts[:] == expected
    assert texts[-2:] == expected[-2:] and texts[-1] == expected[-1] and expected[4] in texts
    assert [*zip(texts, texts, strict=True)] == [*zip(expected, expected, strict=True)]
    assert made == [3, 3, 2]
    for index in (8, -9):
        with pytest.raises(IndexError, match=f'^text {index} of 8: the first is 0, the last 7$'):
            texts[index]


def test_one_loop_that_keeps_nothing():
    texts = lines(8)
    once = texts.once()
    assert list(once) == list(lines(8)) and next(once, None) is None
    for refused in (list, Texts.once):
        with pytest.raises(ValueError, match='call samples again'):
            refused(texts)
    drawn = lines(8)
    assert drawn[0] == lines(8)[0]
    with pytest.raises(ValueError, match='must come before any text is drawn'):
        drawn.once()


def test_memory_of_one_loop_does_not_grow():
    tracemalloc.start()
    sizes = [len(text) for text in Texts((str(k) * 10_000 for k in range(2000)), '', 2000, 40_000).once()]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(sizes) == 2000 and peak < 1_000_000


def test_an_interrupt_loses_no_text():
    """It comes just after a text was drawn, by a loop and by the repr: the loop continues with this text."""

    def drawn():
        for k in range(4):
            if k == 2:
                signal.raise_signal(signal.SIGINT)
            yield f'text {k}'

    for ask in (list, repr):
        texts = Texts(drawn(), '', 4, 9)
        loop = iter(texts)
        found = [next(loop), next(loop)]
        with pytest.raises(KeyboardInterrupt):
            ask(texts)
        assert [*found, *loop] == list(texts) == ['text 0', 'text 1', 'text 2', 'text 3']


def test_texts_are_drawn_when_they_are_asked_for(made):
    texts = lines(8)
    assert made == []
    for number, _ in enumerate(texts):
        assert len(made) == 1 + number // 3


def test_the_first_of_many_are_shown(made):
    texts = lines(100_000)
    assert repr(texts).endswith('\n... and 99,980 more') and repr(texts).count('\n') == 21
    assert sum(made) == 21
    assert len(texts[:30]) == 30 and sum(made) == 30


def test_a_long_text_is_shown_in_part():
    texts = fastrnn.samples(some_model(), 9, 5000, seed=0)
    assert len(texts[0]) == 5000
    shown = repr(texts)
    assert (
        shown.startswith('<9 texts of a model>\n') and len(shown) < 4100 and shown.endswith('...\n----\n... and 8 more')
    )


def test_long_texts_are_not_drawn_to_be_shown(made):
    texts = fastrnn.samples(some_model(), 5, 10_000_000)
    assert repr(texts) == '<5 texts of a model>\n... drawn when they are asked for'
    assert made == []


def test_what_a_terminal_would_obey_is_escaped():
    texts = Texts(iter(['a\x1b[2Jb\ud800']), '', 1, 9)
    assert repr(texts) == '<1 text of a model>\na\\x1b[2Jb\ufffd'
    assert texts[0] == 'a\x1b[2Jb\ud800'


def test_an_error_is_raised_by_a_loop_and_not_by_the_repr():
    model = some_model()
    model.params.by[:] = np.nan
    texts = fastrnn.samples(model, 3, 9)
    assert repr(texts) == '<3 texts of a model>\n... and 3 more'
    with pytest.raises(ValueError, match='probabilities contain NaN'):
        list(texts)


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
