"""An end before the run's current iteration, while its own end is still ahead: the error and its command."""

import re

import pytest
from helpers import SONNETS
from kept import begin, contents, log_of, run_to

import fastrnn

SMALL = ('--engine', 'batched', '--hidden-size', 8, '--sample-length', 0)


@pytest.fixture
def under_way(tmp_path):
    """30 of 60 iterations."""
    return run_to(begin(tmp_path / 'run', 'fast'), 30).folder.path


@pytest.mark.parametrize(
    ('given', 'words'),
    [
        (('--iterations', 20), '30 iterations, and --iterations 20 counts .* 20 more: .* --iterations 50'),
        (
            ('--iterations', 30),
            '30 iterations, and --iterations 30 counts .* --iterations 60; .* leave out --iterations',
        ),
        (('--epochs', 0.1), r'\d\.\d epochs, and --epochs 0.1 counts .* 0.1 more: .* --epochs \d'),
        (('--time', '1e-9'), r'\d\.\d s, and --time 1e-09s counts from its start; .* --time [1-9]s'),
    ],
)
def test_it_is_refused_and_not_kept(cli, under_way, given, words):
    before = (under_way / 'config.json').read_bytes(), contents(under_way)
    code, out, err = cli('train', '--resume', under_way, *given)
    assert (code, out) == (2, '') and re.fullmatch(
        f'error: {under_way}: the run has already trained for {words}.*\n', err
    ), err
    assert 'complete' not in err
    assert ((under_way / 'config.json').read_bytes(), contents(under_way)) == before
    again = re.search(r'more: fastrnn train (.*?);', err)[1].split()
    assert cli('train', *again)[0] == 0
    assert log_of(under_way)[-1]['iteration'] > 30


def test_without_it_the_run_trains_to_its_own_end(under_way):
    with pytest.raises(ValueError, match='counts from its start'):
        fastrnn.resume(under_way, iterations=10)
    assert run_to(fastrnn.resume(under_way)).run.iteration == 60  # the folder lock was released


def test_patience_that_has_run_out(tmp_path):
    run = run_to(begin(tmp_path / 'run', 'fast', iterations=400, learning_rate=0.05, patience=3)).folder.path
    assert fastrnn.resume(run, iterations=500).run.over  # still complete
    worse = run_to(fastrnn.resume(run, patience=50), 396).run.figures.worse
    assert worse > 3
    with pytest.raises(ValueError, match=f'--patience 2 would stop the run now: .* worse than the best is {worse};'):
        fastrnn.resume(run, patience=2)


def test_the_schedule_ends_at_the_requested_end(cli, tmp_path):
    """A preset's limit of epochs is shown as epochs, not as iterations."""
    run = tmp_path / 'run'
    args = ('--preset', 'fast', '--hidden-size', 8, '--sample-length', 0, '--seed', 0)
    cli('train', SONNETS, *args, '--time', '0.3s', '--out', run)
    for end, words in ((None, '0.3 s or 12 epochs'), ('60s', '60 s'), ('70s', '70 s')):
        session = fastrnn.resume(run, **({} if end is None else {'time': end}))
        session.close()
        assert session.job.end_in_words == words


def test_requested_epochs_and_iterations(tmp_path):
    for end, words in (({'epochs': 1.5}, '1.5 epochs'), ({'iterations': 44}, 'iteration 44')):
        options = {'iterations': None, 'warmup': 0.1, **end}
        session = run_to(begin(tmp_path / words[:3], 'fast', **options), 5)
        assert session.job.end_in_words == words
        longer = fastrnn.resume(session.folder.path, iterations=100)
        longer.close()
        assert longer.job.end_in_words == 'iteration 100'
