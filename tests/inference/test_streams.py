"""Streams of text: the reference's bits, many against one, and whatever the pieces."""

import numpy as np
import pytest
from helpers import gist_arrays, same_bits, state_after
from models import CHARS, MANY_KINDS, V, sampled, some_model

import fastrnn
from fastrnn.inference import streams
from fastrnn.kernels.sampling import Choice


def test_the_state_has_the_references_bits():
    """A thousand steps after the prime: no rounding differs, nor in the last probabilities."""
    model, prime = some_model(), 'agreeable' * 30
    ids = np.array([CHARS.index(char) for char in prime], np.uint16)
    stream = streams.make_stream(model, ids)
    list(stream.absorb())
    arrays = gist_arrays(model.params)
    assert same_bits(stream.h, state_after(ids[:-1].tolist(), arrays)[:, 0])
    drawn = stream.draw(Choice(1.0, V, 1.0), np.random.RandomState(3), 1000)
    h = state_after([*ids.tolist(), *drawn[:-1].tolist()], arrays)
    assert same_bits(stream.h, h[:, 0])
    y = np.dot(arrays[2], h) + arrays[4]
    assert same_bits(stream._work.ys[0], (np.exp(y) / np.sum(np.exp(y)))[:, 0])


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS[::2])
@pytest.mark.parametrize('size', [1, 7, 1000])
def test_pieces_do_not_matter(monkeypatch, cell, layers, size):
    """One stream and many: uniform numbers are taken in one order, states are carried on."""
    model, options = (
        some_model(cell=cell, layers=layers),
        {'prime': 'abc' * 50, 'seed': 1, 'temperature': 0.9, 'top_p': 0.9},
    )
    expected = sampled(model, 150, **options), list(fastrnn.samples(model, 5, 150, **options))
    monkeypatch.setattr(streams.Pace, '__call__', lambda self, work, left: work(min(size, left)))
    assert (sampled(model, 150, **options), list(fastrnn.samples(model, 5, 150, **options))) == expected


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_many_streams_are_one_at_a_time(cell, layers):
    """Each stream of a group draws what one stream draws with its uniform numbers."""
    model, B, length = some_model(cell=cell, layers=layers), 23, 60
    uniforms = np.random.RandomState(4).random_sample((length, B))

    class Column:
        def random_sample(self, size):
            return next(columns)[: np.prod(size)].reshape(size)

    columns = iter(np.ascontiguousarray(uniforms.T))
    prime = np.array([3, 4, 3, 7], np.uint32)
    expected = []
    for _ in range(B):
        stream = streams.make_stream(model, prime)
        list(stream.absorb())
        expected.append(''.join(CHARS[ix] for ix in stream.draw(Choice(1.0, V, 1.0), Column(), length)))
    assert list(fastrnn.samples(model, B, length, prime='cdcg', seed=4)) == expected
