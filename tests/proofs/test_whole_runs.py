"""Whole runs against the reference: every loss and weight by its bits, and what is printed by its bytes."""

import numpy as np
import pytest
from helpers import (
    SONNETS,
    assert_same_run,
    exact_losses,
    exact_run,
    random_text,
    reference_run,
    same_bits,
)

from fastrnn.data.corpus import Corpus
from fastrnn.engines.engine import ExactEngine
from fastrnn.settings.options import Settings

TEXT = SONNETS.read_text(encoding='utf-8')
SMALL = {'hidden_size': 12, 'seq_length': 8, 'seed': 3}
GREEK = 'Ἄνδρα μοι ἔννεπε, Μοῦσα, πολύτροπον, ὃς μάλα πολλὰ πλάγχθη 東京 😀 מענטש\n' * 3


def assert_same_output(text, **options):
    expected, run = reference_run(text, **options), exact_run(text, **options)
    assert run.output == expected.output
    assert expected.error is None and run.error is None and run.warnings == []


@pytest.mark.parametrize('H', [1, 2, 7, 8, 50, 100, 127, 256, 512])
def test_hidden_sizes(H):
    assert_same_run(TEXT, iterations=max(20, 400 - 2 * H), hidden_size=H, seq_length=25)


@pytest.mark.parametrize('T', [1, 2, 24, 25, 26, 64])
def test_sequence_lengths(T):
    assert_same_run(TEXT, iterations=300, hidden_size=20, seq_length=T)


WIDE = [pytest.param(V, marks=pytest.mark.long) for V in (257, 300)]  # ids of 16 bits have kernels of their own


@pytest.mark.parametrize('V', [2, 3, 7, 8, 9, 15, 16, 17, 64, 100, 127, 128, 129, 136, 137, 200, 256, *WIDE])
def test_vocabularies(V):
    assert_same_run(random_text(700, V, seed=V), iterations=100, hidden_size=16, seq_length=10)


@pytest.mark.parametrize('length', range(7, 30))
def test_wrapping(length):
    """Texts from the shortest possible on, gone through many times."""
    assert_same_run(TEXT[:length], iterations=25, hidden_size=8, seq_length=5)


def test_prints_what_the_reference_prints():
    """At the defaults."""
    assert_same_output(TEXT, seed=0, iterations=301)


@pytest.mark.parametrize('text', [GREEK, 'ab' * 5, TEXT.upper()[:300], '\0\x7f\x80\ud800\uffff' * 9])
def test_texts(text):
    assert_same_output(text, iterations=60, sample_every=20, sample_length=50, print_every=10, **SMALL)


@pytest.mark.parametrize(
    ('iterations', 'sample_every', 'sample_length', 'print_every'),
    [
        (0, 100, 200, 100),
        (1, 100, 200, 100),
        (1, 1, 0, 1),
        (2, 1, 1, 1),
        (30, 1, 3, 1),
        (30, 7, 3, 3),
        (30, 3, 3, 7),
        (30, 10**9, 5, 4),
        (30, 4, 5, 10**9),
        (31, 10, 5, 10),
        (30, 10, 0, 10),
    ],
)
def test_reports_and_samples(iterations, sample_every, sample_length, print_every):
    """Samples lead over the wrap of a text of four windows, from the state and character that come next."""
    assert_same_output(
        TEXT[:40],
        iterations=iterations,
        sample_every=sample_every,
        sample_length=sample_length,
        print_every=print_every,
        **SMALL,
    )


@pytest.mark.parametrize('seed', [0, 1, 2**32 - 1])
def test_seeds(seed):
    assert_same_output(TEXT, iterations=20, hidden_size=9, seq_length=6, seed=seed, print_every=1)


@pytest.mark.parametrize('rate', [1e-12, 1e-3, 1.0, 3, 10.0])
def test_learning_rates(rate):
    assert_same_output(TEXT, iterations=100, learning_rate=rate, sample_every=25, print_every=5, **SMALL)


@pytest.mark.parametrize('rate', [30.0, 100.0, 1e3, 1e4, 1e6])
def test_divergence(rate):
    """The same lines up to the error that sampling from NaN is, and one warning."""
    options = {'iterations': 400, 'sample_every': 40, 'sample_length': 20, 'print_every': 1, **SMALL}
    expected = reference_run(TEXT, learning_rate=rate, **options)
    run = exact_run(TEXT, learning_rate=rate, **options)
    assert run.output == expected.output
    assert expected.error == 'probabilities contain NaN' and run.error.startswith(expected.error)
    assert 'loss: nan' in run.output
    assert len(run.warnings) == 1 and run.warnings[0].startswith('the loss is inf or NaN from iteration ')


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
@pytest.mark.parametrize('rate', [30.0, 100.0, 1e3, 1e6])
def test_going_on_with_nan(rate):
    """Where nothing is sampled the gist goes on with NaN; losses and weights are still the reference's."""
    assert_same_run(TEXT, iterations=120, hidden_size=12, seq_length=8, learning_rate=rate)


def test_infinite_loss_is_printed():
    """A loss of inf before any NaN."""
    options = {'hidden_size': 12, 'seq_length': 8, 'seed': 0, 'iterations': 30, 'print_every': 1, 'learning_rate': 50.0}
    expected, run = (side('a' * 60 + 'b' * 40, **options) for side in (reference_run, exact_run))
    assert run.output == expected.output
    assert 'loss: inf' in run.output and 'nan' not in run.output
    assert len(run.warnings) == 1


@pytest.mark.parametrize('length', range(10, 31))
def test_samples_before_a_wrap(length):
    """A sample before each iteration: wherever the text ends, it starts where the next window does."""
    options = {'sample_every': 1, 'sample_length': 6, 'print_every': 10**9}
    assert_same_output(TEXT[:length], iterations=14, **{**SMALL, **options})


def test_smooth_loss_has_the_same_bits():
    """Over more iterations than its memory lasts; printed, a last bit would not show."""
    corpus, smooth = Corpus.of(TEXT), float(-np.log(1.0 / len(set(TEXT))) * 8)
    engine = ExactEngine(Settings(**SMALL), corpus.ids, len(corpus.chars))
    for loss in engine.run(3000):
        smooth = smooth * 0.999 + loss * 0.001
    assert engine.smooth_loss == smooth


def test_blocks_do_not_matter():
    """One call for 60 iterations, or many of any size."""
    expected, _ = exact_losses(TEXT[:90], iterations=60, **SMALL)
    corpus = Corpus.of(TEXT[:90])
    engine = ExactEngine(Settings(**SMALL), corpus.ids, len(corpus.chars))
    losses = np.concatenate([engine.run(n) for n in (1, 2, 1, 5, 17, 30, 4)])
    assert same_bits(losses, expected)
