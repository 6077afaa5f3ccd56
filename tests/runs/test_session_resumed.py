"""An interrupted and resumed run equals an uninterrupted one bit for bit: states, losses, samples, validations."""

import shutil

import pytest
from helpers import SONNETS
from kept import CELLS, ENGINES, begin, contents, iterations, log_of, one_by_one, run_to, state_of

import fastrnn
from fastrnn.data.files import EARLIER
from fastrnn.model.run_files import checkpoints


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """Uninterrupted runs, by engine."""
    runs = {}
    for name in ENGINES:
        folder = tmp_path_factory.mktemp('whole') / 'run'
        run_to(begin(folder, name))
        runs[name] = contents(folder)
    return runs


STOPS = [(1,), (5, 7, 8), (11, 12, 33), (26,), (59,), (60,), tuple(range(1, 60, 3))]


@pytest.mark.parametrize(
    ('name', 'stops'), [(name, stops) for name in ENGINES for stops in (STOPS[1:3] if name in CELLS else STOPS)]
)
def test_interrupted_anywhere(tmp_path, monkeypatch, whole, name, stops):
    one_by_one(monkeypatch)
    folder = tmp_path / 'run'
    run_to(begin(folder, name), stops[0])
    for stop in [*stops[1:], None]:
        run_to(fastrnn.resume(folder), stop)
    assert contents(folder) == whole[name]


@pytest.mark.parametrize('name', ENGINES)
def test_before_the_first_checkpoint(tmp_path, whole, name):
    begin(tmp_path / 'run', name).close()
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == whole[name]


@pytest.mark.parametrize('name', ['exact', 'fast', *CELLS])
def test_with_another_number_of_threads(tmp_path, monkeypatch, name):
    one_by_one(monkeypatch)
    sizes = {'hidden_size': 64} if name == 'exact' else {'hidden_size': 64, 'streams': 4}
    run_to(begin(tmp_path / 'whole', name, **sizes, threads=1))
    run_to(begin(tmp_path / 'run', name, **sizes, threads=2), 13)
    run_to(fastrnn.resume(tmp_path / 'run', threads=1), 29)
    run_to(fastrnn.resume(tmp_path / 'run', threads=2))
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


@pytest.mark.parametrize('name', ['exact', 'fast Adagrad'])
def test_a_lengthened_run_is_the_longer_run(tmp_path, name):
    """If the learning rate does not depend on the length; except for the record at the old end."""
    constant = {} if name == 'exact' else {'schedule': 'constant'}
    run_to(begin(tmp_path / 'whole', name, **constant, iterations=55))
    run_to(begin(tmp_path / 'run', name, **constant, iterations=20))
    run_to(fastrnn.resume(tmp_path / 'run', iterations=55))
    end = contents(tmp_path / 'run')
    expected = contents(tmp_path / 'whole')
    assert end[1][0] == expected[1][0]
    assert end[0][-1] == {**expected[0][-1], 'best': end[0][-1]['best']}


def test_a_complete_run_does_not_change(tmp_path):
    run_to(begin(tmp_path / 'run'))
    before = contents(tmp_path / 'run')
    session = run_to(fastrnn.resume(tmp_path / 'run'))
    assert session.run.over and contents(tmp_path / 'run') == before


def test_none_does_not_change_an_end(tmp_path):
    run_to(begin(tmp_path / 'run'), 17)
    with fastrnn.resume(tmp_path / 'run', iterations=None, time=None, schedule=None) as session:
        end = session.run.job.iterations
    with fastrnn.resume(tmp_path / 'run') as session:
        assert session.run.job.iterations == end is not None


def test_none_takes_back_patience_and_threads(tmp_path):
    """For the rest of the run, not only until the next interruption."""
    begin(tmp_path / 'run', 'fast', patience=3, threads=1).close()
    found = []
    for asked in ({}, {'patience': None, 'threads': None}, {}):
        with fastrnn.resume(tmp_path / 'run', **asked) as session:
            found.append((session.job.patience, session.job.threads))
    assert found == [(3, 1), (None, None), (None, None)]


def test_moved_folder_and_moved_text(tmp_path, monkeypatch, whole):
    one_by_one(monkeypatch)
    text = tmp_path / 'text.txt'
    shutil.copy(SONNETS, text)
    run_to(begin(tmp_path / 'run', text=text), 17)
    shutil.move(tmp_path / 'run', tmp_path / 'elsewhere')
    monkeypatch.chdir(tmp_path)
    run_to(fastrnn.resume('elsewhere'), 31)
    text.rename(tmp_path / 'moved.txt')
    with pytest.raises(ValueError, match=r'text\.txt: No such file'):
        fastrnn.resume('elsewhere')
    run_to(fastrnn.resume('elsewhere', 'moved.txt'))
    assert contents(tmp_path / 'elsewhere') == whole['exact']


def test_from_an_older_checkpoint(tmp_path, monkeypatch, whole):
    """Newer ones are renamed, not removed."""
    one_by_one(monkeypatch)
    run_to(begin(tmp_path / 'run', keep=5), 28)
    chosen = checkpoints(tmp_path / 'run')[2]
    run_to(fastrnn.resume(chosen))
    assert contents(tmp_path / 'run') == whole['exact']
    assert len(list((tmp_path / 'run').glob('checkpoint*.superseded'))) == 2


def test_a_resumed_run_that_does_not_train_leaves_its_checkpoint(tmp_path):
    """It may be a verified one; a save at the end would not be."""
    newest = checkpoints(run_to(begin(tmp_path / 'run', validation=None), 28).folder.path)[-1]
    before = newest.stat().st_ino, newest.read_bytes()
    with fastrnn.resume(tmp_path / 'run') as session:
        session.run.prepare()
    assert (newest.stat().st_ino, newest.read_bytes()) == before


def test_from_the_best_checkpoint(tmp_path, monkeypatch):
    """If it is the only one left of its iteration; it then becomes the run's newest."""
    one_by_one(monkeypatch)
    options = {'iterations': 200, 'learning_rate': 0.1, 'schedule': 'constant', 'keep': 1}
    run_to(begin(tmp_path / 'run', 'fast', **options))
    whole, best = contents(tmp_path / 'run'), tmp_path / 'run' / 'best.safetensors'
    iteration = state_of(best)[1][3]
    assert iteration not in iterations(tmp_path / 'run')
    run_to(fastrnn.resume(best), iteration + 1)
    assert iterations(tmp_path / 'run')[-1] == iteration + 1
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == whole


def test_an_abandoned_best_is_renamed(tmp_path, monkeypatch):
    """It is from a stretch that is no longer part of the run."""
    one_by_one(monkeypatch)
    run_to(begin(tmp_path / 'run', keep=9))
    first = checkpoints(tmp_path / 'run')[0]
    iteration = state_of(first)[1][3]
    assert state_of(tmp_path / 'run' / 'best.safetensors')[1][3] > iteration
    run_to(fastrnn.resume(first), iteration + 1)
    assert not (tmp_path / 'run' / 'best.safetensors').exists()
    assert (tmp_path / 'run' / 'best.superseded').exists()


def test_which_checkpoints_stay(tmp_path):
    """The newest, and the last one that a validation verified."""
    one = run_to(begin(tmp_path / 'one', keep=1, validate_every=40, iterations=58))
    assert iterations(one.folder.path) == [58]
    with begin(tmp_path / 'two', keep=2, validate_every=40, iterations=58) as two:
        for record in two:
            if record.iteration == 54:
                assert iterations(two.folder.path) == [40, 50, 55]
    four = run_to(begin(tmp_path / 'four', keep=4, validate_every=40, iterations=58))
    assert iterations(four.folder.path) == [45, 50, 55, 58]


def test_the_best_checkpoint_is_the_lowest_validation(tmp_path):
    run_to(begin(tmp_path / 'run', 'fast', iterations=200, learning_rate=0.1, schedule='constant'))
    log = log_of(tmp_path / 'run')
    lowest = min((record for record in log if record['validation']), key=lambda record: record['validation'])
    (_, numbers, _) = contents(tmp_path / 'run')[2]
    assert numbers[3] == lowest['iteration'] and numbers[5] == lowest['validation'] == lowest['best']
    assert lowest['iteration'] < 200
    model = fastrnn.load_model(tmp_path / 'run')
    held_out = SONNETS.read_text(encoding='utf-8')[-len(SONNETS.read_text(encoding='utf-8')) // 5 :]
    assert fastrnn.evaluate(model, held_out).bits_per_character == pytest.approx(lowest['validation'], rel=0.02)


def test_a_run_by_time_resumes_by_time(tmp_path):
    session = begin(tmp_path / 'run', 'fast', iterations=None, time=0.2)
    for _ in session:
        if session.run.seconds > 0.05:
            break
    session.close()
    assert 0.05 < fastrnn.resume(tmp_path / 'run').run.seconds < 0.2


@pytest.mark.parametrize('errors', EARLIER)
def test_a_run_with_errors_of_earlier_versions(tmp_path, errors):
    """It resumes; no new run can start with them."""
    text = tmp_path / 'text.txt'
    text.write_bytes(b'to and fro, and to ' * 30)
    with fastrnn.start(tmp_path / 'run', text, hidden_size=4, iterations=2, seed=1) as session:
        list(session)
    config = tmp_path / 'run' / 'config.json'
    config.write_text(config.read_text().replace('"strict"', f'"{errors}"'))
    with fastrnn.resume(tmp_path / 'run', iterations=4) as session:
        list(session)
        assert session.run.iteration == 4
    assert f'"{errors}"' in config.read_text()
