"""Kept runs of a few iterations, and what must be the same however often they were interrupted."""

import json
from pathlib import Path

import numpy as np
from helpers import SONNETS

import fastrnn
from fastrnn.model.checkpoint import load_checkpoint
from fastrnn.model.run_files import BEST, checkpoints
from fastrnn.training import plan

SIZES = {'hidden_size': 16, 'seq_length': 8, 'seed': 3, 'iterations': 60}
EXACT = {**SIZES, 'sample_every': 7, 'sample_length': 20, 'print_every': 4}
FAST = {**SIZES, 'engine': 'batched', 'streams': 3, 'optimizer': 'adam', 'schedule': 'cosine', 'dtype': 'float32'}
FAST |= {
    'print_every': 7,
    'learning_rate': 0.01,
    'clip_norm': 1.0,
    'weight_decay': 0.01,
    'input_rate': 2.0,
    'hidden_decay': 3.0,
    'init': 'scaled',
    'sample_length': 20,
}
ENGINES = {
    'exact': EXACT,
    'reference': {**EXACT, 'engine': 'reference'},
    'fast': FAST,
    'fast Adagrad': {**FAST, 'optimizer': 'adagrad', 'dtype': 'float64', 'weight_decay': 0.0, 'hidden_decay': 1.0},
    'tanh': {**FAST, 'layers': 3, 'dropout': 0.2},
    'gru': {**FAST, 'cell': 'gru', 'dropout': 0.5, 'optimizer': 'adagrad', 'weight_decay': 0.0, 'hidden_decay': 1.0},
    'lstm': {**FAST, 'cell': 'lstm', 'layers': 2, 'dropout': 0.3},
}
CELLS = ('tanh', 'gru', 'lstm')  # those of them that are no gist's model


def options_of(name, **others):
    """Options of a run with reports, validations and checkpoints at odd places."""
    return {**ENGINES[name], 'validate_every': 11, 'save_every': 5, **others}


def begin(folder, name='exact', text=SONNETS, validation=0.2, keep=2, on_divergence='rollback', **others):
    """A session that has not begun to train."""
    options = options_of(name, **others)
    return fastrnn.start(folder, text, validation=validation, keep=keep, on_divergence=on_divergence, **options)


def run_to(session, iteration=None):
    """Train until so many iterations are done (or to the end), then interrupt as Ctrl-C does."""
    with session:
        for _ in session:
            if session.run.iteration == iteration:
                break
    return session


def one_by_one(monkeypatch):
    """Records after each iteration, so that a run can be stopped at any."""
    monkeypatch.setattr(plan, 'BLOCK_SECONDS', 1e-12)


def without_times(value):
    if isinstance(value, dict):
        times = ('seconds', 'characters_per_second')
        return {key: without_times(x) for key, x in value.items() if key not in times}
    return value


def state_of(path):
    """Every bit of a checkpoint, but for the time that it took."""
    checkpoint = load_checkpoint(path)
    state = checkpoint.state
    arrays = [state.params.flat, state.hidden, state.rng['state']['key'], *(m.flat for m in state.moments.values())]
    numbers = [state.position, state.steps, state.smooth_loss, state.iteration, state.halvings, state.best]
    numbers += [state.verified, state.log_lines, state.rng['state']['pos']]
    numbers += [state.loss_sum, state.losses, state.worse, state.best_iteration]
    numbers += [state.best_whole, state.report_sum, state.report_losses]
    return [array.tobytes() for array in arrays], numbers, checkpoint.model.chars


def log_of(folder):
    return [without_times(json.loads(line)) for line in (Path(folder) / 'log.jsonl').read_text().splitlines()]


def contents(folder):
    """What an interrupted run must have in common with one that was not: the log, the last and the best state."""
    folder = Path(folder)
    best = state_of(folder / BEST) if (folder / BEST).exists() else None
    return log_of(folder), state_of(checkpoints(folder)[-1]), best


def iterations(folder):
    return [load_checkpoint(path).state.iteration for path in checkpoints(Path(folder))]


def finite(folder):
    """Whether every number in every checkpoint is."""
    return all(
        np.isfinite(load_checkpoint(path).state.params.flat).all() for path in Path(folder).glob('*.safetensors')
    )
