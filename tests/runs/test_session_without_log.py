"""A log that can't be written: the run continues, and its checkpoints store the records."""

import errno
import warnings

import pytest
from kept import begin, contents, one_by_one, run_to

import fastrnn
from fastrnn.model.checkpoint import load_checkpoint
from fastrnn.model.run_files import checkpoints
from fastrnn.runs.log import Log

WORDS = "can't write the log .*; the run continues, and its checkpoints store the records until the log is writable$"


@pytest.mark.parametrize('name', ['exact', 'fast'])
def test_a_folder_with_the_logs_name(tmp_path, monkeypatch, name):
    """Until the end. Once the log is back, it gets the missing records, also from an older checkpoint."""
    one_by_one(monkeypatch)
    run_to(begin(tmp_path / 'whole', name))
    run = tmp_path / 'run'
    session = begin(run, name)
    with session, pytest.warns(RuntimeWarning, match=WORDS) as told:
        for _ in session:
            if session.run.iteration == 28:
                (run / 'log.jsonl').rename(tmp_path / 'log')
                (run / 'log.jsonl').mkdir()
    assert len(told) == 1  # one warning, not one for each record
    assert [path.name for path in checkpoints(run)] == [path.name for path in checkpoints(tmp_path / 'whole')]
    older, last = (load_checkpoint(path) for path in checkpoints(run))
    assert 0 < len(older.unlogged) < len(last.unlogged)
    with pytest.raises(ValueError, match=r'log\.jsonl: is not a regular file; replace it'):
        fastrnn.resume(run)
    (run / 'log.jsonl').rmdir()
    (tmp_path / 'log').rename(run / 'log.jsonl')
    fastrnn.resume(checkpoints(run)[0]).close()
    run_to(fastrnn.resume(run))
    assert contents(run) == contents(tmp_path / 'whole')


def test_a_log_that_can_be_written_again(tmp_path, monkeypatch):
    """An incomplete line from before the error does not count."""
    one_by_one(monkeypatch)
    run_to(begin(tmp_path / 'whole'))
    add, session = Log.add, begin(tmp_path / 'run')

    def full(self, record):
        if 20 < session.run.iteration < 40:
            with open(self.path, 'a') as file:
                file.write('{"iteration": 2')
            raise OSError(errno.EIO, 'Input/output error', str(self.path))
        add(self, record)

    monkeypatch.setattr(Log, 'add', full)
    with session, pytest.warns(RuntimeWarning, match=WORDS) as told:
        list(session)
    assert len(told) == 1 and "run: can't write the log (Input/output error); " in str(told[0].message)
    assert load_checkpoint(checkpoints(tmp_path / 'run')[-1]).unlogged == ()
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


@pytest.mark.filterwarnings('ignore:.*back to iteration:RuntimeWarning')
def test_at_a_rollback(tmp_path, monkeypatch):
    """The rollback may be the first event that can't be logged; the run continues after it."""
    options = {'learning_rate': 100.0, 'iterations': 40}
    monkeypatch.setattr('fastrnn.training.divergence.BEGINNING', 0)
    one_by_one(monkeypatch)
    run_to(begin(tmp_path / 'whole', **options))
    add, failed = Log.add, []

    def full(self, record):
        if record.get('event') == 'rollback' and not failed:
            failed.append(record)
            raise OSError(errno.EIO, 'Input/output error', str(self.path))
        add(self, record)

    monkeypatch.setattr(Log, 'add', full)
    session = begin(tmp_path / 'run', **options)
    with session, pytest.warns(RuntimeWarning, match=WORDS):
        list(session)
    assert failed and session.run.over and contents(tmp_path / 'run') == contents(tmp_path / 'whole')


def test_interrupted_without_a_log(tmp_path, monkeypatch):
    one_by_one(monkeypatch)
    run_to(begin(tmp_path / 'whole'))
    session = begin(tmp_path / 'run')

    def full(self, record):
        raise OSError(errno.EACCES, 'Permission denied', str(self.path))

    with monkeypatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        patch.setattr(Log, 'add', full)
        run_to(session, 28)
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')
