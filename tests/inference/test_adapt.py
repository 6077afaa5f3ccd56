"""Dynamic evaluation: each window is scored, then learned from, by the oracle's formulas."""

import hashlib
import math
import os
import signal
import tracemalloc
from contextlib import closing

import cell_oracles
import numpy as np
import pytest
from helpers import random_text
from hypothesis import given, settings
from hypothesis import strategies as st
from models import CHARS, MANY_KINDS, some_model

import fastrnn
from fastrnn.data.corpus import open_corpus
from fastrnn.data.stored import StoredIds
from fastrnn.inference import adapt
from fastrnn.inference import evaluate as evaluation
from fastrnn.model.architecture import Architecture
from fastrnn.model.init import scaled
from fastrnn.parallel.layouts import ALONE, Layout
from fastrnn.parallel.tuner import ThreadTuner

T, V = adapt.T, 9
# few, as kernels for each cell and dtype take some seconds to compile
KINDS = [*((*kind, 'float64') for kind in MANY_KINDS), ('lstm', 2, 'float32')]

GOLDEN = {
    'lstm': '9c8b3e1c157dc0d751fbbd074dbf59f0e7133d7cac6b50dd326e4bdea2a6ad4c',
    'gru': 'd28e24467a575cd39f22878c7d90516b167eeb5c69b64f06abcf6e8a11e92933',
}


def params_of(cell='rnn', layers=1, dtype='float64', H=12):
    return scaled(Architecture(cell, layers, H, V), np.random.RandomState(0)).astype(dtype)


def some_ids(n, seed=1, V=V):
    return np.random.default_rng(seed).integers(0, V, n).astype(np.uint8)


def by_oracle(params, ids):
    """Surprisals in float64, with a step after each window."""
    architecture, own = params.architecture, params.flat.astype(np.float64)
    follower, squares, found = params.astype(np.float64), np.zeros_like(own), []
    states = cell_oracles.zeros(architecture.cell, cell_oracles.from_params(params))
    for number, first in enumerate(range(0, ids.size - 1, T), start=1):
        part, model = ids[first : first + T + 1], cell_oracles.from_params(follower)
        found.append(cell_oracles.nats(architecture.cell, model, part, states.copy())[0])
        window = part[:-1, None].astype(int), part[1:, None].astype(int)
        _, grads, after = cell_oracles.gradient(architecture.cell, model, *window, states[None])
        g, states = cell_oracles.flat(architecture, grads) / T, after[0]
        squares += (g**2 - squares) / min(number, adapt.MEMORY)
        step = adapt.RATE * g / (np.sqrt(squares) + adapt.EPSILON)
        follower.flat[:] += adapt.DECAY * (own - follower.flat) - step
    return np.concatenate(found)


@pytest.mark.parametrize(('cell', 'layers', 'dtype'), KINDS)
@pytest.mark.parametrize('n', [2, T + 1, 5 * T + 8])
def test_each_step_is_the_oracles(monkeypatch, cell, layers, dtype, n):
    """Also if the text ends within a window or at its end, and if old windows are forgotten."""
    monkeypatch.setattr(adapt, 'MEMORY', 3)
    params, ids = params_of(cell, layers, dtype), some_ids(n)
    found = adapt.adapted_nats(params, ids)
    assert found.shape == (n - 1,)
    np.testing.assert_allclose(
        found, by_oracle(params, ids), **({'rtol': 1e-8} if dtype == 'float64' else {'atol': 1e-3})
    )


@pytest.mark.parametrize(('cell', 'layers', 'dtype'), KINDS)
def test_the_first_window_is_scored_by_the_unchanged_model(cell, layers, dtype):
    """Bit for bit; the next window is not."""
    params, ids = params_of(cell, layers, dtype, H=20), some_ids(3 * T)
    found, static = adapt.adapted_nats(params, ids), evaluation.nats(params, ids)
    assert np.array_equal(found[:T], static[:T])
    assert not np.isclose(found[T : 2 * T], static[T : 2 * T], rtol=1e-6).any()


@settings(max_examples=40)
@given(kind=st.sampled_from(KINDS), cut=st.integers(1, 4 * T), seed=st.integers(2, 2**32 - 1))
def test_no_surprisal_depends_on_what_comes_later(kind, cut, seed):
    """Other characters from ids[cut] on change no bit before it, at any place in a window."""
    ids = some_ids(4 * T + 5)
    other = np.concatenate([ids[:cut], (ids[cut:] + some_ids(ids.size - cut, seed, V - 1) + 1) % V]).astype(np.uint8)
    found, expected = (adapt.adapted_nats(params_of(*kind), each) for each in (other, ids))
    assert np.array_equal(found[: cut - 1], expected[: cut - 1])
    assert found[cut - 1] != expected[cut - 1]


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS[::2])
def test_it_helps_if_a_text_repeats_itself(cell, layers):
    """The model does not change: a second time gives the same figures."""
    model = some_model(cell=cell, layers=layers, H=20)
    before, text = model.params.flat.copy(), CHARS * 200
    result = fastrnn.evaluate(model, text, adapt=True)
    assert result.adapted_bits_per_character < 0.6 * result.bits_per_character
    assert np.array_equal(model.params.flat, before)
    assert result == fastrnn.evaluate(model, text, adapt=True)


def test_the_same_figure_everywhere():
    """evaluate and surprisals agree; the static figures are the same with and without ``adapt``."""
    model, text = some_model(H=9), CHARS * 7
    static, result, scored = (
        fastrnn.evaluate(model, text),
        fastrnn.evaluate(model, text, adapt=True),
        fastrnn.surprisals(model, text, adapt=True),
    )
    assert static.adapted_bits_per_character is None and result.bits_per_character == static.bits_per_character
    assert np.array_equal(scored.bits, fastrnn.surprisals(model, text).bits, equal_nan=True)
    assert scored.adapted.shape == scored.bits.shape and math.isnan(scored.adapted[0])
    assert scored.adapted_bits_per_character == pytest.approx(result.adapted_bits_per_character, rel=1e-12)
    ids = model.vocabulary.encode_known(text).ids
    assert np.array_equal(scored.adapted[1:], adapt.adapted_nats(model.params, ids) / math.log(2))
    assert fastrnn.surprisals(model, text).adapted is fastrnn.surprisals(model, text).adapted_bits_per_character is None


def test_unknown_characters_are_skipped():
    model, text = some_model(H=9), CHARS * 3
    found, expected = (
        fastrnn.surprisals(model, each, adapt=True, skip_unknown=True) for each in (f'é{text[:40]}ü{text[40:]}', text)
    )
    assert np.array_equal(found.adapted, expected.adapted, equal_nan=True)


@pytest.mark.parametrize(('cell', 'layers', 'dtype'), KINDS[::2])
def test_neither_threads_nor_slices_matter(monkeypatch, cell, layers, dtype):
    """Results are bit-identical for all numbers of threads and sizes of slices."""
    params, ids = params_of(cell, layers, dtype, H=70), some_ids(7 * T + 9)
    expected = adapt.adapted_nats(params, ids)
    for layout in (ALONE, Layout(1, 2), Layout(1, 3), Layout(2, 2)):
        monkeypatch.setattr(adapt, 'tuner_for_one', lambda *_, layout=layout: ThreadTuner([layout]))
        assert np.array_equal(adapt.adapted_nats(params, ids), expected), layout
    monkeypatch.undo()
    for slice_ in ((1, 1e12), (3 * T, 1e12), (1 << 16, 1e6)):
        monkeypatch.setattr(adapt, 'SLICE', slice_)
        assert np.array_equal(adapt.adapted_nats(params, ids), expected)


@pytest.mark.parametrize(('cell', 'layers', 'dtype'), [('lstm', 2, 'float32'), ('gru', 1, 'float64')])
def test_the_bits_are_those_of_every_machine(monkeypatch, cell, layers, dtype):
    """Never change a hash: if one differs, the arithmetic changed or depends on the machine."""
    for name, value in {'T': 32, 'RATE': 0.003, 'DECAY': 0.001, 'MEMORY': 5, 'EPSILON': 1e-8}.items():
        monkeypatch.setattr(adapt, name, value)
    found = adapt.adapted_nats(params_of(cell, layers, dtype, H=37), some_ids(1000))
    assert hashlib.sha256(found.tobytes()).hexdigest() == GOLDEN[cell]


def test_ids_in_a_file(stored_cache, tmp_path):
    """Ids read from a file give the same results as ids in memory."""
    (tmp_path / 'text').write_text(random_text(3000, V), encoding='utf-8')
    ids = open_corpus(tmp_path / 'text').ids
    assert isinstance(ids, StoredIds)
    assert np.array_equal(adapt.adapted_nats(params_of(), ids), adapt.adapted_nats(params_of(), np.asarray(ids)))


@pytest.mark.parametrize('place', [0, T, 3 * T])
def test_ids_that_the_model_does_not_have(place):
    ids = some_ids(3 * T + 1)
    ids[place] = V
    with pytest.raises(ValueError, match=rf'^ids\[{place}\] is 9, but characters are numbered from 0 to 8$'):
        adapt.adapted_nats(params_of(), ids)


def test_weights_that_diverge(monkeypatch):
    """One line with the character and what to do."""
    monkeypatch.setattr(adapt, 'RATE', 1e30)
    model = some_model(cell='lstm', dtype='float32', H=9)
    with pytest.raises(fastrnn.Diverged, match=r'^the weights diverged while adapting, at character \d+: evaluate '):
        fastrnn.evaluate(model, CHARS * 30, adapt=True)


def test_a_model_that_is_not_finite():
    """The same error as without ``adapt``."""
    model = some_model(H=9)
    model.params.Why[0, 0] = np.nan
    for function in (fastrnn.evaluate, fastrnn.surprisals):
        with pytest.raises(fastrnn.Diverged, match="the model's weights"):
            function(model, CHARS * 3, adapt=True)


def test_adapt_and_window_exclude_each_other():
    with pytest.raises(
        ValueError,
        match=r'^adapt carries the state through the text, window restarts it from zero: leave out one of them$',
    ):
        fastrnn.evaluate(some_model(H=9), CHARS * 3, adapt=True, window=8)


def test_progress_and_an_interrupt_between_two_slices(monkeypatch):
    """Shares grow to 1; an interrupt comes through at once and leaves nothing behind."""
    model, shares, calls, score = some_model(H=9), [], [], adapt.AdaptingStream.score
    monkeypatch.setattr(adapt, 'SLICE', (2 * T, np.inf))
    encoded = model.vocabulary.encode_known(CHARS * 30)
    expected = evaluation.measure(model, encoded, follow=shares.append, adapt=True)
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 5

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return score(*args)

    with monkeypatch.context() as patch:
        patch.setattr(adapt.AdaptingStream, 'score', interrupted)
        with pytest.raises(KeyboardInterrupt):
            evaluation.measure(model, encoded, adapt=True)
    assert len(calls) == 3
    assert evaluation.measure(model, encoded, adapt=True) == expected


def test_memory_does_not_grow_with_the_text(monkeypatch):
    params, peaks = params_of(H=1), []
    monkeypatch.setattr(adapt, 'SLICE', (4096, np.inf))
    for n in (20_000, 20_000, 100_000):  # the first one also imports
        ids = some_ids(n)
        tracemalloc.start()
        with closing(adapt.adapted_slices(params, ids)) as slices:
            for _ in slices:
                pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + 50_000
