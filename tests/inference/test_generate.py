"""Text from a model: the reference's characters, rules against plain NumPy."""

import threading
from itertools import pairwise

import cell_oracles
import numpy as np
import oracles
import pytest
from helpers import gist_arrays, state_after
from hypothesis import given, settings
from hypothesis import strategies as st
from models import CHARS, MANY_KINDS, V, sampled, some_model

import fastrnn
from fastrnn import reference
from fastrnn.engines import batched_streams
from fastrnn.inference import generate as sampling
from fastrnn.parallel.layouts import Layout

seeds = st.integers(0, 2**32 - 1)
KINDS = [('rnn', 'float64'), ('rnn', 'float32'), ('gru', 'float64'), ('lstm', 'float32')]


def by_reference(model, length, prime='', seed=0):
    ids = [model.chars.index(char) for char in prime or '\n']
    arrays = gist_arrays(model.params)
    h = state_after(ids[:-1], arrays)
    np.random.seed(seed)
    return ''.join(model.chars[ix] for ix in reference.sample(h, ids[-1], length, arrays))


@settings(max_examples=30)
@given(size=st.integers(1, 40), seed=seeds, length=st.integers(0, 90), prime=st.text(CHARS, max_size=30))
def test_the_references_characters(size, seed, length, prime):
    """After any prime, in float64 whatever the model's dtype."""
    for dtype in ('float64', 'float32'):
        model = some_model(size, dtype=dtype, seed=seed)
        assert sampled(model, length, prime=prime, seed=seed) == by_reference(model, length, prime, seed)


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_filters_that_keep_all_change_no_bit(cell, layers):
    model = some_model(cell=cell, layers=layers)
    expected = sampled(model, 400, seed=0)
    if model.params.architecture.is_gist:
        assert expected == by_reference(model, 400)
    for options in ({'top_k': V}, {'top_k': V + 7, 'top_p': 1.0}, {'temperature': 1}, {'top_p': 1}):
        assert sampled(model, 400, seed=0, **options) == expected


@settings(max_examples=25)
@given(
    seed=seeds,
    kind=st.sampled_from(MANY_KINDS),
    prime=st.text(CHARS, max_size=9),
    temperature=st.sampled_from([0.3, 1.0, 1.7]),
    top_k=st.sampled_from([None, 1, 4, 12]),
    top_p=st.sampled_from([None, 0.3, 0.9]),
)
def test_rules_by_numpy(seed, kind, prime, temperature, top_k, top_p):
    """Whole texts, one stream and two: softmax of logits / temperature, top-k, top-p of the rest, one uniform each."""
    model, read = some_model(seed=seed, cell=kind[0], layers=kind[1]), [CHARS.index(char) for char in prime or '\n']
    weights = cell_oracles.from_params(model.params)

    def drawn(uniforms):
        return ''.join(CHARS[ix] for ix in oracles.sample(kind[0], weights, uniforms, temperature, top_k, top_p, read))

    options = {'temperature': temperature, 'top_k': top_k, 'top_p': top_p, 'prime': prime, 'seed': seed}
    assert sampled(model, 60, **options) == drawn(np.random.RandomState(seed).random_sample(60))
    expected = [drawn(uniforms) for uniforms in np.random.RandomState(seed).random_sample((60, 2)).T]
    assert list(fastrnn.samples(model, 2, 60, **options)) == expected


@pytest.mark.parametrize(('cell', 'dtype'), KINDS)
@pytest.mark.parametrize('temperature', [5e-324, 1e-300, 1e-50, 1e-4])
def test_near_zero_the_likeliest_is_taken(cell, dtype, temperature):
    model = some_model(dtype=dtype, cell=cell)
    greedy = sampled(model, 80, top_k=1)
    assert sampled(model, 80, temperature=temperature, seed=5) == greedy
    assert set(fastrnn.samples(model, 2, 80, temperature=temperature)) == {greedy}
    assert set(fastrnn.samples(model, 2, 80, top_p=1e-9, top_k=3)) == {greedy}


@pytest.mark.parametrize(('cell', 'dtype'), KINDS)
def test_at_zero_the_likeliest_is_taken(cell, dtype):
    """Each time that of the largest logit, by the reference's own steps; of equal ones the first; without a seed."""
    model = some_model(dtype=dtype, cell=cell, seed={'rnn': 0, 'gru': 11, 'lstm': 8}[cell])  # of a lively text
    model.params.Why[9], model.params.by[9] = model.params.Why[4], model.params.by[4]  # never first of the two
    weights = cell_oracles.from_params(model.params)
    greedy = ''.join(CHARS[ix] for ix in oracles.greedy(cell, weights, 80))
    assert CHARS[4] in greedy and len(set(greedy)) > 3
    for zero in (0, 0.0, -0.0):
        assert sampled(model, 80, temperature=zero) == greedy
    assert sampled(model, 80, temperature=0, top_k=5, top_p=0.9, seed=8) == greedy
    assert list(fastrnn.samples(model, 3, 80, temperature=0)) == [greedy] * 3
    model.params.by[3] = 1000.0  # exp of it is inf
    assert sampled(model, 5, temperature=0) == CHARS[3] * 5


@pytest.mark.parametrize('cell', ['rnn', 'lstm'])
def test_hot_is_uniform(cell):
    """And 1e300 is a finite temperature in float32 too."""
    model = some_model(dtype='float32', cell=cell)
    uniforms = np.random.RandomState(2).random_sample((300, 2))
    for k, whole in enumerate(fastrnn.samples(model, 2, 300, temperature=1e300, seed=2)):
        assert whole == ''.join(CHARS[int(u * V)] for u in uniforms[:, k])
    assert sampled(model, 300, temperature=1e300, seed=2) == ''.join(
        CHARS[int(u * V)] for u in np.random.RandomState(2).random_sample(300)
    )


def test_large_logits_do_not_overflow():
    """At temperature 1 the reference's exp does; at others, and for many streams, none does."""
    model = some_model()
    model.params.by[3] = 1000.0
    with pytest.raises(fastrnn.Diverged, match='probabilities contain NaN'):
        sampled(model, 5)
    assert sampled(model, 5, temperature=0.9) == CHARS[3] * 5
    assert list(fastrnn.samples(model, 2, 5)) == [CHARS[3] * 5] * 2
    gated = some_model(cell='gru')
    gated.params.by[3] = 1000.0
    assert sampled(gated, 5) == CHARS[3] * 5


@pytest.mark.parametrize(
    ('cell', 'layers', 'name'),
    [
        *(('rnn', 1, name) for name in ('WxhT', 'Whh', 'Why', 'bh', 'by')),
        *(('gru', 2, name) for name in ('Wih', 'Why', 'bhn')),
        *(('lstm', 2, name) for name in ('Wih', 'Whh', 'by')),
    ],
)
def test_weights_that_are_not_finite(cell, layers, name):
    model = some_model(cell=cell, layers=layers)
    getattr(model.params, name)[...] = np.nan
    for options in ({}, {'top_k': 3}, {'temperature': 0}, {'temperature': 0.5, 'top_p': 0.5}):
        for draw in (fastrnn.sample(model, 9, **options), fastrnn.samples(model, 3, 9, **options)):
            with pytest.raises(fastrnn.Diverged, match='probabilities contain NaN: the model'):
                list(draw)


@pytest.mark.parametrize(('cell', 'dtype'), KINDS)
def test_threads_do_not_matter(monkeypatch, processors, cell, dtype):
    """Nor whether a thread finds nothing to do; groups go on with the generator's next numbers."""
    processors(7)
    monkeypatch.setattr(sampling, 'GROUP', 4)
    model, options = some_model(dtype=dtype, cell=cell), {'seed': 9, 'top_p': 0.95}
    expected = list(fastrnn.samples(model, 9, 50, threads=1, **options))
    assert len(expected) == 9 and len(set(expected)) == 9
    for threads in (2, 3, 7):
        assert list(fastrnn.samples(model, 9, 50, threads=threads, **options)) == expected
    tried = [Layout(1), Layout(2), Layout(3)]  # step by step at first
    monkeypatch.setattr(batched_streams, 'layouts_for_streams', lambda *_: tried)
    assert list(fastrnn.samples(model, 9, 50, **options)) == expected
    again = np.random.RandomState(9)
    again.random_sample((50, 8))
    monkeypatch.setattr(np.random, 'RandomState', lambda seed: again)
    assert list(fastrnn.samples(model, 1, 50, **options)) == expected[8:]


@pytest.mark.parametrize(('cell', 'dtype'), KINDS[2:])
def test_threads_of_one_stream_do_not_matter(monkeypatch, cell, dtype):
    """They share its hidden units, are tried out, and are gone when the text is drawn; so they are if it is not."""
    model, options = some_model(dtype=dtype, cell=cell, H=70), {'seed': 9, 'prime': 'abba', 'top_p': 0.95}
    expected, before = ''.join(fastrnn.sample(model, 300, **options)), threading.active_count()
    for tried in ([Layout(1, 2)], [Layout(1), Layout(1, 2), Layout(1, 3)]):
        monkeypatch.setattr(batched_streams, 'layouts_for_streams', lambda *_, tried=tried: tried)
        assert ''.join(fastrnn.sample(model, 300, **options)) == expected
        drawn = fastrnn.sample(model, 300, **options)
        next(drawn)
        del drawn
        assert threading.active_count() == before


def test_long_texts_take_smaller_groups(monkeypatch):
    monkeypatch.setattr(sampling, 'GROUP_CHARACTERS', 100)
    made = []
    whole = sampling._whole
    monkeypatch.setattr(
        sampling, '_whole', lambda model, of, *rest, **more: made.append(of.ix.size) or whole(model, of, *rest, **more)
    )
    assert len(list(fastrnn.samples(some_model(), 5, 50, seed=0))) == 5
    assert len(list(fastrnn.samples(some_model(), 2, 101, seed=0))) == 2
    assert made == [2, 2, 1, 1, 1]


def test_portable_code_draws_the_same(portable):
    """A character differs only where a number falls between two nearly equal edges."""
    model = some_model()
    assert sampled(model, 100, seed=1, prime='abba') == by_reference(model, 100, 'abba', seed=1)


def test_no_seed_gives_another_text_each_time():
    model = some_model()
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    assert sampled(model, 50) != sampled(model, 50)
    assert list(fastrnn.samples(model, 2, 50)) != list(fastrnn.samples(model, 2, 50))
    assert np.array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS[::2])
@pytest.mark.parametrize('size', [1, 7, 1000])
def test_pieces_do_not_matter(monkeypatch, cell, layers, size):
    """One stream and many: uniform numbers are taken in one order, states are carried on."""
    model = some_model(cell=cell, layers=layers)
    options = {'prime': 'abc' * 50, 'seed': 1, 'temperature': 0.9, 'top_p': 0.9}
    expected = sampled(model, 150, **options), list(fastrnn.samples(model, 5, 150, **options))

    def of_one_size(work, total):
        return (work(start, min(start + size, total)) for start in range(0, total, size))

    monkeypatch.setattr(sampling, 'in_pieces', of_one_size)
    assert (sampled(model, 150, **options), list(fastrnn.samples(model, 5, 150, **options))) == expected


def test_pieces_follow_each_other():
    for total in (0, 1, 64, 65, 100_000):
        found = list(sampling.in_pieces(lambda *piece: piece, total))
        edges = [0, *(stop for _, stop in found)]
        assert edges[-1] == total and found == list(pairwise(edges))
        assert all(start < stop for start, stop in found) and edges[:2][-1] <= 64


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_many_streams_are_one_at_a_time(cell, layers):
    """Each stream of a group draws what one stream draws with its uniform numbers."""
    model, B, length = some_model(cell=cell, layers=layers), 23, 60
    columns = iter(np.random.RandomState(4).random_sample((length, B)).T)

    class Column:
        def get_state(self):
            pass

        def random_sample(self, size):
            return next(columns).reshape(size)

    expected = []
    for _ in range(B):
        stream = sampling.make_stream(model)
        stream.read(np.array([3, 4, 3, 7], np.uint32))
        expected.append(''.join(CHARS[ix] for ix in stream.draw(Column(), length).ravel()))
    assert list(fastrnn.samples(model, B, length, prime='cdcg', seed=4)) == expected


@pytest.mark.parametrize('count', [1, 2])
def test_after_the_last_text_no_number_is_drawn(monkeypatch, count):
    """A text of one character takes the numbers of its first pieces, not those of a million characters."""
    rng, taken = np.random.RandomState(0), []
    counting = type('Counting', (), {'random_sample': lambda _, shape: taken.append(shape) or rng.random_sample(shape)})
    monkeypatch.setattr(sampling, 'seeded', lambda seed: counting())
    model = some_model()
    model.params.by[3] = 1000.0
    assert list(fastrnn.samples(model, count, 10**6, until=CHARS[3], at_once=1)) == [''] * count
    assert (sum(np.prod(shape) for shape in taken) < 10**5) == (count == 1)


@pytest.mark.parametrize('cell', ['rnn', 'gru'])
def test_many_streams_know_the_characters_before(cell):
    """The table of n-grams reads the end of the prime: each of many texts starts as one text does."""
    model = some_model(cell=cell, ngrams=4, ngram_rows=512)
    model.params.rows[...] *= 9
    options = {'temperature': 0, 'prime': 'abcdef'}
    assert list(fastrnn.samples(model, 2, 20, **options)) == [sampled(model, 20, **options)] * 2
    assert list(fastrnn.samples(model, 1, 20, prime='abcdef', seed=3)) == [sampled(model, 20, prime='abcdef', seed=3)]
