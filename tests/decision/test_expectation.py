"""The predicted bits of the preset: the fit to measurements, and its error on texts that are not in the fit."""

import math
from collections import Counter

import numpy as np
import pytest
from decisions import text_of
from expected import ROWS, errors, fit

from fastrnn.decision import expectation as tried
from fastrnn.decision.expectation import ERROR, OFTEN, POWER, READ, SCALE, expectation, fitted, in_words, simple_bits
from fastrnn.decision.resolve import resolve
from fastrnn.settings.config import preset


def test_the_constants_are_the_fit():
    scale, *powers = fit([*ROWS])
    assert [math.exp(scale), *powers] == pytest.approx([SCALE, POWER, READ], abs=1e-3)


def test_the_error_is_cross_validated():
    """80 % of the texts that are left out of the fit are within it, and all within twice of it."""
    found = np.abs([*errors([*ROWS]).values()])
    assert np.mean(found <= ERROR) >= 0.8 and max(found) < 2 * ERROR


def naive(known, held_out, V):
    """The same with dictionaries, for texts of one span each."""
    counts = [Counter(tuple(known[at - k : at + 1]) for at in range(3, len(known))) for k in range(4)]
    total = 0.0
    for at in range(3, len(held_out)):
        p = 1 / V
        for k in range(4):
            context = tuple(held_out[at - k : at])
            seen = sum(counts[k][(*context, other)] for other in range(V))
            p = (counts[k][(*context, held_out[at])] + 2 * p) / (seen + 2)
        total -= math.log2(p)
    return total / (len(held_out) - 3)


def test_the_simple_model(monkeypatch):
    for name, value in (('KNOWN', 1), ('TRIED', 1)):
        monkeypatch.setattr(tried, name, value)
    V, text = 4, (np.random.random(700) ** 2 * 4).astype(np.uint8)
    known, held_out = text[:500], text[500:]
    assert simple_bits(known, held_out, V) == pytest.approx(naive(known.tolist(), held_out.tolist(), V))


def test_only_samples_of_a_large_text_are_read():
    """A text of ten billion characters, which takes no memory."""
    large = np.broadcast_to(np.uint8(1), 10**10)
    assert simple_bits(large, large, 60) < 0.01


def test_more_characters_mean_fewer_bits():
    assert fitted(2.8, 1e6) > fitted(2.8, 2e6) > fitted(2.5, 2e6)


TEXT = (np.random.RandomState(0).random(30_000) ** 2 * 60).astype(np.uint8)
KNOWN = {'ids': TEXT[3000:], 'held_out': TEXT[:3000], 'V': 60, 'read': 1e6, 'asked': ('time', 'seed', 'print_every')}


def test_no_prediction_for_unlike_runs():
    known = expectation(**KNOWN)
    assert known is not None and known == fitted(simple_bits(TEXT[3000:], TEXT[:3000], 60), OFTEN * 27_000)
    unlike = {'ids': TEXT[:9000], 'held_out': None, 'V': 10**5, 'read': 1e4, 'asked': ('hidden_size',)}
    for name, value in [*unlike.items(), ('held_out', TEXT[:900]), ('asked', ('time', 'schedule'))]:
        assert expectation(**KNOWN | {name: value}) is None


def test_no_prediction_for_longer_runs_than_measured():
    large = np.broadcast_to(np.uint8(1), 10**9)
    for read, said in ((5e7, True), (6e7, False), (math.inf, False)):
        assert (expectation(large, TEXT[:3000], 60, read, ()) is not None) == said


def test_in_words():
    assert in_words(2.0449) == 'expect about 2.0 bits per character on the held-out text, usually within 0.2'
    assert len(in_words(19.9)) <= 80


def test_it_decides_nothing(monkeypatch):
    text = text_of(30_000)
    text = type(text)(text.corpus, text.corpus.ids[:3000])
    job = resolve(preset('fast', epochs=20.0, seed=0), text)
    assert job.reasons['expectation'].startswith('expect about ')
    monkeypatch.setattr(tried, 'LEAST', math.inf)
    other = resolve(preset('fast', epochs=20.0, seed=0), text)
    assert other == job and 'expectation' not in other.reasons
    assert 'expectation' not in resolve(preset('reference', engine='batched', iterations=10**5, seed=0), text).reasons
