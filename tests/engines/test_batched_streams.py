"""Streams of a model: reading and sampling, kernels and threads."""

from contextlib import closing

import numpy as np
import pytest
from models import MANY_KINDS, V, some_model

import fastrnn
from fastrnn.engines import batched_streams
from fastrnn.engines.batched_streams import BatchedStreams
from fastrnn.model.overflow import OF_TRAINING
from fastrnn.parallel.layouts import Layout
from fastrnn.parallel.tuner import ThreadTuner

IDS = np.random.default_rng(0).integers(0, V, 40).astype(np.uint8)


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_reading_in_pieces(cell, layers):
    """One stream, and three that read the same in pieces, reach bit-identical states."""
    params = some_model(cell=cell, layers=layers, dtype='float32').params
    one, three = BatchedStreams(params), BatchedStreams(params, 3)
    one.read(IDS)
    three.read(IDS[:1])
    for start, stop in ((0, 1), (1, 30), (30, 40)):
        three.read(IDS[max(0, start - 1) : stop])
    assert three.ix.tolist() == [IDS[-1]] * 3 and np.any(one.states)
    assert np.array_equal(three.states, np.repeat(one.states, 3, axis=2))


def test_probabilities_that_are_nan():
    """The error names the cause that the caller passes; the default cause is the model."""
    params = some_model().params
    params.by[0] = np.nan
    for options, words in (({}, 'the model.s weights'), ({'cause': OF_TRAINING}, 'the training has diverged')):
        with pytest.raises(fastrnn.Diverged, match=f'^probabilities contain NaN: {words}'):
            BatchedStreams(params, 2).draw(np.random.RandomState(0), 3, **options)


def test_kernels_are_loaded_before_threads_start(monkeypatch):
    """Waits for the compiling process; then one thread calls the kernel without characters."""
    calls, draw = [], batched_streams.generate.draw

    def recorded(team, *others):
        calls.append((team.size, len(others[-1])))
        draw(team, *others)

    monkeypatch.setattr(batched_streams.compile_ahead, 'wait', lambda: calls.append('waited'))
    monkeypatch.setattr(batched_streams.generate, 'draw', recorded)
    tuner = ThreadTuner([Layout(2)])
    BatchedStreams(some_model().params, 4, tuner).draw(np.random.RandomState(0), 5)
    tuner.close()
    assert calls == ['waited', (1, 0), (2, 5), (2, 5)]


def test_a_thread_without_a_stream_computes_nothing():
    """With one stream, a team of two has an idle thread; products by strips could make it compute the same row."""
    params = some_model(cell='gru').params
    alone = BatchedStreams(params).draw(np.random.RandomState(0), 50)
    with closing(ThreadTuner([Layout(2)])) as tuner:
        for _ in range(60):
            assert np.array_equal(BatchedStreams(params, 1, tuner).draw(np.random.RandomState(0), 50), alone)
