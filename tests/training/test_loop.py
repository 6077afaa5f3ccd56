"""The loop as a generator of records, for programs and notebooks."""

import itertools
import math
import warnings

import numpy as np
import pytest
from helpers import SONNETS, exact_losses, same_state
from numba.core.runtime import _nrt_python as nrt

import fastrnn
from fastrnn.data.corpus import Corpus
from fastrnn.engines.engine import ExactEngine
from fastrnn.kernels.exact import rnn as exact
from fastrnn.kernels.team import alone
from fastrnn.settings.config import Config

TEXT = SONNETS.read_text(encoding='utf-8')
OPTIONS = {'hidden_size': 10, 'seq_length': 5, 'seed': 0, 'threads': 1}


def test_three_lines():
    import fastrnn

    for record in fastrnn.train(fastrnn.read_text(SONNETS), seed=0, iterations=3):
        assert record.bits_per_character > 0


@pytest.mark.parametrize('engine', ['exact', 'reference'])
def test_records(engine):
    records = list(
        fastrnn.train(TEXT, engine=engine, iterations=50, sample_every=20, sample_length=7, print_every=15, **OPTIONS)
    )
    assert [r.iteration for r in records if r.report] == [0, 15, 30, 45]
    assert [r.iteration // 20 * 20 for r in records if r.sample is not None] == [0, 20, 40]
    assert all(len(r.sample) == 7 and set(r.sample) <= set(TEXT) for r in records if r.sample is not None)
    assert records[-1].iteration == 49
    losses, _ = exact_losses(TEXT, iterations=50, **OPTIONS)
    smooth = -np.log(1.0 / len(set(TEXT))) * 5
    for n, loss in enumerate(losses):
        smooth = smooth * 0.999 + loss * 0.001
        for record in (r for r in records if r.iteration == n):
            assert record.loss == loss and record.smooth_loss == smooth
            assert record.characters == (n + 1) * 5
            assert math.isclose(record.bits_per_character, smooth / 5 / math.log(2))
    seconds = [record.seconds for record in records]
    assert seconds == sorted(seconds) and seconds[0] >= 0


def test_config_or_options():
    assert fastrnn.Config is Config
    (record,) = fastrnn.train(Corpus.of(TEXT), Config(iterations=1))
    assert record.iteration == 0 and record.report
    with pytest.raises(ValueError, match='give config or options, not both: seed'):
        fastrnn.train(TEXT, Config(), seed=1)
    with pytest.raises(TypeError, match='colour'):
        fastrnn.train(TEXT, colour=1)


def test_bad_input_is_refused_at_the_call():
    """Not only once the first record is asked for."""
    with pytest.raises(ValueError, match='hidden_size is 0'):
        fastrnn.train(TEXT, hidden_size=0)
    with pytest.raises(ValueError, match='the text has 3 characters'):
        fastrnn.train('abc')


def test_goes_on_until_stopped():
    """Records come now and then even where nothing is to be reported; leaving the loop ends the run."""
    records = fastrnn.train(TEXT, print_every=10**9, sample_every=10**9, **OPTIONS)
    iterations = [record.iteration for record in itertools.islice(records, 4)]
    records.close()
    assert iterations[0] == 0 and iterations == sorted(set(iterations))


def test_without_a_seed_runs_differ():
    losses = {next(fastrnn.train(TEXT, iterations=1)).loss for _ in range(2)}
    assert len(losses) == 2


def test_the_callers_generator_is_left_alone():
    before = np.random.get_state()
    list(fastrnn.train(TEXT, iterations=20, sample_every=5, **OPTIONS))
    assert same_state(np.random.get_state(), before)


def test_diverged_is_a_value_error_of_its_own():
    run = fastrnn.train(TEXT, learning_rate=1e4, sample_every=50, iterations=100, **OPTIONS)
    with warnings.catch_warnings(), pytest.raises(fastrnn.Diverged, match='take a smaller learning rate'):
        warnings.simplefilter('ignore')
        list(run)
    assert issubclass(fastrnn.Diverged, ValueError)


def test_the_warning_points_at_the_caller():
    with pytest.warns(RuntimeWarning, match='the loss is inf or NaN from iteration 1 on') as caught:
        list(fastrnn.train(TEXT, learning_rate=1e4, iterations=30, sample_length=0, **OPTIONS))
    assert [warning.filename for warning in caught] == [__file__]


def test_public_names():
    for name in fastrnn.__all__:
        assert getattr(fastrnn, name) is not None
    assert set(fastrnn.__all__) <= set(dir(fastrnn))
    with pytest.raises(AttributeError, match='no attribute'):
        fastrnn.nonsense  # noqa: B018


def test_nothing_is_allocated_per_iteration():
    """As many allocations for 500 iterations, wraps included, as for one: those of the call itself."""
    corpus = Corpus.of(TEXT)
    engine = ExactEngine(Config(**OPTIONS), corpus.ids, len(corpus.chars))

    def allocations(iterations):
        losses = np.zeros(iterations)
        before = nrt.memsys_get_stats_alloc(), nrt.memsys_get_stats_mi_alloc()
        exact.train(
            engine._native,
            alone(),
            corpus.ids,
            engine._weights,
            engine._memory,
            0.1,
            1.0,
            engine.position,
            engine._work,
            losses,
        )
        return nrt.memsys_get_stats_alloc() - before[0], nrt.memsys_get_stats_mi_alloc() - before[1]

    nrt.memsys_enable_stats()
    try:
        few, many = allocations(1), allocations(500)
    finally:
        nrt.memsys_disable_stats()
    assert few == many and few[1] > 0


def test_the_buffers_do_not_grow_with_the_text():
    """Only the numbers of the characters do, a byte each for up to 256 of them."""
    config = Config(**OPTIONS)
    sizes = []
    for text in (TEXT, TEXT * 20):
        corpus = Corpus.of(text)
        engine = ExactEngine(config, corpus.ids, len(corpus.chars))
        sizes.append(sum(buffer.nbytes for buffer in (*engine._work, *engine._weights, *engine._memory)))
        assert corpus.ids.nbytes == len(text)
    assert sizes[0] == sizes[1] <= config.memory(len(set(TEXT)))
