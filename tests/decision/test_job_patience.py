"""A run stops early if its held-out bits stay clearly worse than the best, but not if they only scatter."""

import json
from dataclasses import replace

import pytest
from decisions import job_of, settings_of
from helpers import SONNETS, refusal
from kept import begin, contents, log_of, one_by_one, run_to

import fastrnn
from fastrnn.decision.schedule import Segment

TEXT = SONNETS.read_text(encoding='utf-8')
OVERFIT = {'hidden_size': 16, 'seq_length': 8, 'streams': 3, 'learning_rate': 0.03, 'clip_norm': None}
OVERFIT |= {'weight_decay': 0.0, 'iterations': 400, 'validate_every': 10, 'validation': 0.3, 'patience': 5}


def count(values, iterations=1000, every=10):
    """The count after each validation."""
    job, best, worse, counts = job_of(iterations=iterations), None, 0, []
    for k, value in enumerate(values, 1):
        worse = job.count_worse(worse, value, best, k * every, 0.0)
        best = value if best is None else min(best, value)
        counts.append(worse)
    return counts


def test_which_validations_count():
    assert count([3.0, 2.0, 2.1, 2.3, 2.019, 2.1, 2.2, 1.99, 3.0], None) == [0, 0, 1, 2, 0, 1, 2, 0, 1]
    plateau = [2.5, 2.0, *[2.0 + 0.015 * (k % 2) for k in range(80)], 1.9]
    assert set(count(plateau)) == {0}
    overfitting = [2.5, 2.0, *[2.0 + 0.01 * k for k in range(98)]]
    counts = count(overfitting)
    assert counts[:9] == [0] * 9 and counts[9:] == [*range(1, 92)]  # no count in the first tenth
    assert count([2.0, float('nan'), float('inf')], None) == [0, 1, 2]
    assert not job_of().lost_patience(10**9) and not job_of(patience=3).lost_patience(2)
    assert job_of(patience=3).lost_patience(3)


def test_a_new_cycle_counts_only_in_its_last_quarter():
    """While its rate is high, it is worse than the best of the previous cycle."""
    job = job_of(iterations=1000)
    job = replace(job, segments=(*job.segments, Segment('cosine', 200, 0.0, 1000, None)))
    assert [job.count_worse(3, 2.5, 2.0, iteration, 0.0) for iteration in (190, 200, 790, 800)] == [4, 0, 0, 4]


def test_the_last_record_of_an_early_end(tmp_path):
    """It is sampled, evaluated and saved; earlier records equal those of the longer run."""
    session = begin(tmp_path / 'run', 'fast', **OVERFIT)
    *_, last = session
    session.close()
    assert session.run.over and session.run.ended_early and session.run.figures.worse == 5 and last.iteration + 1 < 400
    assert last.last and last.report and last.sample is not None and last.validation > last.best and last.share == 1
    assert next(iter(fastrnn.resume(tmp_path / 'run')), None) is None
    run_to(begin(tmp_path / 'longer', 'fast', **OVERFIT | {'patience': None}))
    longer, shorter = log_of(tmp_path / 'longer'), log_of(tmp_path / 'run')
    assert len(shorter) < len(longer) and shorter[:-1] == longer[: len(shorter) - 1]
    # a larger patience continues as if it had been asked for from the start
    run_to(fastrnn.resume(tmp_path / 'run', patience=100))
    assert contents(tmp_path / 'run')[1:] != contents(tmp_path / 'longer')[1:]  # the log has one more line
    assert log_of(tmp_path / 'run')[-1] == longer[-1] and {'event': 'lengthened', 'iteration': last.iteration + 1} in (
        log_of(tmp_path / 'run')
    )
    assert json.loads((tmp_path / 'run' / 'config.json').read_text())['job']['patience'] == 100


@pytest.mark.parametrize('stop', [-1, -3, -17])
def test_interrupted_before_the_end(tmp_path, monkeypatch, stop):
    run_to(begin(tmp_path / 'whole', 'fast', **OVERFIT))
    end = log_of(tmp_path / 'whole')[-1]['iteration']
    one_by_one(monkeypatch)
    run_to(begin(tmp_path / 'run', 'fast', **OVERFIT), end + stop)
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


@pytest.mark.parametrize('engine', ['exact', 'reference'])
def test_the_gists_engines_end_early_too(engine):
    options = {'hidden_size': 20, 'learning_rate': 0.2, 'validate_every': 20, 'seed': 1, 'validation': 0.3}
    run = fastrnn.train(TEXT, engine=engine, patience=3, **options)  # no end was asked for
    *_, last = run
    assert run.ended_early and last.last and last.iteration + 1 == run.iteration < 600


def test_the_command(cli, tmp_path):
    run = tmp_path / 'run'
    options = ('--engine=batched', '--optimizer=adam', '--hidden-size=16', '--learning-rate=0.03', '--seed=3')
    options += (
        '--streams=3',
        '--seq-length=8',
        '--init=scaled',
        '--iterations=400',
        '--validate-every=10',
        '--schedule=cosine',
    )
    code, _, err = cli('train', SONNETS, *options, '--validation', 0.3, '--patience', 5, '--out', run)
    best = fastrnn.resume(run).run
    at = f'epoch {best.figures.best_iteration / best.job.iterations_per_epoch:.1f}'
    early = f'stopped early: 5 consecutive validations were at least 1% worse than the best ({at})'
    assert (code, err) == (0, f'{early}; --patience sets the number\n')
    for more in ((), ('--iterations', 500)):
        code, _, err = cli('train', '--resume', run, *more)
        again = f'to train on: fastrnn train --resume {run} --patience 10'
        assert (
            code == 0
            and f'{run}: the run {early}; {again}\n' in err
            and 'resumes' not in err
            and err.count('stopped early') == 1
        )
    code, _, err = cli('train', '--resume', run, '--patience', 7)
    assert code == 0 and 'stopped early: 7 consecutive validations' in err and ' resumes from iteration ' in err


def test_refused(cli):
    assert 'add --validation' in refusal(cli, 'train', SONNETS, '--patience', 3)
    words = refusal(cli, 'train', SONNETS, '--validation', 0.1, '--patience', 0)
    assert words == 'patience is 0; it must be a whole number, 1 or more'
    assert settings_of('fast').patience == 10 and settings_of('reference').patience is None
