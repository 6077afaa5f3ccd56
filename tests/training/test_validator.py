"""Validations of a long held-out text read the same part of it; the last one reads everything."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from decisions import job_of
from helpers import SONNETS
from kept import contents, log_of, one_by_one, run_to

import fastrnn
from fastrnn.inference.evaluate import bits, nats
from fastrnn.inference.held_out import HeldOut, spans_in, spans_of
from fastrnn.model.architecture import Architecture
from fastrnn.model.params import Params
from fastrnn.model.run_files import BEST
from fastrnn.runs.curves import read_run
from fastrnn.settings.config import preset
from fastrnn.training.best import InMemory
from fastrnn.training.blocks import Block
from fastrnn.training.figures import Figures
from fastrnn.training.validator import Validator

TEXT = SONNETS.read_text(encoding='utf-8')
OVERFIT = {'engine': 'batched', 'hidden_size': 16, 'seq_length': 8, 'streams': 3, 'dtype': 'float32', 'seed': 3}
OVERFIT |= {'optimizer': 'adam', 'learning_rate': 0.03, 'init': 'scaled', 'iterations': 200}
OVERFIT |= {'print_every': 20, 'validate_every': 10, 'sample_length': 30, 'validate_part': 90}


def kept(folder, **others):
    return fastrnn.start(folder, SONNETS, validation=0.3, save_every=15, **OVERFIT | others)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp('part') / 'run'
    run_to(kept(folder))
    return folder


@pytest.mark.parametrize(('n', 'part'), [(100, 7), (1000, 999), (5000, 600), (20_000, 16_384), (123_457, 40_000)])
def test_the_part_is_spread_over_the_text(n, part):
    begins, ends = spans_of(n, part)
    assert begins.size == spans_in(part) == min(64, max(1, part // 256))
    assert begins[0] == 0 and ends[-1] <= n and (ends - begins).sum() == part
    assert (np.diff(begins) >= (ends - begins)[:-1]).all() and (ends > begins).all()
    assert begins[-1] >= n * (begins.size - 1) // begins.size


def test_the_bits_of_a_part():
    """About those of the same characters in the whole text, because a model forgets what came long before."""
    rng = np.random.default_rng(0)
    params, ids = Params(Architecture('rnn', 1, 20, 9), 'float64'), rng.integers(0, 9, 6000).astype(np.uint8)
    params.flat[:] = rng.standard_normal(params.flat.size) * 0.2
    held_out, expected = HeldOut(ids, 2000, 1), nats(params, ids)
    for _ in range(2):
        reading = held_out.read(params, whole=False)
        while reading.read_piece():
            pass
        begins, ends = spans_of(5999, 2000)
        found = np.concatenate([expected[a:b] for a, b in zip(begins, ends, strict=True)])
        assert reading.characters == found.size == 2000
        assert reading.bits == pytest.approx(found.mean() / np.log(2), abs=1e-4)
    reading = held_out.read(params, whole=True)
    while reading.read_piece():
        pass
    assert reading.characters == 5999 and reading.bits == pytest.approx(bits(params, ids), abs=1e-12)
    held_out.close()


PARAMS = Params(Architecture('rnn', 1, 2, 60), 'float64')


def taken(figures, *bits, validator=None, iteration=200):
    """A validator's result for readings with these bits: of the part, with the last model, with the best one."""
    validator = validator or Validator(job_of(iterations=200, validate_part=90), None, InMemory())
    readings = [SimpleNamespace(bits=value, characters=90 if k == 0 else 400) for k, value in enumerate(bits)]
    return validator.take(Block(0.0, 0.1, None, readings), PARAMS, figures, iteration, 0.0)


def test_which_model_is_the_best():
    """By the part during the run; at its end by the whole text, with comparable bits of the part."""
    figures = Figures()
    for iteration, value, best in ((10, 3.0, 3.0), (20, 2.0, 2.0), (30, 2.5, 2.0)):
        assert taken(figures, value, iteration=iteration) == ((value, 90, value), best)
    assert (figures.best, figures.best_iteration, figures.best_whole) == (2.0, 20, None)
    assert taken(figures, 2.1, 2.4, 2.3) == ((2.4, 400, 2.1), 2.3)  # the earlier one is better there too
    assert (figures.best, figures.best_iteration, figures.best_whole) == (2.0, 20, 2.3)
    assert taken(figures, 2.1, 2.2, iteration=300) == ((2.2, 400, 2.1), 2.2)  # the last one is better on the whole text
    assert (figures.best, figures.best_iteration, figures.best_whole) == (2.1, 300, 2.2)


def test_a_new_best_replaces_a_lost_one():
    validator, figures = Validator(job_of(iterations=200), None, InMemory()), Figures(best=2.0, best_iteration=10)
    with pytest.warns(RuntimeWarning, match='the last model'):
        assert validator.best(figures) is None and validator.lost
    taken(figures, 2.5, validator=validator)
    assert validator.lost
    taken(figures, 1.5, validator=validator)
    assert not validator.lost and validator.best(figures) == PARAMS


def test_models_are_compared_on_the_same_characters():
    """By the part during the run; at its end the last and the best model are evaluated on the whole text."""
    run = fastrnn.train(TEXT, validation=0.3, **OVERFIT)
    records = [record for record in run if record.validation is not None]
    *before, last = records
    assert len(records) == 20 and all(r.validated == 90 and r.validation == r.validation_part for r in before)
    assert [r.best for r in before] == np.minimum.accumulate([r.validation for r in before]).tolist()
    assert last.validated == run.text.held_out.size - 1 and last.validation == bits(run.model.params, run.text.held_out)
    best = run.best_model
    assert run.figures.best_iteration < 200
    assert run.figures.best == min(r.validation_part for r in records)
    assert last.best == run.figures.best_whole == bits(best.params, run.text.held_out) < last.validation
    assert last.facts['validated'] == last.validated and last.facts['validation_part'] == last.validation_part


@pytest.mark.parametrize('part', [60, 90])
def test_the_better_one_on_the_whole_text_is_the_best(tmp_path, part):
    """Even if the part says otherwise; here it is the last one."""
    with kept(tmp_path / 'run', learning_rate=0.01, validate_part=part) as run:
        records = [record for record in run if record.validation is not None]
    last, lowest = records[-1], min(records, key=lambda record: record.validation_part)
    assert lowest is not last and run.run.figures.best_iteration == 200
    assert run.run.figures.best == last.validation_part > lowest.validation_part
    assert last.best == last.validation == bits(run.model.params, run.run.text.held_out)
    assert fastrnn.load_model(tmp_path / 'run').params == run.model.params == run.best_model.params


@pytest.mark.parametrize('stops', [(7, 161), (199,), (33, 120, 198)])
def test_interrupted_anywhere(tmp_path, monkeypatch, whole, stops):
    one_by_one(monkeypatch)
    run_to(kept(tmp_path / 'run'), stops[0])
    for stop in (*stops[1:], None):
        run_to(fastrnn.resume(tmp_path / 'run'), stop)
    assert contents(tmp_path / 'run') == contents(whole)


def test_files_have_the_part_and_the_whole(tmp_path, monkeypatch, whole):
    """The log, the model and a picture distinguish the bits of the part and of the whole text."""
    log = log_of(whole)
    validated = [line['validated'] for line in log if line['validation'] is not None]
    assert validated[:-1] == [90] * 19 and validated[-1] > 90 and log[-1]['validation_part'] != log[-1]['validation']
    about = fastrnn.load_model(whole).about
    assert about.part is None and about.bits == round(log[-1]['best'], 4) and about.held_out
    at_once = fastrnn.load_model(whole / BEST).about
    assert (at_once.part, at_once.bits) == (90, round(min(line['best'] for line in log[:-1]), 4))
    curve = read_run(whole)
    assert curve.facts.part == 90 and np.nanmax(curve.points.validation[-1]) == log[-1]['validation_part']
    one_by_one(monkeypatch)
    session = run_to(kept(tmp_path / 'run'), 95)
    session.save(tmp_path / 'model')
    assert fastrnn.load_model(tmp_path / 'model').about.part == fastrnn.load_model(tmp_path / 'run').about.part == 90


def test_patience_ends_a_run_with_the_whole_text(tmp_path):
    run = run_to(kept(tmp_path / 'run', patience=3, iterations=1000)).run
    assert run.ended_early and log_of(tmp_path / 'run')[-1]['validated'] == run.text.held_out.size - 1
    run_to(fastrnn.resume(tmp_path / 'run', patience=5))
    assert log_of(tmp_path / 'run')[-1]['best'] == bits(run.best_model.params, run.text.held_out)


def test_resuming_without_the_best_model(tmp_path, monkeypatch):
    one_by_one(monkeypatch)
    run_to(kept(tmp_path / 'run'), 199)
    (tmp_path / 'run' / BEST).unlink()
    with fastrnn.resume(tmp_path / 'run') as session, pytest.warns(RuntimeWarning, match='the last model'):
        *_, last = session
    assert last.best is None and last.validated > 90 and last.sample is not None


def test_runs_of_earlier_versions_read_all(tmp_path):
    """Their config.json has the interval, but no part."""
    run_to(kept(tmp_path / 'run', validate_part=None), 33)
    path = tmp_path / 'run' / 'config.json'
    facts = json.loads(path.read_text())
    assert facts['job'].pop('validate_part') is None
    path.write_text(json.dumps(facts))
    run_to(kept(tmp_path / 'whole', validate_part=None))
    session = run_to(fastrnn.resume(tmp_path / 'run'))
    assert session.run.job.validate_part is None and contents(tmp_path / 'run') == contents(tmp_path / 'whole')
    assert session.run.figures.best_whole is None


def test_default_validations(monkeypatch):
    """At least eight, at equal intervals, wherever the run ends."""
    options = {'hidden_size': 16, 'seq_length': 16, 'sample_length': 0, 'seed': 0, 'validation': 0.5}
    run = fastrnn.train(TEXT * 40, config=None, preset='fast', iterations=300, **options)
    records = [record for record in run if record.validation is not None]
    at = [record.iteration + 1 for record in records]
    assert len(at) >= 8 and len(set(np.diff(at[:-1]))) == 1 and at[0] <= 40 and at[-1] == 300
    assert run.job.validate_part == records[0].validated < records[-1].validated
    assert preset('fast').validate_part is None
