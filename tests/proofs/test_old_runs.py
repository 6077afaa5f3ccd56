"""Runs that earlier versions kept resume, sample and score for ever: those of 0.1.0 and of the commit 3089190."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import SONNETS
from kept import log_of, state_of

import fastrnn
from fastrnn.model.checkpoint import load_checkpoint, save_checkpoint
from fastrnn.model.run_files import checkpoints

OLD = Path(__file__).parent / 'runs_of_0.1.0'
OF_3089190 = Path(__file__).parent / 'runs_of_3089190'

# What 3089190 itself came to at the end of each run: see digest(). tanh: two layers, dropout, lengthened. gru: Adagrad,
# warm-up, shards. lstm: two layers, lengthened, with a new cycle of another schedule. transferred: from the weights of
# that lstm. preset: what --preset fast --iterations 40 chose. rolled_back: nine times.
DIGESTS = {
    'tanh': '4afebcd917d72703af080258a79003e26c48586a63c44f6cf682fb597504afaf',
    'gru': 'a085092dd1f16d7528e461b2b8ebac6c204a14d9d900a4fc27b8e3ff8b20e4da',
    'lstm': 'b1e6dee0db026125dadd412e2e9e0ba5188c2aaf6655c8877abd410f902edde0',
    'transferred': '83a384855b765974950923371928e3eb778a08a1dc18b9e91ca49d7997b4f915',
    'preset': '85df1d5d3a3ea1fdf5c5cc0290e9168b71f2386b67ea9b9babcab25871529981',
    'rolled_back': '43f7351f98375cb9caa6ad8105c383571466759c91087e7fef22717d48c15d03',
}


@pytest.fixture(params=['exact', 'fast'])
def old(request, tmp_path):
    """A copy of the folder of a run that ended after 40 iterations."""
    return shutil.copytree(OLD / request.param, tmp_path / request.param)


def test_it_resumes(old):
    before = log_of(old)
    with fastrnn.resume(old, SONNETS, iterations=60) as run:
        records = list(run)
    assert records[-1].iteration == 59 and records[-1].last
    assert log_of(old)[: len(before)] == before
    assert state_of(checkpoints(old)[-1])[1][3] == 60
    assert 4 < records[-1].bits_per_character < 6


def test_it_samples_and_scores(old):
    model = fastrnn.load_model(old)
    assert len(''.join(fastrnn.sample(model, 50, seed=0))) == 50
    logged = [json.loads(line)['validation'] for line in (old / 'log.jsonl').read_text().splitlines()]
    text = SONNETS.read_text(encoding='utf-8')
    held_out = text[len(text) * 9 // 10 :]
    expected = min(value for value in logged if value is not None)
    assert fastrnn.evaluate(model, held_out).bits_per_character == pytest.approx(expected, rel=1e-3)


def digest(run):
    """A SHA-256 of a run's last state and of the numbers that it logged: of the same bits on every machine."""
    state = load_checkpoint(checkpoints(run)[-1]).state
    hashed = hashlib.sha256()
    for array in (state.params.flat, state.hidden, *(moment.flat for moment in state.moments.values())):
        hashed.update(array.tobytes())
    numbers = [
        (entry['iteration'], *map(entry.get, ('loss', 'train', 'validation', 'sample'))) for entry in log_of(run)
    ]
    numbers += [(state.iteration, state.position, state.steps, state.halvings, state.best, state.best_iteration)]
    hashed.update(json.dumps(numbers).encode())
    return hashed.hexdigest()


def rewrite(run, lengthened=(), **settings):
    """Write what that version would have written in place of a run's settings."""
    config = json.loads((run / 'config.json').read_text())
    config['config'] |= settings
    config['lengthened'] += lengthened
    (run / 'config.json').write_text(json.dumps(config))


def resumed(name, place, *, engine=None, iterations=None):
    """A copy of a run of 3089190, resumed to its end."""
    run = shutil.copytree(OF_3089190 / name, place / (engine or name))
    if engine is not None:
        rewrite(run, engine=engine)
        last = checkpoints(run)[-1]
        checkpoint = load_checkpoint(last)
        save_checkpoint(last, replace(checkpoint, config={**checkpoint.config, 'engine': engine}))
    if name == 'tanh':  # lengthened by that version, at the last rate of the cosine
        rewrite(run, lengthened=[40], iterations=60, planned=[0, 0.0, 40, None])
    with fastrnn.resume(run, SONNETS, iterations=iterations) as session:
        for _ in session:
            pass
    return run


@pytest.mark.parametrize('name', DIGESTS)
def test_it_resumes_bit_for_bit(name, tmp_path):
    assert digest(resumed(name, tmp_path)) == DIGESTS[name]


def test_the_exact_engine_goes_on_from_it_as_the_reference_does(tmp_path):
    """Its bits are those of this machine's NumPy."""
    exact = resumed('exact', tmp_path, iterations=60)
    assert digest(exact) == digest(resumed('exact', tmp_path, iterations=60, engine='reference'))
