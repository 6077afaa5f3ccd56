"""Proofs that take minutes: ``pytest -m long``."""

import pytest
from helpers import assert_same_run, exact_run, markov_text, reference_run

pytestmark = pytest.mark.long


def test_twenty_thousand_iterations_print_the_same():
    """The gist's defaults on a text of tinyshakespeare's size: every sample and every line."""
    text = markov_text(1_115_394)
    expected, run = (side(text, seed=0, iterations=20_001) for side in (reference_run, exact_run))
    assert run.output == expected.output and run.warnings == []
    assert expected.output.count('\niter ') == 201


def test_twenty_thousand_iterations_have_the_same_bits():
    """Every loss, and all weights at the end, with two threads."""
    assert_same_run(markov_text(1_115_394), iterations=20_000, hidden_size=100, seq_length=25, threads=2)


@pytest.mark.parametrize('H', [256, 512])
def test_large_layers(H):
    assert_same_run(markov_text(200_000), iterations=1500, hidden_size=H, seq_length=25, threads=None)
