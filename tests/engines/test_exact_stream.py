"""A stream of the gist's model has the reference's bits."""

import numpy as np
from helpers import gist_arrays, same_bits, state_after
from models import CHARS, some_model

from fastrnn.engines.exact_stream import ExactStream


def test_the_state_has_the_references_bits():
    """A thousand steps after the prompt: no rounding differs, nor in the last probabilities."""
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
