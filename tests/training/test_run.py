"""A run as an iterator over records, for programs and notebooks."""

import itertools
import math
import warnings

import numpy as np
import pytest
from helpers import SONNETS, exact_losses, same_state
from kept import one_by_one

import fastrnn

TEXT = SONNETS.read_text(encoding='utf-8')
OPTIONS = {'hidden_size': 10, 'seq_length': 5, 'seed': 0, 'threads': 1}


@pytest.mark.parametrize('engine', ['exact', 'reference'])
def test_records(engine):
    records = list(
        fastrnn.train(TEXT, engine=engine, iterations=50, sample_every=20, sample_length=7, print_every=15, **OPTIONS)
    )
    assert [r.iteration for r in records if r.report] == [0, 15, 30, 45]
    assert [r.iteration // 20 * 20 for r in records if r.sample is not None] == [0, 20, 40]
    assert all(len(r.sample) == 7 and set(r.sample) <= set(TEXT) for r in records if r.sample is not None)
    assert records[-1].iteration == 49
    losses, _ = exact_losses(TEXT, iterations=50, **OPTIONS)
    smooth, total, count = -np.log(1.0 / len(set(TEXT))) * 5, 0.0, 0
    for n, loss in enumerate(losses):
        smooth, total, count = smooth * 0.999 + loss * 0.001, total + loss, count + 1
        for record in (r for r in records if r.iteration == n):
            assert record.loss == loss and record.smooth_loss == smooth
            assert record.characters == (n + 1) * 5
            assert math.isclose(record.bits_per_character, total / count / 5 / math.log(2))
            assert math.isclose(record.smooth_bits_per_character, smooth / 5 / math.log(2))
        if n % 15 == 0:  # a report
            total, count = 0.0, 0
    seconds = [record.seconds for record in records]
    assert seconds == sorted(seconds) and seconds[0] >= 0


def test_the_training_figure_is_the_mean_since_the_last_report(monkeypatch):
    """Summed in order, so that block ends change no bits; a record in between has the mean so far."""
    options = {**OPTIONS, 'engine': 'batched', 'streams': 2, 'learning_rate': 0.01, 'validation': 0.1}
    options |= {'print_every': 20, 'validate_every': 50, 'iterations': 90, 'sample_length': 0}
    in_large_blocks = {record.iteration: record.mean_loss for record in fastrnn.train(TEXT, **options)}
    one_by_one(monkeypatch)
    total, count = 0.0, 0
    for record in fastrnn.train(TEXT, **options):
        total, count = total + record.loss, count + 1
        assert record.mean_loss == total / count == in_large_blocks.get(record.iteration, record.mean_loss)
        assert record.facts['train'] == record.mean_loss / (5 * math.log(2))
        assert record.report == (record.iteration + 1 in (20, 40, 50, 60, 80, 90))
        if record.report:
            total, count = 0.0, 0


def test_without_an_end_it_trains_until_stopped():
    """Records come regularly even without reports; leaving the loop ends the run."""
    records = fastrnn.train(TEXT, print_every=10**9, sample_every=10**9, **OPTIONS)
    iterations = [record.iteration for record in itertools.islice(records, 4)]
    records.close()
    assert iterations[0] == 0 and iterations == sorted(set(iterations))


def test_without_a_seed_runs_differ():
    losses = {next(fastrnn.train(TEXT, iterations=1)).loss for _ in range(2)}
    assert len(losses) == 2


def test_the_callers_generator_is_not_used():
    before = np.random.get_state()
    list(fastrnn.train(TEXT, iterations=20, sample_every=5, **OPTIONS))
    assert same_state(np.random.get_state(), before)


def test_diverged_is_a_value_error():
    run = fastrnn.train(TEXT, learning_rate=1e4, sample_every=50, iterations=100, **OPTIONS)
    with warnings.catch_warnings(), pytest.raises(fastrnn.Diverged, match='take a smaller learning rate'):
        warnings.simplefilter('ignore')
        list(run)
    assert issubclass(fastrnn.Diverged, ValueError)


def test_the_warning_points_at_the_caller():
    with pytest.warns(RuntimeWarning, match='the loss is inf or NaN from iteration 1 on') as caught:
        list(fastrnn.train(TEXT, learning_rate=1e4, iterations=30, sample_length=0, **OPTIONS))
    assert [warning.filename for warning in caught] == [__file__]


def test_an_error_in_memory(monkeypatch):
    run = fastrnn.train(SONNETS, seed=0, hidden_size=8, iterations=300)
    next(run)
    monkeypatch.setattr(run.engine, 'run', lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        next(run)
    with pytest.raises(ValueError, match=r'^it was ended by an error \(division by zero\): start again; runs in a'):
        next(run)


def test_a_run_needs_a_job():
    """Before version 0.2 it took a text."""
    with pytest.raises(TypeError, match=r'^a Run needs a Job, not a str: call fastrnn\.train$'):
        fastrnn.Run('abcab' * 40, None)
