"""``config.json``: what was asked for and what was decided, in this version's format and in earlier ones."""

import json

import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.decision.job import Job
from fastrnn.runs.config_file import FORMAT, Description

ASKED = {'iterations': 4, 'seed': 1, 'hidden_size': 8}


@pytest.fixture
def run(tmp_path):
    fastrnn.start(tmp_path / 'run', SONNETS, validation=0.2, keep=5, **ASKED).close()
    return tmp_path / 'run'


def of_format_2(path, **others):
    """Write a run's description as an earlier version did, and return it."""
    facts = json.loads(path.read_text())
    job = facts.pop('job')
    settings = {name: job[name] for name in ('iterations', 'seed', 'hidden_size', 'engine', 'learning_rate')}
    del facts['asked'], facts['transferred']
    facts |= {'format': 2, 'config': settings, 'on_divergence': 'stop', 'adopted': False, **others}
    path.write_text(json.dumps(facts))
    return facts


def test_both_are_kept(run):
    facts = json.loads((run / 'config.json').read_text())
    assert facts['format'] == FORMAT and facts['asked'] == {'preset': 'reference', **ASKED}
    job = Job(**facts['job'])
    assert (job.seq_length, job.text_name, job.held_out) == (25, SONNETS.name, 250)
    assert job.reasons['hidden_size'] == 'asked for' and job.reasons['seq_length'] == "the gist's"
    assert Description.read(run).job == job == fastrnn.resume(run).job
    assert Description.read(run).keep == 5 and not Description.read(run).transferred


def test_later_requests_are_kept_too(run):
    with fastrnn.resume(run, iterations=6, threads=1) as session:
        list(session)
    then = Description.read(run)
    assert then.asked == {'preset': 'reference', **ASKED, 'iterations': 6, 'threads': 1}
    assert then.job.iterations == 6 and then.job.segment.iterations == 6
    with fastrnn.resume(run, time='90s', patience=3) as session:
        assert session.job.memory > 0
    then = Description.read(run)
    assert then.asked == {'preset': 'reference', 'seed': 1, 'hidden_size': 8, 'threads': 1, 'time': 90.0, 'patience': 3}
    assert then.job.reasons['time'] == then.job.reasons['patience'] == 'asked for on resuming'


def test_each_lengthened_end_is_kept(run):
    for later in ({}, {'iterations': 6}, {'iterations': 8}):
        with fastrnn.resume(run, **later) as session:
            list(session)
    assert Description.read(run).lengthened == (4, 6)


def test_an_earlier_format_is_upgraded(run):
    """When the run is resumed; until then the file does not change."""
    path = run / 'config.json'
    facts = of_format_2(path)
    then = Description.read(run)
    assert then.job is None and then.asked == {} and json.loads(path.read_text()) == facts
    with fastrnn.resume(run) as session:
        assert session.job.on_divergence == 'stop' and session.job.hidden_size == 8
    assert json.loads(path.read_text())['format'] == FORMAT and Description.read(run).job.on_divergence == 'stop'


def test_an_earlier_format_that_started_from_a_model(run):
    """No file has its weights before the first checkpoint, so it can't start again."""
    of_format_2(run / 'config.json', adopted=True)
    assert Description.read(run).transferred
    with pytest.raises(ValueError, match='stopped before its first checkpoint; start again in another folder'):
        fastrnn.resume(run)


@pytest.mark.parametrize(
    ('name', 'value'),
    [('segments', []), ('print_every', None), ('V', 3), ('V', 0), ('characters', 3), ('held_out', 0), ('reasons', 5)],
)
def test_a_job_of_another_text(run, name, value):
    """One line, before anything is computed."""
    path = run / 'config.json'
    facts = json.loads(path.read_text())
    facts['job'][name] = value
    path.write_text(json.dumps(facts))
    with pytest.raises(ValueError, match=r'config\.json: damaged \(.*\); start again in another folder$'):
        fastrnn.resume(run)


def test_an_earlier_format_without_settings(run):
    path = run / 'config.json'
    facts = json.loads(path.read_text()) | {'format': 2, 'config': [], 'on_divergence': 'stop'}
    path.write_text(json.dumps(facts))
    with pytest.raises(ValueError, match=r'config\.json: damaged \('):
        fastrnn.resume(run)


@pytest.mark.parametrize(
    ('content', 'what'),
    [('{', 'line 1 is not JSON'), ('', 'line 1 is not JSON'), ('{\n"a', 'line 2 is not JSON'), ('\xff', 'not JSON')],
)
def test_a_damaged_file(run, content, what):
    """Plain words; advice that fits: there are weights only if the run has saved some."""
    path = run / 'config.json'
    with fastrnn.resume(run) as session:
        list(session)
    (run / 'config.json').write_text(content, encoding='latin-1')
    with pytest.raises(ValueError) as error:
        fastrnn.resume(run)
    assert str(error.value) == f'{path}: damaged ({what}); start a new run from its weights with --from {run}'
    for file in run.glob('*.safetensors'):
        file.unlink()
    with pytest.raises(ValueError) as error:
        fastrnn.resume(run)
    assert str(error.value) == f'{path}: damaged ({what}); start again in another folder'
