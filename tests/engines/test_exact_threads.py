"""The number of threads of the kernel and of the BLAS changes no bits."""

import numpy as np
import pytest
from helpers import SONNETS, assert_same_run, exact_losses, random_text, same_bits
from threadpoolctl import threadpool_info, threadpool_limits

from fastrnn.data.corpus import Corpus
from fastrnn.engines.exact import ROWS_PER_THREAD, ExactEngine
from fastrnn.parallel.layouts import counts_for_rows
from fastrnn.settings.options import Settings

TEXT = SONNETS.read_text(encoding='utf-8')


@pytest.fixture(autouse=True)
def three(processors):
    """Three processors, as many threads as these tests use."""
    processors(3)


@pytest.mark.parametrize('threads', [1, 2, 3])
@pytest.mark.parametrize(
    ('H', 'T', 'V'),
    [(1, 5, 5), (7, 3, 9), (16, 1, 4), (24, 2, 3), (25, 7, 40), (50, 25, 42), (100, 24, 65), (127, 26, 129)],
)
def test_threads_of_the_kernel(threads, H, T, V):
    """Also more threads than rows, characters or steps; fewer are used if BLAS would round differently."""
    text = random_text(6 * T + V + 40, V, seed=V)
    assert_same_run(text, iterations=40, hidden_size=H, seq_length=T, threads=threads)


def test_several_threads_are_used():
    """Otherwise the test above proves nothing. At H=100 the two parts of a product are bit-identical to the whole."""
    corpus = Corpus.of(TEXT)
    engine = ExactEngine(Settings(threads=2, seed=0), corpus.ids, len(corpus.chars))
    ranks = []
    train = engine._train
    engine._train = lambda team, *others: ranks.append(team.rank) or train(team, *others)
    engine.run(3)
    engine.close()
    assert sorted(ranks) == [0, 1]


def test_races_would_show():
    """Many short iterations, with a barrier in every phase."""
    options = {'hidden_size': 32, 'seq_length': 4, 'seed': 0}
    expected, weights = exact_losses(TEXT, iterations=3000, threads=1, **options)
    losses, params = exact_losses(TEXT, iterations=3000, threads=2, **options)
    assert same_bits(losses, expected)
    assert all(same_bits(a, b) for a, b in zip(params, weights, strict=True))


def test_the_fastest_number_of_threads():
    """The engine tries numbers of threads while it runs, in blocks of any length."""
    expected, _ = exact_losses(TEXT, iterations=300, threads=1, seed=0)
    corpus = Corpus.of(TEXT)
    engine = ExactEngine(Settings(seed=0), corpus.ids, len(corpus.chars))
    losses = np.concatenate([engine.run(n) for n in [1, 2, 3, 4, 40, 50, *[1] * 100, 100]])
    engine.close()
    assert same_bits(losses, expected)


@pytest.mark.parametrize('blas', [1, 2])
@pytest.mark.parametrize('threads', [1, 2])
def test_threads_of_the_blas(blas, threads):
    """OpenBLAS uses threads from H = 679; with either setting its bits are the reference's."""
    with threadpool_limits(blas, user_api='blas'):
        assert_same_run(TEXT, iterations=4, hidden_size=700, seq_length=5, threads=threads)


def test_the_setting_of_the_blas_stays():
    def setting():
        return [pool['num_threads'] for pool in threadpool_info() if pool['user_api'] == 'blas']

    before = setting()
    exact_losses(TEXT, iterations=2, hidden_size=20, seed=0)
    assert setting() == before


def test_small_layers_get_one_thread():
    assert counts_for_rows(8, ROWS_PER_THREAD) == [1]
