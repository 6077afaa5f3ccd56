"""Runs that are given another end than they began with: what becomes of the learning rate, and of the log."""

import json
import re
import warnings

import pytest
from kept import begin, contents, log_of, run_to, state_of

import fastrnn
from fastrnn.decision.changes import rolled_back
from fastrnn.decision.schedule import FINAL
from fastrnn.model.run_files import checkpoints
from fastrnn.runs.curves import read_run
from fastrnn.training.run import Run

PLANNED = {'iterations': 40, 'print_every': 1, 'warmup': 0.1}  # a cosine
TOLD = (
    r'the learning rate keeps to its schedule until iteration 40, as planned, and stays at {} from there on; '
    r'for a new cycle to the new end add --schedule {}$'
)


def start(folder, reached=None, **options):
    return run_to(begin(folder, 'fast', **PLANNED | options), reached).folder.path


def lengthen(folder, iteration=None, **changes):
    return run_to(fastrnn.resume(folder, **changes), iteration)


def rates(folder):
    return [record['learning_rate'] for record in log_of(folder) if 'event' not in record]


def weights(folder):
    return state_of(checkpoints(folder)[-1])[0][0]


@pytest.mark.parametrize(('schedule', 'factor'), [('cosine', FINAL), ('step', 1 / 27), ('constant', 1.0), ('wsd', 0.0)])
@pytest.mark.parametrize('reached', [None, 17])
def test_the_schedule_stays_as_it_was_planned(tmp_path, schedule, factor, reached):
    """Lengthened at its end or before, in one go or interrupted."""
    planned = rates(start(tmp_path / 'planned', schedule=schedule))
    told = TOLD.format(f'{0.01 * factor:.3g}', schedule)
    for name in ('whole', 'interrupted'):
        start(tmp_path / name, reached, schedule=schedule)
        with pytest.warns(RuntimeWarning, match=told):
            lengthen(tmp_path / name, 53 if name == 'interrupted' else None, iterations=60)
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # it has been told
        lengthen(tmp_path / 'interrupted')
    assert contents(tmp_path / 'interrupted') == contents(tmp_path / 'whole')
    found = rates(tmp_path / 'whole')
    assert len(found) == 60 and found[:40] == planned and found[40:] == pytest.approx([0.01 * factor] * 20)


def test_the_old_end_is_marked(tmp_path):
    """It was evaluated there, as a run of the new length would not have been; curves are read as before."""
    run, before = start(tmp_path / 'run', validate_every=15), start(tmp_path / 'before', validate_every=15)
    with pytest.warns(RuntimeWarning):
        lengthen(run, iterations=60)
    log, records = log_of(run), len(log_of(before))
    assert log[:records] == log_of(before) and log[records] == {'event': 'lengthened', 'iteration': 40}
    assert [line['iteration'] for line in log if line.get('validation')] == [15, 30, 40, 45, 60]
    assert json.loads((run / 'config.json').read_text())['lengthened'] == [40]
    assert read_run(run).points.characters.size == 60
    with pytest.warns(RuntimeWarning):
        run_to(fastrnn.resume(checkpoints(run)[0], iterations=70))  # another way on, from before
    assert json.loads((run / 'config.json').read_text())['lengthened'] == [40]


def test_no_mark_where_the_end_was_not_reached(tmp_path):
    run = start(tmp_path / 'run', 17)
    with pytest.warns(RuntimeWarning):
        lengthen(run, iterations=60)
    assert not [line for line in log_of(run) if 'event' in line]


def test_a_new_cycle(tmp_path):
    """Over what was added, with its warm-up; interrupted as not."""
    for name, reached in (('whole', None), ('interrupted', 53)):
        start(tmp_path / name)
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            lengthen(tmp_path / name, reached, iterations=80, schedule='cosine')
            lengthen(tmp_path / name)
    assert contents(tmp_path / 'interrupted') == contents(tmp_path / 'whole')
    found = rates(tmp_path / 'whole')
    assert found[40:] == pytest.approx(found[:40]) and found[79] < found[39] * 1.001 < 0.001 < max(found[40:])
    with pytest.warns(RuntimeWarning, match='until iteration 80, as planned'):
        lengthen(tmp_path / 'whole', iterations=90)
    assert rates(tmp_path / 'whole')[80:] == pytest.approx([0.01 * FINAL] * 10)


def test_the_command_of_a_cycle_again(tmp_path):
    """After an interruption it goes on with the cycle, and begins none."""
    start(tmp_path / 'whole')
    lengthen(tmp_path / 'whole', iterations=80, schedule='cosine')
    start(tmp_path / 'interrupted')
    for reached in (45, 53, 67, None):
        lengthen(tmp_path / 'interrupted', reached, iterations=80, schedule='cosine')
    assert contents(tmp_path / 'interrupted') == contents(tmp_path / 'whole')
    lengthen(tmp_path / 'whole', iterations=90, schedule='step')  # another one
    assert rates(tmp_path / 'whole')[81] == 0.01


@pytest.mark.parametrize('schedule', ['cosine', 'step', 'constant'])
def test_back_to_before_a_cycle(tmp_path, schedule):
    """The rates of that time, and the cycle where it began: the run that did not go back; or a new one from there."""
    run = start(tmp_path / 'run', keep=40)
    lengthen(run, iterations=60, schedule=schedule)
    lengthen(run, iterations=80, schedule='cosine')
    whole, (earlier,) = contents(run), [path for path in checkpoints(run) if '30.' in path.name]
    run_to(fastrnn.resume(earlier), 33)
    assert json.loads((run / 'config.json').read_text())['lengthened'] == []  # these ends are still to come
    lengthen(run)
    assert contents(run)[1][0] == whole[1][0]
    assert rates(run) == [line['learning_rate'] for line in whole[0] if 'event' not in line]
    run_to(fastrnn.resume(earlier, iterations=80, schedule='cosine'))
    before, here = json.loads((run / 'config.json').read_text())['job']['segments']
    assert here[:2] == ['cosine', 30] and here[3:] == [80, None] and before == ['cosine', 0, 0.0, 40, None]
    assert rates(run)[29] < 0.005 < 0.009 < max(rates(run)[30:40])


def test_without_a_schedule_the_lengthened_run_is_the_longer_one(tmp_path):
    constant = {'schedule': 'constant', 'warmup': 0.0}
    start(tmp_path / 'longer', **constant | {'iterations': 60})
    start(tmp_path / 'run', **constant)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        lengthen(tmp_path / 'run', iterations=60)
    assert weights(tmp_path / 'run') == weights(tmp_path / 'longer')
    assert log_of(tmp_path / 'run')[-1]['loss'] == log_of(tmp_path / 'longer')[-1]['loss']


def test_a_shorter_run(tmp_path):
    run = start(tmp_path / 'run', 17)
    with pytest.warns(RuntimeWarning, match='until iteration 40, as planned, though the run ends before; for a new c'):
        lengthen(run, iterations=25)
    assert rates(run) == rates(start(tmp_path / 'planned'))[:25]
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # nothing becomes of the rate of a run that is complete
        assert fastrnn.resume(run, iterations=20).run.over
    assert json.loads((run / 'config.json').read_text())['job']['iterations'] == 25


def test_after_a_rollback(tmp_path):
    """What is told is what comes."""
    session = begin(tmp_path / 'run', 'fast', **PLANNED)
    session.run = Run(rolled_back(session.job), session.run.text)
    run = run_to(session).folder.path
    with pytest.warns(RuntimeWarning, match=r'stays at 0\.0001 from there on'):
        lengthen(run, iterations=45)
    assert rates(run)[40:] == pytest.approx([0.0001] * 5)


def test_the_command(cli, tmp_path):
    start(tmp_path / 'run')
    code, out, err = cli('train', '--resume', tmp_path / 'run', '--iterations', 50)
    assert code == 0 and re.match('warning: ' + TOLD.format('0.0002', 'cosine').rstrip('$') + '\n', err)
    code, out, err = cli('train', '--resume', tmp_path / 'run', '--iterations', 60, '--schedule', 'cosine')
    assert (code, err.count('warning')) == (0, 0) and 'iter 60 ' in out
    assert ': goes on from iteration 50, with a new cycle of the learning rate until iteration 60\n' in err
