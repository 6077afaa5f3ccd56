"""Sessions in a script, and after an error."""

import json

import pytest
from helpers import SONNETS
from kept import begin, contents, run_to, state_of

import fastrnn
from fastrnn.model.run_files import checkpoints


@pytest.mark.parametrize('name', ['exact', 'fast', 'reference'])
def test_an_error_inside_an_iteration(tmp_path, monkeypatch, name):
    """The session refuses to continue and names resume; the last checkpoint stays."""
    session = run_to_iteration(begin(tmp_path / 'run', name), 30)
    train = session.run.engine.run

    def half(iterations, rates=None):
        train(iterations, rates)
        raise MemoryError

    monkeypatch.setattr(session.run.engine, 'run', half)
    with pytest.raises(MemoryError):
        list(session)
    go_on = rf"resume it with fastrnn\.resume\('.*run'\)$"  # noqa: F541
    with pytest.raises(ValueError, match=r'^it was ended by an error \(MemoryError\): ' + go_on):
        list(session)
    for use in (lambda: session.model, session.run.state):
        with pytest.raises(ValueError, match='the weights are inconsistent'):
            use()
    session.close()
    session.save(tmp_path / 'model')  # the best checkpoint is intact
    assert fastrnn.load_model(tmp_path / 'model').params == fastrnn.load_model(tmp_path / 'run').params
    run_to(begin(tmp_path / 'whole', name))
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


def run_to_iteration(session, iteration):
    for _ in session:
        if session.run.iteration >= iteration:
            return session
    return session


def test_python_sessions(tmp_path):
    """Start, stop, resume; the weights are available."""
    with fastrnn.start(tmp_path / 'run', SONNETS, validation=0.1, hidden_size=16, seq_length=8, iterations=200) as run:
        for record in run:
            if record.iteration == 100:
                break
        assert run.model.params.H == 16
    with fastrnn.resume(tmp_path / 'run') as run:
        assert run.run.iteration == 101
        records = list(run)
    assert records[-1].last and records[-1].iteration == 199
    assert json.loads((tmp_path / 'run' / 'config.json').read_text())['job']['seed'] is not None
    with pytest.raises(ValueError, match=r"^the session is closed: resume it with fastrnn.resume\('.*run'\)$"):
        list(run)


def test_an_error_in_the_loop_loses_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), fastrnn.start(tmp_path / 'run', SONNETS, hidden_size=9, seed=0) as run:
        for record in run:
            1 / (record.iteration - 100)
    assert state_of(checkpoints(tmp_path / 'run')[-1])[1][3] == 101
