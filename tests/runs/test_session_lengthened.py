"""Runs that get another end: the learning rate and the log."""

import json

import pytest
from kept import begin, contents, log_of, run_to, state_of

import fastrnn
from fastrnn.decision.changes import rolled_back
from fastrnn.model.run_files import checkpoints
from fastrnn.runs.curves import read_run
from fastrnn.training.run import Run

PLANNED = {'iterations': 40, 'print_every': 1, 'warmup': 0.1}  # with a cosine schedule


def start(folder, reached=None, **options):
    return run_to(begin(folder, 'fast', **PLANNED | options), reached).folder.path


def lengthen(folder, iteration=None, **changes):
    return run_to(fastrnn.resume(folder, **changes), iteration)


def rates(folder):
    return [record['learning_rate'] for record in log_of(folder) if 'event' not in record]


def weights(folder):
    return state_of(checkpoints(folder)[-1])[0][0]


@pytest.mark.parametrize('schedule', ['cosine', 'linear', 'step', 'wsd'])
@pytest.mark.parametrize(('reached', 'first'), [(None, 40), (17, 0)])
def test_a_later_end(tmp_path, schedule, reached, first):
    """After its end a run starts a new cycle; before, it moves the old end. Interrupted equals uninterrupted."""
    planned = rates(start(tmp_path / 'planned', schedule=schedule))
    for name in ('whole', 'interrupted'):
        start(tmp_path / name, reached, schedule=schedule)
        lengthen(tmp_path / name, 53 if name == 'interrupted' else None, iterations=60)
    lengthen(tmp_path / 'interrupted', 56)
    lengthen(tmp_path / 'interrupted', iterations=60)  # the same command does not start another cycle
    assert contents(tmp_path / 'interrupted') == contents(tmp_path / 'whole')
    found, done = rates(tmp_path / 'whole'), reached or 40
    assert len(found) == 60 and found[:done] == planned[:done] and found[59] < max(found[done:]) / 3
    assert max(found[done:]) <= 0.01 and (found[40] < max(found[40:])) == (reached is None)
    assert json.loads((tmp_path / 'whole' / 'config.json').read_text())['job']['segments'][-1][:2] == [schedule, first]


@pytest.mark.parametrize('schedule', ['cosine', 'step', 'wsd'])
def test_the_same_end_keeps_the_schedule(tmp_path, schedule):
    whole = contents(start(tmp_path / 'whole', schedule=schedule))
    start(tmp_path / 'run', 17, schedule=schedule)
    lengthen(tmp_path / 'run', 23, iterations=40)
    lengthen(tmp_path / 'run', iterations=40)
    assert contents(tmp_path / 'run') == whole


def test_the_best_stays_the_best(tmp_path):
    """While a new cycle is worse than the one before; patience waits for its end."""
    run = start(tmp_path / 'run', patience=1, validate_every=5)
    best = (run / 'best.safetensors').read_bytes()
    with fastrnn.resume(run, iterations=400, schedule='cosine') as session:
        figures = session.run.figures
        before = figures.best, figures.best_iteration
        session.job.__dict__['learning_rate'] = 0.0  # no learning
        for record in session:
            if record.validation is not None:
                assert (figures.best, figures.best_iteration) == before and figures.worse == 0
            if session.iteration == 60:
                break
    assert (run / 'best.safetensors').read_bytes() == best


def test_the_old_end_is_marked(tmp_path):
    """The run validated there, unlike one of the new length; curves are read as before."""
    run, before = start(tmp_path / 'run', validate_every=15), start(tmp_path / 'before', validate_every=15)
    lengthen(run, iterations=60)
    log, records = log_of(run), len(log_of(before))
    assert log[:records] == log_of(before) and log[records] == {'event': 'lengthened', 'iteration': 40}
    assert [line['iteration'] for line in log if line.get('validation')] == [15, 30, 40, 45, 60]
    assert json.loads((run / 'config.json').read_text())['lengthened'] == [40]
    assert read_run(run).points.characters.size == 60
    run_to(fastrnn.resume(checkpoints(run)[0], iterations=70))  # an alternative from an earlier checkpoint
    assert json.loads((run / 'config.json').read_text())['lengthened'] == [40]


def test_no_mark_if_the_end_was_not_reached(tmp_path):
    run = start(tmp_path / 'run', 17)
    lengthen(run, iterations=60)
    assert not [line for line in log_of(run) if 'event' in line]


def test_a_requested_cycle(tmp_path):
    """Full learning rate and warm-up, over the added iterations. Interrupted equals uninterrupted."""
    for name, reached in (('whole', None), ('interrupted', 53)):
        start(tmp_path / name)
        lengthen(tmp_path / name, reached, iterations=80, schedule='cosine')
        lengthen(tmp_path / name)
    assert contents(tmp_path / 'interrupted') == contents(tmp_path / 'whole')
    found = rates(tmp_path / 'whole')
    assert found[40:] == pytest.approx(found[:40]) and found[79] < found[39] * 1.001 < 0.001 < max(found[40:])


def test_the_command_of_a_cycle_twice(tmp_path):
    """After an interruption it continues the cycle instead of starting one."""
    start(tmp_path / 'whole')
    lengthen(tmp_path / 'whole', iterations=80, schedule='cosine')
    start(tmp_path / 'interrupted')
    for reached in (45, 53, 67, None):
        lengthen(tmp_path / 'interrupted', reached, iterations=80, schedule='cosine')
    assert contents(tmp_path / 'interrupted') == contents(tmp_path / 'whole')
    lengthen(tmp_path / 'whole', iterations=90, schedule='step')  # a second cycle
    assert rates(tmp_path / 'whole')[81] == 0.01


@pytest.mark.parametrize('schedule', ['cosine', 'step', 'constant'])
def test_back_to_before_a_cycle(tmp_path, schedule):
    """Same rates and same start of the cycle as in the first run; or a new cycle from there."""
    run = start(tmp_path / 'run', keep=40)
    lengthen(run, iterations=60, schedule=schedule)
    lengthen(run, iterations=80, schedule='cosine')
    whole, (earlier,) = contents(run), [path for path in checkpoints(run) if '30.' in path.name]
    run_to(fastrnn.resume(earlier), 33)
    assert json.loads((run / 'config.json').read_text())['lengthened'] == []  # these ends are later than the checkpoint
    lengthen(run)
    assert contents(run)[1][0] == whole[1][0]
    assert rates(run) == [line['learning_rate'] for line in whole[0] if 'event' not in line]
    run_to(fastrnn.resume(earlier, iterations=80, schedule='cosine'))
    before, here = json.loads((run / 'config.json').read_text())['job']['segments']
    assert here[:2] == ['cosine', 30] and here[3:] == [80, None, 1.0] and before == ['cosine', 0, 0.0, 40, None, 1.0]
    assert rates(run)[29] < 0.005 < 0.009 < max(rates(run)[30:40])


def test_without_a_schedule_the_lengthened_run_is_the_longer_one(tmp_path):
    constant = {'schedule': 'constant', 'warmup': 0.0}
    start(tmp_path / 'longer', **constant | {'iterations': 60})
    start(tmp_path / 'run', **constant)
    lengthen(tmp_path / 'run', iterations=60)
    assert weights(tmp_path / 'run') == weights(tmp_path / 'longer')
    assert log_of(tmp_path / 'run')[-1]['loss'] == log_of(tmp_path / 'longer')[-1]['loss']


def test_a_shorter_run(tmp_path):
    """Its rate falls until the new end too."""
    run = start(tmp_path / 'run', 17)
    lengthen(run, iterations=25)
    found = rates(run)
    assert len(found) == 25 and found[:17] == rates(start(tmp_path / 'planned'))[:17]
    assert found[24] < max(found[17:]) / 5
    assert fastrnn.resume(run, iterations=20).run.over  # still complete
    assert json.loads((run / 'config.json').read_text())['job']['iterations'] == 25


def test_after_a_rollback(tmp_path):
    """A new cycle has the halved rate."""
    session = begin(tmp_path / 'run', 'fast', **PLANNED)
    session.run = Run(rolled_back(session.job), session.run.text)
    run = run_to(session).folder.path
    lengthen(run, iterations=80, schedule='cosine')
    assert max(rates(run)[40:]) == pytest.approx(0.005)


def test_the_command(cli, tmp_path):
    """One line shows how the learning rate changes, once."""
    start(tmp_path / 'run')
    cycle = ': resumes from iteration 40; starts a new learning-rate cycle (peak 0.0051), until iteration 80\n'
    assert fastrnn.resume(tmp_path / 'run').run.over
    args = ('train', '--resume', tmp_path / 'run', '--iterations')
    code, out, err = cli(*args, 80)
    assert (code, err.count('warning')) == (0, 0) and cycle in err and 'iter 80 ' in out
    code, _, err = cli(*args, 80)
    assert code == 0 and 'new learning-rate cycle' not in err
    start(tmp_path / 'half', 17)
    code, _, err = cli('train', '--resume', tmp_path / 'half', '--iterations', 60)
    assert code == 0 and ': resumes from iteration 17; the learning rate falls until iteration 60\n' in err
    code, _, err = cli(*args, 90, '--schedule', 'linear')
    assert code == 0 and 'from iteration 80; starts a new learning-rate cycle (peak 0.01), until iter' in err
