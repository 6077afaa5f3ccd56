"""Edges that a wrong kernel could get past whole runs with: found by breaking the kernels on purpose."""

import numpy as np
import oracles
import pytest
from helpers import SONNETS, exact_run, random_model, reference_run

import fastrnn

TEXT = SONNETS.read_text(encoding='utf-8')


@pytest.mark.parametrize('length', range(21, 27))
def test_samples_start_where_the_next_window_starts(length):
    """Also where exactly T+1 characters are left, too few for a window; the memory decides what is drawn."""
    options = {'hidden_size': 6, 'seq_length': 4, 'seed': 5, 'iterations': 40, 'learning_rate': 0.5}
    options |= {'sample_every': 1, 'sample_length': 40, 'print_every': 10}
    assert exact_run(TEXT[:length], **options).output == reference_run(TEXT[:length], **options).output


def test_sample_on_every_edge(monkeypatch):
    """The last cumulated probability is often not quite 1; all are divided by it."""
    inexact = 0
    for seed in range(12):
        model = random_model(5, 30, seed, 0.5)
        cdf, total = oracles.edges(model)
        inexact += total != 1.0
        sample = fastrnn.bind(*model).sample
        for u in np.concatenate([cdf[:-1], np.nextafter(cdf, 0), np.nextafter(cdf[:-1], 1)]):
            monkeypatch.setattr(np.random, 'random_sample', lambda size, u=u: np.full(size, u))
            assert sample(np.zeros((5, 1)), 0, 1) == [cdf.searchsorted(u, side='right')]
    assert inexact >= 3
