"""Long runs against the reference, by their bits: ``pytest -m long``."""

import io
from contextlib import redirect_stdout

import pytest
from helpers import assert_same_run, exact_losses, exact_run, markov_text, same_bits

from fastrnn import reference

pytestmark = pytest.mark.long


def test_twenty_thousand_iterations(monkeypatch):
    """The gist's defaults on a text of tinyshakespeare's size: every line, sample and loss, and all weights at the end.
    The reference runs once for all."""
    text, expected, losses, one_loss = markov_text(1_115_394), io.StringIO(), [], reference.lossFun

    def recorded(*args):
        loss, *others = one_loss(*args)
        losses.append(loss)
        return loss, *others

    monkeypatch.setattr(reference, 'lossFun', recorded)
    with redirect_stdout(expected):
        weights, _ = reference.train(text, seed=0, iterations=20_001)
    run = exact_run(text, seed=0, iterations=20_001)
    assert run.output == expected.getvalue() and run.warnings == []
    assert run.output.count('\niter ') == 201
    found, params = exact_losses(text, seed=0, iterations=20_001, threads=1)
    assert same_bits(found, losses) and len(losses) == 20_001
    assert all(same_bits(mine, theirs) for mine, theirs in zip(params, weights, strict=True))
    found, _ = exact_losses(text, seed=0, iterations=2000, threads=2)
    assert same_bits(found, losses[:2000])


@pytest.mark.parametrize(('H', 'iterations'), [(256, 300), (512, 200)])
def test_large_layers(H, iterations):
    """With as many threads as pay."""
    assert_same_run(markov_text(20_000), iterations=iterations, hidden_size=H, seq_length=25, threads=None)
