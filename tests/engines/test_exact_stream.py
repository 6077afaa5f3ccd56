"""A stream of the gist's model is bit-identical to the reference."""

import numpy as np
import pytest
from helpers import gist_arrays, same_bits, same_state, state_after
from models import CHARS, some_model

import fastrnn
from fastrnn.engines.exact_stream import ExactStream, on_lines


def test_the_state_is_bit_identical_to_the_references():
    """A thousand steps after the prompt, including the last probabilities."""
    model, prompt = some_model(), 'agreeable' * 30
    ids = np.array([CHARS.index(char) for char in prompt], np.uint16)
    stream = ExactStream.of(model.params)
    stream.read(ids[:100])
    stream.read(ids[99:])
    arrays = gist_arrays(model.params)
    assert same_bits(stream.states, state_after(ids[:-1].tolist(), arrays)[:, 0])
    drawn = stream.draw(np.random.RandomState(3), 1000)
    h = state_after([*ids.tolist(), *drawn[:-1].tolist()], arrays)
    assert same_bits(stream.states, h[:, 0])
    y = np.dot(arrays[2], h) + arrays[4]
    assert same_bits(stream._work.ys[0], (np.exp(y) / np.sum(np.exp(y)))[:, 0])


def test_characters_one_by_one():
    whole, one = ExactStream.of(some_model().params), ExactStream.of(some_model().params)
    rng = np.random.RandomState(3)
    found = [int(one.draw(rng, 1)[0]) for _ in range(50)]
    assert found == whole.draw(np.random.RandomState(3), 50).tolist() and len(set(found)) > 5


def test_an_error_takes_as_many_numbers_as_characters_were_drawn():
    """The softmax overflows soon after the start; the gist takes no number for a NaN."""
    params = some_model().params
    params.Why[3, 0] = 1e306  # times a state that is sometimes positive
    after = []
    for length in (1, 1000):
        stream, rng = ExactStream.of(params), np.random.RandomState(5)
        with pytest.raises(fastrnn.Diverged, match='NaN'):
            for _ in range(1000):
                stream.draw(rng, length)
        after.append(rng.get_state())
    assert same_state(*after) and not same_state(after[0], np.random.RandomState(5).get_state())


@pytest.mark.parametrize(('H', 'V'), [(7, 3), (16, 8), (100, 7)])
def test_a_copy_on_cache_lines(H, V):
    params = some_model(H, CHARS[:V]).params
    copy = on_lines(params)
    assert copy == params and copy.Whh.ctypes.data % 64 == 0
