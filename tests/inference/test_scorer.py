"""Parts of a text scored at once give the results of one stream, for all numbers of threads and sizes of slices."""

import os
import signal
import tracemalloc
from contextlib import closing

import cell_oracles
import numpy as np
import pytest
from helpers import random_text
from models import MANY_KINDS, some_model

import fastrnn
from fastrnn.data.corpus import open_corpus
from fastrnn.data.stored import StoredIds
from fastrnn.engines import batched_streams
from fastrnn.inference import evaluate as evaluation
from fastrnn.inference import scorer
from fastrnn.model.architecture import Architecture
from fastrnn.model.init import scaled
from fastrnn.parallel.layouts import ALONE, Layout
from fastrnn.parallel.tuner import ThreadTuner

PART = evaluation.MIN_PART
KINDS = [*((*kind, 'float64') for kind in MANY_KINDS), ('rnn', 1, 'float32'), ('lstm', 2, 'float32')]


def params_of(cell='rnn', layers=1, dtype='float64', H=12, V=9):
    """A model whose state forgets its start, as trained models do; see test_chaos."""
    return scaled(Architecture(cell, layers, H, V), np.random.RandomState(0)).astype(dtype)


def some_ids(n, V=9, seed=1):
    return np.random.default_rng(seed).integers(0, V, n).astype(np.uint8)


@pytest.fixture
def one_stream(monkeypatch):
    """The surprisals of one stream through the whole text."""

    def call(params, ids):
        with monkeypatch.context() as patch:
            patch.setattr(evaluation, 'PARTS', 1)
            return evaluation.nats(params, ids)

    return call


@pytest.mark.parametrize(('cell', 'layers', 'dtype'), KINDS)
def test_one_stream_is_the_oracle(cell, layers, dtype):
    params, ids = params_of(cell, layers, dtype), some_ids(300)
    expected = cell_oracles.nats(cell, cell_oracles.from_params(params), ids)[0]
    np.testing.assert_allclose(evaluation.nats(params, ids), expected, atol=1e-12 if dtype == 'float64' else 1e-5)
    assert scorer.Scorer(params, 1, ThreadTuner([ALONE]))._streams.states.dtype == dtype


@pytest.mark.parametrize(('cell', 'layers', 'dtype'), KINDS)
def test_parts_are_one_stream(one_stream, cell, layers, dtype):
    """The same surprisals in the same places; bits per character agree to far less than 0.0005."""
    params, ids = params_of(cell, layers, dtype), some_ids(5 * PART + 77)
    expected = one_stream(params, ids)
    np.testing.assert_allclose(evaluation.nats(params, ids), expected, atol=1e-10 if dtype == 'float64' else 1e-5)
    assert evaluation.bits(params, ids) == pytest.approx(expected.mean() / np.log(2), abs=1e-6)


@pytest.mark.parametrize('predicted', [2 * PART - 1, 2 * PART, 2 * PART + 1, 64 * PART - 1, 64 * PART, 65 * PART + 1])
def test_around_the_limits_of_parts(one_stream, predicted):
    """One part and two, all 64, and longer texts; a wrong number of parts shows at their starts."""
    params, ids = params_of(H=5), some_ids(predicted + 1)
    found, read = np.full(predicted, np.nan), 0
    for at, values in evaluation.slices(params, ids):
        found[at], read = values, read + values.size
    assert read == predicted
    np.testing.assert_allclose(found, one_stream(params, ids), atol=1e-10)


def test_a_text_is_warmed_up(one_stream, monkeypatch):
    """Else a part's first characters would be predicted without context."""
    params, ids = params_of('lstm', 1), some_ids(2 * PART + 1)
    monkeypatch.setattr(evaluation, 'WARM_UP', 0)
    wrong = np.flatnonzero(abs(evaluation.nats(params, ids) - one_stream(params, ids)) > 1e-6)
    assert wrong.min() == PART and wrong.max() < PART + 512


def test_chaos(one_stream):
    """With states that never forget, surprisals differ; bits per character are still close."""
    params, ids = some_model(H=40, dtype='float32').params, some_ids(5 * PART, 19)
    params.Whh *= 2
    found, expected = evaluation.nats(params, ids), one_stream(params, ids)
    assert abs(found - expected).max() > 1
    assert found.mean() == pytest.approx(expected.mean(), rel=0.02)


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS[::2])
def test_neither_threads_nor_slices_matter(monkeypatch, processors, cell, layers):
    """Bit-identical for a chaotic model too, and with a number of threads chosen by trials."""
    processors(3)
    params, ids = some_model(H=20, cell=cell, layers=layers).params, some_ids(3 * PART + 5, 19)

    def scored(threads, **options):
        with closing(batched_streams.make_tuner(params, 64, threads)) as tuner:
            return np.concatenate([values for _, values in evaluation.slices(params, ids, tuner=tuner, **options)])

    for options in ({}, {'window': 100}):
        expected = scored(1, **options)
        for threads in (2, 3, 1024):
            assert np.array_equal(scored(threads, **options), expected)
        with monkeypatch.context() as patch:
            patch.setattr(batched_streams, 'layouts_for_streams', lambda *_: [ALONE, Layout(2)])
            assert np.array_equal(scored(None, **options), expected)
    nats = evaluation.nats(params, ids)
    for slice_ in ((1000, np.inf), (1 << 16, 3e6)):
        monkeypatch.setattr(scorer, 'SLICE', slice_)
        assert np.array_equal(evaluation.nats(params, ids), nats)


def test_ids_in_a_file(stored_cache, tmp_path):
    """Ids read from a file give the same results as ids in memory."""
    (tmp_path / 'text').write_text(random_text(3 * PART, 40), encoding='utf-8')
    ids = open_corpus(tmp_path / 'text').ids
    assert isinstance(ids, StoredIds)
    params = params_of('gru', 2, V=40)
    assert np.array_equal(evaluation.nats(params, ids), evaluation.nats(params, np.asarray(ids)))
    assert evaluation.bits(params, ids, 100) == evaluation.bits(params, np.asarray(ids), 100)


@pytest.mark.parametrize('place', [0, 1, 700, PART + 3, 2 * PART + 8])
@pytest.mark.parametrize('window', [None, 50])
def test_ids_that_the_model_does_not_have(place, window):
    """The error names the place in the text, before a kernel reads out of bounds."""
    ids = some_ids(2 * PART + 9)
    ids[place] = 9
    with pytest.raises(ValueError, match=rf'^ids\[{place}\] is 9, but characters are numbered from 0 to 8$'):
        evaluation.bits(params_of(), ids, window)


def test_an_interrupt_between_two_slices(monkeypatch):
    """It comes through at once and leaves nothing behind."""
    params, ids, run, calls = params_of(), some_ids(3 * PART), scorer.Scorer._run, []
    monkeypatch.setattr(scorer, 'SLICE', (3000, np.inf))
    expected = evaluation.nats(params, ids)

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return run(*args)

    monkeypatch.setattr(scorer.Scorer, '_run', interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluation.bits(params, ids)
    assert len(calls) == 3
    assert np.array_equal(evaluation.nats(params, ids), expected)


@pytest.mark.parametrize('window', [None, 8])
def test_memory_does_not_grow_with_the_text(monkeypatch, window):
    params, peaks = params_of(H=1), []
    monkeypatch.setattr(scorer, 'SLICE', (4096, np.inf))
    monkeypatch.setattr(batched_streams, 'layouts_for_streams', lambda *_: [ALONE])
    for n in (20_000, 20_000, 100_000):  # the first one also imports
        ids = some_ids(n)
        tracemalloc.start()
        evaluation.bits(params, ids, window)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + 50_000


def test_a_validation_is_the_evaluation(monkeypatch):
    """A run's validation is this figure, with the run's threads, chosen once."""
    asked, make_tuner = [], batched_streams.make_tuner
    monkeypatch.setattr(evaluation, 'make_tuner', lambda *args: asked.append(args[2:]) or make_tuner(*args))
    text, held_out = random_text(3000, 9, first=97), some_ids(2 * PART + 1)
    options = {'engine': 'batched', 'cell': 'lstm', 'layers': 2, 'dropout': 0.5, 'streams': 4, 'hidden_size': 8}
    for threads in (1, 2):
        run = fastrnn.train(
            text, validation=held_out, **options, seed=0, iterations=4, threads=threads, validate_every=2
        )
        asked.clear()
        records = list(run)
        assert asked == [(threads,)] and sum(record.validation is not None for record in records) == 2
        assert not run._validator._held_out._tuners[True]._threads._executors  # closed with the run
        assert records[-1].validation == evaluation.bits(run.model.params, held_out)
