"""The training loss of a report, and of the last one, which may come soon after another."""

import json
import math

import numpy as np
import pytest
from helpers import SONNETS
from kept import begin, contents, log_of, one_by_one, run_to

import fastrnn
from fastrnn.training.figures import Figures

TEXT = SONNETS.read_text(encoding='utf-8')
OPTIONS = {'hidden_size': 10, 'seq_length': 5, 'seed': 0, 'engine': 'batched', 'streams': 2, 'sample_length': 0}
OPTIONS |= {'learning_rate': 0.01, 'print_every': 20}


def lasts(monkeypatch, iterations, **options):
    """The last report's loss, in nats, and all losses."""
    one_by_one(monkeypatch)
    records = list(fastrnn.train(TEXT, iterations=iterations, **OPTIONS | options))
    assert records[-1].report and records[-1].last
    return records[-1].mean_loss, [record.loss for record in records]


@pytest.mark.parametrize(('iterations', 'covered'), [(61, 21), (69, 29), (70, 10), (79, 19), (80, 20), (9, 9)])
def test_a_short_remainder_joins_the_last_report(monkeypatch, iterations, covered):
    """If it is shorter than half an interval."""
    figure, losses = lasts(monkeypatch, iterations)
    assert figure == pytest.approx(np.mean(losses[-covered:]), rel=1e-12)


@pytest.mark.parametrize(('every', 'iterations', 'covered'), [(19, 62, 5 + 19), (11, 46, 2 + 4 + 7)])
def test_with_validations_between(monkeypatch, every, iterations, covered):
    """Validations are reports too. A remainder may join several short ones."""
    figure, losses = lasts(monkeypatch, iterations, validate_every=every, validation=0.2)
    assert len(losses) == iterations and figure == pytest.approx(np.mean(losses[-covered:]), rel=0.2)


def test_an_interruption_does_not_change_it(tmp_path, monkeypatch):
    one_by_one(monkeypatch)
    options = {'iterations': 59, 'print_every': 7, 'validate_every': 1000}
    run_to(begin(tmp_path / 'whole', 'fast', **options))
    for stop in (50, 55, 56, 57, 58):
        run_to(begin(tmp_path / f'run{stop}', 'fast', **options), stop)
        run_to(fastrnn.resume(tmp_path / f'run{stop}'))
        assert contents(tmp_path / f'run{stop}') == contents(tmp_path / 'whole')
    log = log_of(tmp_path / 'whole')
    losses = [r.loss for r in run_to_all(tmp_path / 'again', options)]
    assert log[-1]['train'] == pytest.approx(sum(losses[49:59]) / 10 / 8 / math.log(2))


def run_to_all(folder, options):
    with begin(folder, 'fast', **options) as session:
        return list(session)


def test_a_run_by_time(monkeypatch):
    """The same rule if the last iteration is not known in advance."""
    one_by_one(monkeypatch)
    records = list(fastrnn.train(TEXT, time=0.3, **OPTIONS))
    losses, n = [record.loss for record in records], len(records)
    covered = n % 20 if n % 20 >= 10 or n < 20 else n % 20 + 20
    assert records[-1].mean_loss == pytest.approx(np.mean(losses[-(covered or 20) :]), rel=1e-12)


def test_the_gists_reports_are_unchanged(monkeypatch):
    one_by_one(monkeypatch)
    options = {name: OPTIONS[name] for name in ('hidden_size', 'seq_length', 'seed')}
    *_, last = fastrnn.train(TEXT, iterations=104, **options)
    losses = [record.loss for record in fastrnn.train(TEXT, iterations=104, **options)]
    assert last.mean_loss == pytest.approx(np.mean(losses[-3:]))


def test_a_state_of_an_earlier_version():
    """It does not store what the last report covered; the first report after it does."""
    figures = Figures(loss_sum=6.0, losses=2)
    assert figures.closing_mean(20) == 3.0
    figures.report(20)
    figures.add(np.array([9.0]))
    assert figures.closing_mean(20) == 5.0 and json.dumps(figures.report_losses) == '2'
