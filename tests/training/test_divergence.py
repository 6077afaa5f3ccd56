"""Runs in a folder that diverge roll back to the last good checkpoint at half the rate, always in the same way."""

import json
import re
import warnings
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from decisions import job_of
from helpers import SONNETS, progress_record
from kept import begin, contents, finite, iterations, log_of, one_by_one, run_to
from models import model_of

import fastrnn
from fastrnn.training import clock, divergence
from fastrnn.training import run as trainer

EXPLODING = {  # each diverges soon after the start, and is rolled back at least once
    'exact': {'learning_rate': 100.0, 'iterations': 40},
    'reference': {'learning_rate': 100.0, 'iterations': 40},
    'fast': {'learning_rate': 0.2, 'weight_decay': 99.0, 'schedule': 'constant', 'iterations': 40},
    'lstm': {'learning_rate': 1.0, 'weight_decay': 99.0, 'schedule': 'constant', 'iterations': 40},
}


@pytest.fixture(autouse=True)
def short_beginning(monkeypatch):
    monkeypatch.setattr(divergence, 'BEGINNING', 0)


def rollbacks(folder):
    return [record for record in log_of(folder) if record.get('event') == 'rollback']


def trained(*, well=False):
    """The parts of a run on 60 characters (guessing: 5.9 bits); ``well``: it predicts its training text."""
    model = model_of(''.join(map(chr, range(60))))
    model.params.flat[:] = 0
    model.params.by[0] = 50.0 if well else 0.0
    text = SimpleNamespace(corpus=SimpleNamespace(ids=np.zeros(100, np.uint8)))
    return SimpleNamespace(job=job_of(), text=text, iteration=5000, engine=SimpleNamespace(params=model.params))


@pytest.mark.parametrize(('best', 'limit'), [(2.0, 3.0), (4.4, 5.4), (4.5, 2 * np.log2(60)), (None, 2 * np.log2(60))])
def test_the_limit_of_a_validation(best, limit):
    """A bit above the best of a model that has learned something; twice the bits of guessing for others."""
    run, worst = trained(), trained()
    worst.engine.params.by[1] = 50.0  # it does not predict the training text
    divergence.check_divergence(worst, progress_record(validation=limit - 0.01, best=best))
    with pytest.raises(fastrnn.Diverged, match=r'^the validation is \d+\.\d+ bits per character at iteration 4999: '):
        divergence.check_divergence(worst, progress_record(validation=limit + 0.01, best=best))
    if best is not None and best < 4.45:
        with pytest.raises(fastrnn.Diverged):
            divergence.check_divergence(run, progress_record(validation=limit + 0.01, best=best))
    divergence.check_divergence(trained(well=True), progress_record(validation=limit + 9.0, best=best))  # overfitting


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
def test_a_rollback_removes_the_diverged_part(tmp_path, monkeypatch):
    """Its checkpoints are removed, but its time counts. NaN comes once, at iteration 17."""
    ticks, check, seen = count(1), trainer.check_finite, []

    def broken(losses, n, job, *, stop):
        return check(losses if n != 17 or job.halvings else losses * np.nan, n, job, stop=stop)

    def close(run):
        closed.append(run)
        close_run(run)

    closed, close_run = [], trainer.Run.close
    monkeypatch.setattr(trainer.Run, 'close', close)
    monkeypatch.setattr(trainer, 'check_finite', broken)
    monkeypatch.setattr(clock, 'time', SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    one_by_one(monkeypatch)
    with begin(tmp_path / 'run', keep=9) as session:
        before = session.run
        for record in session:
            if session.job.halvings:
                break
            seen.append((record.seconds, iterations(tmp_path / 'run')))
        assert record.iteration == 11 and seen[-1][1] == [0, 5, 10, 11, 15]
        assert iterations(tmp_path / 'run') == [0, 5, 10, 11]
        assert record.seconds > seen[-1][0] + 1
        assert closed == [before] and session.run is not before and session.run.lock is session.lock
        assert session.best_model.params == fastrnn.load_model(tmp_path / 'run').params != session.model.params
    assert [event['to'] for event in rollbacks(tmp_path / 'run')] == [11]


@pytest.mark.parametrize('name', EXPLODING)
@pytest.mark.parametrize('validation', [None, 0.2])
def test_rolled_back(tmp_path, name, validation):
    with pytest.warns(RuntimeWarning, match=r'inf or NaN|is \d+\.\d+ bits') as caught:
        ended = run_to(begin(tmp_path / 'run', name, validation=validation, **EXPLODING[name]))
    events = rollbacks(tmp_path / 'run')
    rate = EXPLODING[name]['learning_rate']
    assert [event['learning_rate'] for event in events] == [rate / 2 ** (k + 1) for k in range(len(events))]
    assert all(event['to'] < event['iteration'] for event in events)
    assert 0 < len(events) == len(caught) and ended.run.job.halvings == len(events)
    assert str(caught[0].message) == (
        f'{events[0]["reason"]}; rolled back to iteration {events[0]["to"]} at half the learning rate, {rate / 2:g}'
    )
    assert ended.run.over and finite(tmp_path / 'run')
    assert np.isfinite(ended.run.engine.params.flat).all()


@pytest.mark.parametrize('name', EXPLODING)
@pytest.mark.parametrize('stops', [(1, 3, 4, 6, 9, 13), tuple(range(2, 39, 2))])
@pytest.mark.filterwarnings('ignore::RuntimeWarning')
def test_interrupted_around_rollbacks(tmp_path, monkeypatch, name, stops):
    """Interrupted and resumed, the run equals the uninterrupted one."""
    run_to(begin(tmp_path / 'whole', name, **EXPLODING[name]))
    one_by_one(monkeypatch)
    run_to(begin(tmp_path / 'run', name, **EXPLODING[name]), stops[0])
    for stop in [*stops[1:], None]:
        run_to(fastrnn.resume(tmp_path / 'run'), stop)
    assert len(rollbacks(tmp_path / 'run')) > 0
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


def test_a_validation_that_diverges(tmp_path):
    """All numbers stay finite; Adam's rate is far too high."""
    run = begin(tmp_path / 'run', 'fast', iterations=120, learning_rate=5.0, clip_norm=None, schedule='constant')
    with pytest.warns(
        RuntimeWarning, match=r'the validation is .* bits per character at iteration \d+; rolled back to'
    ):
        run_to(run)
    events = rollbacks(tmp_path / 'run')
    assert events and all('validation' in event['reason'] for event in events)


def test_a_learned_model_is_not_lost(tmp_path):
    """A rate that keeps rising: the validation gets a bit worse than the best, and the run rolls back."""
    rising = {'learning_rate': 1.0, 'warmup': 0.99, 'schedule': 'constant', 'clip_norm': None, 'iterations': 1500}
    with pytest.warns(RuntimeWarning, match=r'the validation is'):
        run_to(begin(tmp_path / 'run', 'fast', **rising, validate_every=20, save_every=20))
    log = log_of(tmp_path / 'run')
    at = next(k for k, record in enumerate(log) if 'event' in record)
    chance = np.log2(42)
    assert log[at - 1]['best'] < divergence.LEARNED * chance
    assert log[at - 1]['best'] + divergence.DIVERGED_BY < log[at - 1]['validation'] < 2 * chance


def test_the_gists_first_steps_are_not_divergence(tmp_path, monkeypatch):
    """Their bits rise far above guessing, and fall again."""
    monkeypatch.undo()
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        run_to(begin(tmp_path / 'run', hidden_size=100, seq_length=25, iterations=150, validate_every=2))
    assert max(record['validation'] or 0 for record in log_of(tmp_path / 'run')) > 8


def test_overfitting_is_not_divergence(tmp_path):
    """The validation rises by bits while the training loss falls."""
    sizes = {'hidden_size': 48, 'iterations': 3000, 'weight_decay': 0.0, 'learning_rate': 0.01, 'schedule': 'constant'}
    run = begin(tmp_path / 'run', 'fast', validation=0.6, validate_every=500, save_every=500, **sizes)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        run_to(run)
    last = log_of(tmp_path / 'run')[-1]
    assert last['validation'] > last['best'] + divergence.DIVERGED_BY
    assert last['train'] < 1.0


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
def test_rollbacks_have_a_limit(tmp_path, monkeypatch):
    """A run that keeps diverging ends with an error; its last good checkpoint stays."""
    check = trainer.check_finite

    def broken(losses, n, job, *, stop):
        return check(np.where(np.arange(n, n + losses.size) == 17, np.nan, losses), n, job, stop=stop)

    monkeypatch.setattr(trainer, 'check_finite', broken)
    with pytest.raises(fastrnn.Diverged, match=r'NaN at iteration 17, .*\(rolled back 10 times already\)$'):
        run_to(begin(tmp_path / 'run'))
    assert len(rollbacks(tmp_path / 'run')) == 10
    assert contents(tmp_path / 'run')[1][1][3] == 15


@pytest.mark.parametrize('name', ['exact', 'reference', 'fast'])
def test_stopping_instead(tmp_path, cli, name):
    options = []
    for key, value in (
        EXPLODING[name] | {'learning_rate': 1e5, 'weight_decay': 0, 'engine': name, 'seed': 3, 'on_divergence': 'stop'}
    ).items():
        options += [f'--{key.replace("_", "-")}', value]
    code, _, err = cli('train', SONNETS, *options, '--hidden-size', 16, '--seq-length', 8, '--out', tmp_path / 'run')
    assert (
        code == 3
        and re.match('error: (the loss is inf or NaN at iteration|the training loss is|probabilities contain NaN)', err)
        and err.count('\n') == 1
    )
    assert contents(tmp_path / 'run')[1][1][3] == 0 and finite(tmp_path / 'run')


@pytest.mark.parametrize('engine', ['exact', 'batched'])
def test_rollbacks_are_printed(tmp_path, cli, engine):
    """On standard error, with any output format."""
    args = [
        '--engine',
        engine,
        '--seed',
        3,
        '--learning-rate',
        150 if engine == 'exact' else 0.2,
        '--hidden-size',
        16,
        '--iterations',
        40,
    ]
    args += ['--seq-length', 8]
    if engine == 'batched':
        args += ['--optimizer', 'adam', '--weight-decay', 99]
    code, out, err = cli('train', SONNETS, *args, '--out', tmp_path / 'run')
    assert code == 0
    assert err.startswith('warning: the ')
    warned = [line for line in err.splitlines() if not line.startswith('iter 39, loss: ')]
    assert len(warned) >= err.count('\n') - 1
    assert all('; rolled back to iteration 0 at half the learning rate, ' in line for line in warned)
    code, out, err = cli('train', SONNETS, *args, '--out', tmp_path / 'json', '--json')
    assert code == 0 and all(json.loads(line) for line in out.splitlines())
