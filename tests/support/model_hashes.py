"""Hashes of models that the batched engine trains, one JSON object a case, to be compared with another machine's.

``python tests/support/model_hashes.py TEXT [BYTES]``, the second of a vector that kernels are to be compiled for. It
needs nothing but the package. To add a case, add a line to CASES.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import fastrnn
from fastrnn.engines import compile_ahead
from fastrnn.kernels.batched import gemm

COMMON = {'engine': 'batched', 'init': 'scaled', 'seed': 0, 'validation': 0.05}
STREAMS = {'streams': 16, 'seq_length': 10, 'iterations': 100, 'learning_rate': 0.01}
ADAM = {'optimizer': 'adam', 'clip_norm': 1.0, 'schedule': 'cosine', 'warmup': 0.1}
OWN_RATES = {'weight_decay': 0.1, 'input_rate': 2.0, 'hidden_decay': 3.0}
CASES = {
    'one stream': {'hidden_size': 24, 'iterations': 400, 'dtype': 'float32'},
    'one stream, float64': {'hidden_size': 77, 'iterations': 40, 'dtype': 'float64'},
    'streams': {**STREAMS, **ADAM, 'hidden_size': 77, 'dtype': 'float32'},
    'streams, float64': {**STREAMS, **ADAM, 'hidden_size': 37, 'dtype': 'float64'},
    'streams, Adagrad': {**STREAMS, 'hidden_size': 37, 'dtype': 'float32', 'schedule': 'step'},
    'streams, weight decay': {**STREAMS, **ADAM, 'hidden_size': 50, 'dtype': 'float32', 'weight_decay': 0.1},
    'streams, own rates': {**STREAMS, **ADAM, 'hidden_size': 50, 'dtype': 'float32', **OWN_RATES},
    'LSTM, two layers, dropout': {
        **STREAMS,
        **ADAM,
        'cell': 'lstm',
        'layers': 2,
        'dropout': 0.2,
        'hidden_size': 37,
        'dtype': 'float32',
    },
    'two layers, float64': {**STREAMS, **ADAM, 'layers': 2, 'dropout': 0.2, 'hidden_size': 37, 'dtype': 'float64'},
    'GRU': {**STREAMS, **ADAM, 'schedule': 'wsd', 'cell': 'gru', 'hidden_size': 50, 'dtype': 'float32'},
    'LSTM, one stream, float64': {'cell': 'lstm', 'hidden_size': 21, 'iterations': 30, 'dtype': 'float64'},
}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def trained(text, options):
    """What a run made: hashes of its model file and of its sample, and the bits of its last loss and validation."""
    with fastrnn.train(text, **COMMON, **options) as run, tempfile.TemporaryDirectory() as place:
        *_, last = run
        run.save(Path(place) / 'model')
        model = sha256((Path(place) / 'model').read_bytes())
    return {
        'model': model,
        'loss': last.loss.hex(),
        'bpc': last.validation.hex(),
        'sample': sha256(last.sample.encode()),
    }


if __name__ == '__main__':
    if len(sys.argv) > 2:
        gemm._VECTOR = int(sys.argv[2])
        compile_ahead.start = lambda *_: (
            None
        )  # that process would compile for the machine's own vectors, into the same cache
    for case, options in CASES.items():
        print(json.dumps({'case': case, **trained(Path(sys.argv[1]), options)}), flush=True)
