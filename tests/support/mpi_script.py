"""Under mpiexec: trains a model of every kind for some iterations; prints, once, a hash of each one's whole state."""

import hashlib
import json
import sys
from pathlib import Path

import fastrnn
from fastrnn.parallel.processes import processes

CASES = {
    'rnn': {'cell': 'rnn', 'optimizer': 'adagrad', 'schedule': 'constant', 'warmup': 0.0},
    'gru': {'cell': 'gru', 'layers': 2, 'dropout': 0.3},
    'lstm': {'cell': 'lstm', 'optimizer': 'adagrad'},
    'lstm x 2': {'cell': 'lstm', 'layers': 2, 'dropout': 0.5, 'weight_decay': 0.1},
    'clip': {'cell': 'gru', 'clip_norm': None, 'clip': 1e-3},
    'small': {'cell': 'rnn', 'hidden_size': 3},  # fewer parameters than a slice
}
SIZES = {'hidden_size': 40, 'seq_length': 7, 'streams': 8, 'seed': 5, 'iterations': 30, 'sample_length': 20}


def state_hash(state):
    digest = hashlib.sha256()
    for array in (state.params.flat, *(moment.flat for moment in state.moments.values()), state.hidden):
        digest.update(array.tobytes())
    return digest.hexdigest()


def train(text, shards, **options):
    """The hash of a run's last state, its losses, and its validation, which all processes have."""
    given = {**SIZES, 'validation': 0.3, 'preset': 'fast', 'shards': shards} | options
    with fastrnn.train(text, **given) as run:
        records = list(run)
        state = run.state()
    told = [(record.iteration, record.loss, record.seconds, record.validation) for record in records]
    assert processes().all(told) == [told] * processes().size
    last = records[-1]
    return [state_hash(state), last.loss, last.smooth_loss, last.validation, last.sample]


def main():
    text, shards = Path(sys.argv[1]).read_text(encoding='utf-8'), int(sys.argv[2])
    found = {name: train(text, shards, **options) for name, options in CASES.items()}
    if processes().leads:
        print(json.dumps(found))


if __name__ == '__main__':
    main()
