"""With held-out text, the best model is saved, sampled and returned, even if it is not the last."""

import warnings

import numpy as np
import pytest
from helpers import SONNETS
from kept import contents, log_of, one_by_one, run_to

import fastrnn
from fastrnn.engines.batched_streams import BatchedStreams
from fastrnn.inference.evaluate import bits
from fastrnn.model.run_files import BEST
from fastrnn.training.run import Run

TEXT = SONNETS.read_text(encoding='utf-8')
OVERFIT = {'engine': 'batched', 'hidden_size': 16, 'seq_length': 8, 'streams': 3, 'dtype': 'float32', 'seed': 3}
OVERFIT |= {'optimizer': 'adam', 'learning_rate': 0.03, 'init': 'scaled', 'iterations': 150}
OVERFIT |= {'print_every': 20, 'validate_every': 10, 'sample_length': 30}


def overfit(**options):
    """A run in memory whose best validation is not its last."""
    return fastrnn.train(TEXT, validation=0.3, **OVERFIT | options)


def kept(folder):
    return fastrnn.start(folder, SONNETS, validation=0.3, save_every=15, **OVERFIT)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp('best') / 'run'
    run_to(kept(folder))
    return folder


def test_in_memory(tmp_path, whole):
    run = overfit()
    first = next(run)
    assert first.validation is not None or run.best_model.params == run.model.params
    records = [first, *run]
    validations = {r.iteration + 1: r.validation for r in records if r.validation is not None}
    assert run.figures.best == min(validations.values()) == validations[run.figures.best_iteration] < validations[150]
    best = run.best_model
    assert bits(best.params, run.text.held_out) == run.figures.best
    assert bits(run.model.params, run.text.held_out) == validations[150]
    run.save(tmp_path / 'model')
    assert fastrnn.load_model(tmp_path / 'model').params == best.params
    assert overfit().watch().params == best.params == fastrnn.load_model(whole).params
    best.params.flat[:] = 0  # a copy
    assert run.best_model.params != best.params
    # a run in a folder ends with the same sample
    assert records[-1].sample == log_of(whole)[-1]['sample']
    ending_there = overfit(iterations=run.figures.best_iteration)
    assert list(ending_there)[-1].best == run.figures.best and ending_there.model.params == run.best_model.params


@pytest.mark.parametrize('cell', ['rnn', 'lstm'])
def test_the_last_sample_is_from_the_best_model(cell):
    """It reads the last 256 characters before the end of the training, and continues them."""
    run = overfit(cell=cell, streams=1, iterations=480, validate_every=80)
    *_, last = run
    state, rng = run.state(), np.random.RandomState()
    rng.set_state(state.rng)
    assert run.figures.best_iteration < 480 and state.position > 256
    stream = BatchedStreams(run.best_model.params)
    stream.read(run.text.corpus.ids[state.position - 256 : state.position + 1])
    assert last.sample == run.text.corpus.text(stream.draw(rng, 30)[:, 0])


@pytest.mark.parametrize('stops', [(7, 95), (149,), (33, 34, 120, 148)])
def test_interrupted_anywhere(tmp_path, monkeypatch, whole, stops):
    """The last sample also equals that of the uninterrupted run."""
    one_by_one(monkeypatch)
    run_to(kept(tmp_path / 'run'), stops[0])
    for stop in (*stops[1:], None):
        run_to(fastrnn.resume(tmp_path / 'run'), stop)
    assert contents(tmp_path / 'run') == contents(whole)


def test_an_extended_run_samples_again_from_its_best(tmp_path, whole):
    with kept(tmp_path / 'run') as session, warnings.catch_warnings():
        warnings.simplefilter('error')
        model = session.watch()
        assert model.params == session.best_model.params == fastrnn.load_model(whole).params != session.model.params
    session.save(tmp_path / 'model')  # from the folder, after closing
    assert fastrnn.load_model(tmp_path / 'model').params == model.params
    run_to(fastrnn.resume(tmp_path / 'run', iterations=200))
    assert fastrnn.load_model(tmp_path / 'run').params == model.params
    assert log_of(tmp_path / 'run')[-1]['sample'] != log_of(whole)[-1]['sample']  # at another place


@pytest.mark.parametrize('harm', ['gone', 'damaged', 'of another run'])
def test_a_missing_best_model(tmp_path, monkeypatch, harm):
    one_by_one(monkeypatch)
    session = run_to(kept(tmp_path / 'run'), 149)
    best = tmp_path / 'run' / BEST
    if harm == 'gone':
        best.unlink()
    elif harm == 'damaged':
        best.write_bytes(best.read_bytes()[:-8])
    else:
        best.write_bytes(next((tmp_path / 'run').glob('checkpoint-000000149*')).read_bytes())
        session.run.figures.best = 1.0
    session.run.figures.best_whole = 1.5
    with pytest.warns(RuntimeWarning, match=r'best\.safetensors: .*; using the last model instead$') as caught:
        assert session.best_model.params == session.model.params
    assert '\n' not in str(caught[0].message)
    with pytest.warns(RuntimeWarning, match='using the last model'):
        session.save(tmp_path / 'model')
    about = fastrnn.load_model(tmp_path / 'model').about
    assert not about.held_out and about.iterations == session.run.iteration != session.run.figures.best_iteration
    assert about.bits > 2


def test_a_run_that_continues_from_a_state(tmp_path):
    """It has the figures of the best model, but not its weights."""
    first, other = overfit(), overfit()
    list(first)
    other = Run(other.job, other.text, state=first.state())
    with pytest.warns(RuntimeWarning, match='the best validation are not in memory; using the last model'):
        assert other.best_model.params == other.model.params != first.best_model.params
        other.save(tmp_path / 'model')
    about = fastrnn.load_model(tmp_path / 'model').about
    assert not about.held_out and about.iterations == 150


def test_without_held_out_text_the_best_is_the_last():
    run = fastrnn.train(TEXT, **OVERFIT)
    for record in run:
        assert run.best_model.params == run.model.params and record.best is None
    assert np.isfinite(run.best_model.params.flat).all()


def test_the_best_is_printed(cli, tmp_path):
    """In one line, if it is not the last validation; the gist's standard output stays the same."""
    options = [f'--{name.replace("_", "-")}={value}' for name, value in OVERFIT.items()]
    code, out, err = cli('train', SONNETS, *options, '--validation', 0.3, '--save', tmp_path / 'm.safetensors')
    run = overfit()
    list(run)
    epoch = run.figures.best_iteration / run.job.iterations_per_epoch
    line = f'best val {run.figures.best:.3f} (epoch {epoch:.1f}); sample and m.safetensors are from it'
    assert (code, err) == (0, '') and out.endswith(f'\n----\n{line}\n') and len(line) <= 80
    folder = tmp_path / 'run'
    code, out, err = cli('train', SONNETS, *options, '--validation', 0.3, '--out', folder)
    assert out.endswith(f'\n----\n{line.split(";")[0]}; sample is from it\n')
    code, out, err = cli('train', '--resume', folder, '--save', tmp_path / 'again')
    assert out.endswith('; again is from it\n') and 'sample' not in out
    assert (tmp_path / 'again').read_bytes() == (tmp_path / 'm.safetensors').read_bytes()
    code, out, err = cli('train', SONNETS, *options, '--save', tmp_path / 'm.safetensors')
    assert (code, err) == (0, '') and out.endswith('\n----\n')
    options = ('--hidden-size', 20, '--learning-rate', 0.2, '--iterations', 240, '--validate-every', 60, '--seed', 1)
    code, out, err = cli('train', SONNETS, *options, '--validation', 0.3, '--save', tmp_path / 'gist')
    assert cli('train', SONNETS, *options, '--validation', 0.3)[1] == out and 'best' not in out
    assert err.splitlines()[-1].startswith('best val ') and err.endswith('; gist is from it\n')
