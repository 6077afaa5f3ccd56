"""A model that continues what it is given, turn after turn, in one state."""

import signal

import pytest
from models import CHARS, MANY_KINDS, sampled, some_model

from fastrnn.engines.batched_streams import BatchedStreams
from fastrnn.engines.exact_stream import ExactStream
from fastrnn.inference.dialogue import Dialogue


def turn(dialogue, text):
    dialogue.read(text)
    return ''.join(dialogue.write())


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_turns_are_one_text(cell, layers):
    """The first turn is that of ``sample``; an empty one continues it."""
    model = some_model(cell=cell, layers=layers)
    dialogue = Dialogue(model, 30, seed=1, top_p=0.9)
    found = turn(dialogue, 'abba') + turn(dialogue, '') + turn(dialogue, '')
    dialogue.close()
    assert found == sampled(model, 90, prime='abba', seed=1, top_p=0.9)


def test_without_a_text_a_newline_is_continued():
    model = some_model()
    assert turn(Dialogue(model, 30, seed=1), '') == sampled(model, 30, seed=1)


def test_unknown_characters():
    """Refused ones leave the state; skipped ones are reported."""
    model = some_model()
    dialogue = Dialogue(model, 20, seed=1)
    for _ in range(2):
        with pytest.raises(ValueError, match='remove them from the line, or leave them out with --skip-unknown'):
            dialogue.read('aéb')
    assert turn(dialogue, 'ab') == sampled(model, 20, prime='ab', seed=1)
    dialogue = Dialogue(model, 20, seed=1, skip_unknown=True)
    assert dialogue.read('aéb').count == 1
    assert ''.join(dialogue.write()) == sampled(model, 20, prime='ab', seed=1)


@pytest.mark.parametrize(('cell', 'stream'), [('rnn', ExactStream), ('gru', BatchedStreams)])
def test_an_interrupt_while_a_text_is_read(monkeypatch, cell, stream):
    """It waits for the end of a piece: the state is that of what was read, and the next turn continues it."""
    model, read = some_model(cell=cell), stream.read
    calls = []

    def interrupted(self, ids):
        calls.append(ids)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        read(self, ids)

    monkeypatch.setattr(stream, 'read', interrupted)
    dialogue, text = Dialogue(model, 40, seed=1), CHARS[1:] * 20
    with pytest.raises(KeyboardInterrupt):
        dialogue.read(text)
    done = sum(ids.size for ids in calls) - 1  # each piece begins with the last character of the one before
    assert 16 < done < len(text)
    assert dialogue.rest() == ''
    assert turn(dialogue, 'abc') == sampled(model, 40, prime=text[:done] + 'abc', seed=1)


def test_an_interrupt_while_a_text_is_written():
    """What was drawn and not given comes with ``rest``, once; the next turn continues the text."""
    model = some_model()
    whole = sampled(model, 60, prime='ab', seed=1)
    dialogue = Dialogue(model, 30, seed=1, until='\n\n\n\n')
    dialogue.read('ab')
    pieces = dialogue.write()
    found = [next(pieces) for _ in range(5)]
    draw = dialogue._stream.draw

    def interrupted(*args):
        signal.raise_signal(signal.SIGINT)
        return draw(*args)

    dialogue._stream.draw = interrupted
    with pytest.raises(KeyboardInterrupt):
        next(pieces)
    dialogue._stream.draw = draw
    assert ''.join(found) + dialogue.rest() == whole[:6] and dialogue.rest() == ''
    assert turn(dialogue, '')[:9] == whole[6:15]


def test_bytes_that_are_left_open():
    """A turn ends between the bytes of a character: each turn shows its own as U+FFFD."""
    model = some_model(chars='\na\xc3\xa9', unit='byte')
    model.params.flat[:] = 0
    model.params.by[2] = 50.0  # 0xc3 each time
    dialogue = Dialogue(model, 1, seed=1)
    assert [turn(dialogue, ''), turn(dialogue, 'a')] == ['\ufffd', '\ufffd']


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ({'length': -1}, 'length is -1'),
        ({'temperature': -1}, 'temperature is -1'),
        ({'top_k': 0}, 'top_k is 0'),
        ({'seed': -1}, 'seed is -1'),
        ({'until': ''}, "until is ''"),
        ({'until': 'é'}, 'until has é'),
    ],
)
def test_refused(options, words):
    with pytest.raises(ValueError, match=f'^{words}'):
        Dialogue(some_model(), **{'length': 5, **options})
