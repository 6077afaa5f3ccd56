"""The exact engine's buffers: allocated once, and independent of the text and the iterations."""

import numpy as np
from helpers import SONNETS
from numba.core.runtime import _nrt_python as nrt

from fastrnn.data.corpus import Corpus
from fastrnn.decision.memory import memory
from fastrnn.engines.engine import ExactEngine
from fastrnn.kernels.exact import rnn as exact
from fastrnn.kernels.team import alone
from fastrnn.settings.options import Settings

TEXT = SONNETS.read_text(encoding='utf-8')
OPTIONS = {'hidden_size': 10, 'seq_length': 5, 'seed': 0, 'threads': 1}


def test_nothing_is_allocated_per_iteration():
    """None for 500 iterations with wraps, as for one."""
    corpus = Corpus.of(TEXT)
    engine = ExactEngine(Settings(**OPTIONS), corpus.ids, len(corpus.chars))

    def allocations(iterations):
        losses = np.zeros(iterations)
        before = nrt.memsys_get_stats_alloc(), nrt.memsys_get_stats_mi_alloc()
        exact.train(
            engine._native,
            alone(),
            corpus.ids,
            engine._weights,
            engine._moments,
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
    assert few == many == (0, 0)  # compiled without Numba's runtime, which allocates


def test_the_buffers_do_not_grow_with_the_text():
    """Only the ids do: one byte each for up to 256 characters."""
    config = Settings(**OPTIONS)
    sizes = []
    for text in (TEXT, TEXT * 20):
        corpus = Corpus.of(text)
        engine = ExactEngine(config, corpus.ids, len(corpus.chars))
        sizes.append(sum(buffer.nbytes for buffer in (*engine._work, *engine._weights, *engine._moments)))
        assert corpus.ids.nbytes == len(text)
    assert sizes[0] == sizes[1] <= memory(config, len(set(TEXT)))
