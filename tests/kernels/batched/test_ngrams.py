"""Rows of n-grams: the rows of contexts, and their use in reading, scoring, sampling and training."""

from dataclasses import replace

import cell_oracles
import numpy as np
import oracles
import pytest
from crafted import craft, refused

import fastrnn
from fastrnn.engines.batched import BatchedEngine
from fastrnn.engines.batched_streams import BatchedStreams
from fastrnn.inference import adapt, evaluate
from fastrnn.kernels.batched import ngrams
from fastrnn.kernels.team import alone
from fastrnn.model.architecture import Architecture
from fastrnn.model.checkpoint import load_model, save_model
from fastrnn.model.model import Model
from fastrnn.model.params import Params
from fastrnn.model.safetensors_file import read
from fastrnn.settings.options import Settings

V = 9
IDS = np.random.default_rng(0).integers(0, V, 90).astype(np.uint32)
IDS.flags.writeable = False


def random_params(cell='lstm', ngrams=4, rows=20):
    params, rng = Params(Architecture(cell, 2, 7, V, ngrams, rows)), np.random.default_rng(1)
    params.flat[:], params.rows[:] = rng.standard_normal(params.flat.size), rng.standard_normal(params.rows.shape)
    return params


def logits(params, ids):
    """After each character, computed by the oracle."""
    cell, model, found = params.architecture.cell, cell_oracles.from_params(params), []
    states = cell_oracles.zeros(cell, model)
    for at, ix in enumerate(ids):
        states, y = cell_oracles.step(cell, model, states, ix)
        rows = oracles.contexts(ids, at, params.architecture.ngrams - 1, params.architecture.ngram_rows)
        found.append(y + params.rows[rows].sum(0))
    return found


@pytest.mark.parametrize('rows', [1, 20, 65536, 10**6])
def test_contexts_point_to_rows_of_their_order(rows):
    out = np.zeros(4, np.int64)
    for at in range(4, IDS.size):
        ngrams.point(IDS, at, rows, out)
        assert out.tolist() == oracles.contexts(IDS, at, 4, rows)
        assert (out // rows).tolist() == [0, 1, 2, 3]


def test_contexts_spread_over_the_rows():
    """Pairs of 90 characters, nearly as evenly as at random."""
    out, count = np.zeros(1, np.int64), np.zeros(1024)
    for a in range(90):
        for b in range(90):
            ngrams.point(np.array([a, b], np.uint32), 1, 1024, out)
            count[out] += 1
    assert count.max() < 30 and (count == 0).sum() < 10


def test_threads_update_their_own_rows_in_the_order_of_the_text():
    rng = np.random.default_rng(2)
    contexts, dy = rng.integers(0, 30, (5, 3, 2)), rng.standard_normal((5, 3, 16)).astype('f4')
    whole, parts = np.ones((2, 30, V), 'f4')
    counts, often = np.zeros(30, np.int32), np.bincount(contexts.ravel(), minlength=30)
    for rank in range(3):
        ngrams.update_rows(alone()._replace(rank=rank, size=3), parts, contexts, counts, dy, 0.1)
    ngrams.update_rows(alone(), whole, contexts, counts, dy, 0.1)
    assert not counts.any()
    assert whole.tobytes() == parts.tobytes()
    expected = np.ones((30, V), 'f4')
    for t, b, k in np.ndindex(contexts.shape):
        row = contexts[t, b, k]
        expected[row] -= np.float32(0.1 / (1 + often[row] / 4)) * dy[t, b, :V]
    assert np.array_equal(whole, expected)


@pytest.mark.parametrize('cell', ['rnn', 'gru', 'lstm'])
def test_scoring_in_pieces(cell):
    params = random_params(cell)
    streams, expected = BatchedStreams(params, 2), logits(params, IDS[:30])
    both = np.repeat(IDS[:31, None], 2, axis=1)
    found = np.concatenate([streams.score(both[i:j], both[i + 1 : j + 1]) for i, j in ((0, 1), (1, 12), (12, 30))])
    nats = [-np.log(cell_oracles.softmax(y)[target]) for y, target in zip(expected, IDS[1:31], strict=True)]
    np.testing.assert_allclose(found, np.repeat(np.array(nats)[:, None], 2, axis=1), rtol=1e-9)
    streams.begin(np.array([False, True]))
    found = streams.score(both[:9], both[1:10])
    np.testing.assert_allclose(found[:, 1], nats[:9], rtol=1e-9)
    assert abs(found[:, 0] - nats[:9]).max() > 0.01


def test_drawing():
    params, rng = random_params(), np.random.RandomState(3)
    stream = BatchedStreams(params)
    stream.read(IDS[:10])
    drawn, text = stream.draw(np.random.RandomState(3), 20)[:, 0], IDS[:10].tolist()
    for char, u in zip(drawn, rng.random_sample(20), strict=True):
        assert char == oracles.choose(cell_oracles.softmax(logits(params, text)[-1]), u)
        text.append(char)


SETTINGS = Settings(
    engine='batched', cell='gru', hidden_size=7, seq_length=5, streams=3, ngrams=4, ngram_rows=40, seed=1, init='scaled'
)


def test_a_sample_during_training_continues_the_text():
    """Its contexts include the characters before it."""
    engine = BatchedEngine(replace(SETTINGS, streams=1), IDS, V)
    engine.run(6)
    drawn, state, stream = engine.sample(9), engine.state(), BatchedStreams(engine.params)
    stream.states[:, :, 0] = engine._carried[0, :, :, 0]
    stream.recent[0] = IDS[26:30]
    stream.ix[:] = IDS[30]
    rng = np.random.RandomState()
    rng.set_state(state.rng)
    assert drawn.tolist() == stream.draw(rng, 9)[:, 0].tolist()


@pytest.mark.parametrize('shuffle', [0, 10])
def test_a_restored_state_continues_without_any_difference(shuffle):
    settings = replace(SETTINGS, shuffle=shuffle, optimizer='adam')
    engine, other = BatchedEngine(settings, IDS, V), BatchedEngine(settings, IDS, V)
    engine.run(11)
    state = engine.state()
    expected, after = engine.run(12), engine.state()
    other.restore(state)
    assert other.run(12).tolist() == expected.tolist()
    assert other.state().params == after.params and np.any(after.params.rows)
    assert not np.array_equal(state.params.rows, after.params.rows)


def test_the_schedule_applies_to_the_rows():
    moved = []
    for rate in (1e-3, 1e-4):
        engine = BatchedEngine(replace(SETTINGS, learning_rate=1e-3), IDS, V)
        engine.run(1, np.array([rate]))
        moved.append(engine.params.rows)
    np.testing.assert_allclose(moved[0], 10 * moved[1], rtol=1e-9)


def test_they_need_a_single_shard():
    with pytest.raises(ValueError, match='n-grams need a single shard, but shards is 3'):
        BatchedEngine(replace(SETTINGS, shards=3), IDS, V)


def test_parts_of_a_text_are_scored_with_their_own_contexts():
    """Also in windows, each without characters before it."""
    params, ids = random_params(), np.random.default_rng(4).integers(0, V, 9000).astype(np.uint8)
    found, one = evaluate.nats(params, ids), BatchedStreams(params)
    alone_ = one.score(ids[:-1, None].astype(np.uint32), ids[1:, None].astype(np.uint32))[:, 0]
    np.testing.assert_allclose(
        found[:600], alone_[:600], rtol=1e-9
    )  # the first of two parts begins where the text does
    windows = np.concatenate([values for _, values in evaluate.slices(params, ids[:31], window=10)])
    expected = [evaluate.nats(params, ids[k : k + 11]) for k in (0, 10, 20)]
    np.testing.assert_allclose(np.sort(windows), np.sort(np.concatenate(expected)), rtol=1e-9)


def test_adapting_starts_with_the_model_and_scores_before_reading():
    params, other = random_params(), IDS.copy()
    other[70:] = (other[70:] + 1) % V
    found, changed = (adapt.adapted_nats(params, ids) for ids in (IDS, other))
    np.testing.assert_allclose(found[: adapt.T], evaluate.nats(params, IDS)[: adapt.T], rtol=1e-9)
    assert np.array_equal(found[:69], changed[:69]) and found[69] != changed[69]
    assert abs(found[adapt.T :] - evaluate.nats(params, IDS)[adapt.T :]).max() > 1e-3


def test_several_texts_continue_one_prompt():
    chars = 'abcdefghi'
    model = Model(random_params(), chars)
    texts = [fastrnn.samples(model, count, 12, prime='abcabcdd', seed=5, temperature=1e-9) for count in (1, 3)]
    first, *others = [text for several in texts for text in several]
    assert others == [first] * 3 and first == ''.join(fastrnn.sample(model, 12, prime='abcabcdd', temperature=1e-9))


@pytest.mark.parametrize('cell', ['rnn', 'lstm'])
def test_valid_and_invalid_files(tmp_path, cell):
    model = Model(random_params(cell), 'abcdefghi')
    save_model(tmp_path / 'model', model)
    assert load_model(tmp_path / 'model').params == model.params
    tensors, metadata = read(tmp_path / 'model')
    assert metadata['format'] == '3'
    rows = tensors['ngrams.weight']
    for change in ({'ngrams.weight': rows[:-1]}, {'ngrams.weight': rows[0]}, {'ngrams.weight': rows[:, :-1].copy()}):
        refused(craft(tmp_path / 'model', tmp_path / 'x', change), load_model)
    for order in ('1', '9', '', 'x', '\u0662'):
        refused(craft(tmp_path / 'model', tmp_path / 'x', metadata={'ngrams': order}), load_model)
    refused(craft(tmp_path / 'model', tmp_path / 'x', {'ngrams.weight': rows.astype('f4')}), load_model)
