"""One seed, one model: the batched engine's bits are the committed ones, on every machine that runs the tests.

A model file also holds the package's version, and a vocabulary. So the hash is of what the kernels compute: the
weights, which the optimizer's moments have moved, then the last loss and validation, and a sample.
"""

import hashlib
import json

import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.engines import batched
from fastrnn.parallel.layouts import Layout

COMMON = {'engine': 'batched', 'init': 'scaled', 'seed': 0, 'hidden_size': 23, 'seq_length': 7, 'iterations': 30}
COMMON |= {'learning_rate': 0.02, 'validation': 0.1}
STREAMS = {'streams': 6, 'shards': 2}
ADAM = {'optimizer': 'adam', 'clip_norm': 0.5, 'weight_decay': 0.1, 'input_rate': 2.0, 'hidden_decay': 3.0}
DEEP = {'layers': 2, 'dropout': 0.2}
COSINE = {'schedule': 'cosine', 'warmup': 0.1}

# Never change a hash: if one differs, the arithmetic of a kernel has changed, or the machine decides a bit.
CASES = {
    'rnn, float32': ({}, 'c2602166021399461d839c842110bac4289c9174356779c1bcc99e149dd1cafe'),
    'rnn, float64': (
        STREAMS | ADAM | DEEP | COSINE,
        'dfb0efa64964b1883c1c60b9b198afb723158eb37439dd842ee4b9dd3a8755c7',
    ),
    'gru, float32': (
        STREAMS | ADAM | {'schedule': 'wsd'},
        'b72f1df7106bbd1a436e8c97c46f3da46e83460da20d0edd064c7b5bdc3b0e3e',
    ),
    'gru, float64': (DEEP | {'schedule': 'step'}, 'cda4bc2908637a4455f5f2adcf649adbe1a184a55a9896f5c48e90c1ff8dea6d'),
    'lstm, float32': (
        STREAMS | ADAM | DEEP | COSINE,
        '4c6edf382d235a6e230f2b7e8f0c20b8b50f6fe2efe1179ab4592f26ce3fde62',
    ),
    'lstm, float64': ({'streams': 3, 'clip': 0.01}, 'b41330c3a21c9dd3422a66b1f51f45aeb1d3f7c7a3da97e82028bd670fefd328'),
    'lstm, float32, three shards': (
        {'streams': 6, 'shards': 3, 'dropout': 0.3},
        '5633c627821d981129d46f45b0167a141ef1ce6b7a085a49b7c7a656917d7378',
    ),
    'lstm, float32, shuffled, with n-grams': (
        {'streams': 6, 'shuffle': 20, 'ngrams': 4, 'ngram_rows': 100} | ADAM | COSINE,
        'f92a5c7b1bddda874fbe989de8384d96c8da385072cb9c03992b4bfefc718bf5',
    ),
}


@pytest.mark.parametrize('layout', [Layout(1, 1), Layout(1, 2), Layout(2, 2), Layout(4, 4)], ids=str)
@pytest.mark.parametrize('case', CASES)
def test_one_model(monkeypatch, case, layout):
    """Whatever the threads share."""
    monkeypatch.setattr(batched, 'layouts_of', lambda *_: [layout])
    cell, dtype, *_ = case.split(', ')
    options, expected = CASES[case]
    with fastrnn.train(SONNETS.read_text(encoding='utf-8')[:1200], cell=cell, dtype=dtype, **COMMON, **options) as run:
        *_, last = run
        digest = hashlib.sha256(run.model.params.flat.tobytes() + run.model.params.rows.tobytes())
    digest.update(json.dumps([last.loss.hex(), last.validation.hex(), last.sample]).encode())
    assert digest.hexdigest() == expected
