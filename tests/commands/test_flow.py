"""How a run stops: signals, errors and broken outputs; and where its model is then."""

import errno
import json
import os
import re
import shlex
import signal
import sys

import pytest
from helpers import SONNETS
from kept import iterations

import fastrnn
from fastrnn.commands import flow
from fastrnn.commands.flow import NOT_KEPT
from fastrnn.commands.reports import Reports
from fastrnn.errors import TextLost
from fastrnn.system import stop
from fastrnn.training import divergence
from fastrnn.training.run import Run

SMALL = ('train', SONNETS, '--hidden-size', 8, '--seq-length', 8, '--seed', 0, '--sample-length', 20)
ENDS = ('--iterations', 300, '--print-every', 50)
RESCUED = r'the model is saved in (\S+) \(the newest \d are kept\); try: (fastrnn sample \S+)'


@pytest.fixture
def rescued(cli, cache_root, monkeypatch):
    """Train long enough for a rescue. Returns the exit code, the other lines of standard error, and the model's H."""
    monkeypatch.setattr(flow, 'MISSED', 0.0)

    def call(*args):
        code, _, err = cli(*SMALL, *args)
        line = re.search(RESCUED, err)
        assert line, err
        monkeypatch.setattr(sys, 'stdout', sys.__stdout__)  # replaces a broken one
        assert cli(*shlex.split(line[2])[1:], '--length', 5)[0] == 0
        return code, err.replace(f'{line[0]}\n', ''), fastrnn.load_model(line[1]).params.H

    return call


def during(monkeypatch, action):
    """Call ``action`` after the record of iteration 100."""
    before = Reports._print

    def and_then(self, record):
        before(self, record)
        if record.iteration == 100:
            action()

    monkeypatch.setattr(Reports, '_print', and_then)


def raising(error):
    def call(*_):
        raise error

    return call


def test_at_the_end(rescued):
    """Its line is the last one, also with --json and --quiet."""
    code, err, H = rescued(*ENDS)
    assert (code, H) == (0, 8) and err.startswith(NOT_KEPT)
    for option in ('--quiet', '--json'):
        assert rescued(*ENDS, option) == (0, '', 8)


def test_no_rescue_after_a_short_run(cli, cache_root):
    assert 'the model is saved in' not in cli(*SMALL, *ENDS)[2]
    assert not (cache_root / 'rescued').exists()


def test_standard_output_has_only_json(cli, cache_root, monkeypatch):
    monkeypatch.setattr(flow, 'MISSED', 0.0)
    _, out, _ = cli(*SMALL, *ENDS, '--json')
    assert [json.loads(line)['iteration'] for line in out.splitlines()][-1] == 300


@pytest.mark.parametrize('number', stop.ENDING)
def test_signals(rescued, monkeypatch, number):
    during(monkeypatch, lambda: signal.raise_signal(number))
    assert rescued('--iterations', 10**8) == (128 + number, f'{NOT_KEPT}\n', 8)


@pytest.mark.parametrize(
    ('error', 'code'), [(MemoryError(), 2), (TextLost('ids: lost'), 1), (OSError(5, 'Input/output error'), 1)]
)
def test_errors(rescued, monkeypatch, error, code):
    during(monkeypatch, raising(error))
    found, err, _ = rescued(*ENDS)
    assert found == code and err.startswith(f'{NOT_KEPT}\nerror: ') and err.count('\n') == 2


def test_a_divergence_leaves_the_best(rescued, cli, monkeypatch):
    """If the run has validated; else there is no model to save."""
    during(monkeypatch, raising(fastrnn.Diverged('it has diverged')))
    assert rescued(*ENDS, '--validation', '10%', '--validate-every', 50)[0] == 3
    assert 'the model is saved in' not in cli(*SMALL, *ENDS)[2]


def test_a_full_disk(rescued, tmp_path, monkeypatch):
    """The model is saved in the cache folder, after a short run too."""
    monkeypatch.setattr(flow, 'MISSED', 1e9)
    place, write = tmp_path / 'full' / 'model', fastrnn.training.run.save_model
    place.parent.mkdir()

    def full(path, model):
        if path == place:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write(path, model)

    monkeypatch.setattr('fastrnn.training.run.save_model', full)
    code, err, _ = rescued(*ENDS, '--save', place)
    assert code == 1 and err.endswith(f'error: {place}: No space left on device\n')


def test_a_rescue_that_fails_hides_nothing(cli, cache_root, monkeypatch):
    monkeypatch.setattr(flow, 'MISSED', 0.0)
    monkeypatch.setattr('fastrnn.runs.rescue.rescue_model', raising(OSError(28, 'No space left on device')))
    code, _, err = cli(*SMALL, *ENDS)
    assert code == 0 and err.endswith("the model can't be saved in the cache folder: No space left on device\n")
    during(monkeypatch, lambda: signal.raise_signal(signal.SIGTERM))
    assert cli(*SMALL, *ENDS)[0] == 143


@pytest.mark.parametrize('number', [signal.SIGHUP, signal.SIGUSR1])
@pytest.mark.parametrize('place', ['--out', '--save'])
def test_signals_save_the_model(cli, tmp_path, monkeypatch, number, place):
    """After the first signal; a second one may follow. No rescue."""
    monkeypatch.setattr(flow, 'MISSED', 0.0)
    during(monkeypatch, lambda: [signal.raise_signal(number) for _ in range(2)])
    code, _, err = cli(*SMALL, '--iterations', 10**8, place, tmp_path / 'kept')
    assert code == 128 + number and 'the model is saved in' not in err
    assert fastrnn.load_model(tmp_path / 'kept').params.H == 8
    if place == '--out':
        at = iterations(tmp_path / 'kept')[-1]
        assert at > 100 and err.endswith(
            f'saved at iteration {at:,}; resume with: fastrnn train --resume {tmp_path}/kept\n'
        )


def test_a_second_interrupt(cli, tmp_path, monkeypatch):
    """It prints what is saved. Without a watching thread, as here, it is handled after the save."""
    during(monkeypatch, lambda: [signal.raise_signal(signal.SIGINT) for _ in range(3)])
    code, _, err = cli(*SMALL, '--iterations', 10**8, '--out', tmp_path / 'kept')
    assert code == 130 and re.search(
        r'stopped; saved at iteration \d+; resume with: fastrnn train --resume \S+\n$', err
    )


@pytest.mark.parametrize('args', [('--out', 'kept'), ('--save', 'kept'), ()])
def test_before_the_first_iteration(cli, tmp_path, monkeypatch, args):
    """As while kernels are compiled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(flow, 'MISSED', 0.0)
    ensure = Run.prepare

    def interrupted(run):
        signal.raise_signal(signal.SIGINT)
        return ensure(run)

    monkeypatch.setattr(Run, 'prepare', interrupted)
    code, _, err = cli(*SMALL, *args)
    assert code == 130 and 'the model is saved in' not in err
    if '--out' in args:
        assert err.endswith('stopped; nothing is saved yet; start again with: fastrnn train --resume kept\n')
        monkeypatch.setattr(Run, 'prepare', ensure)
        assert cli('train', '--resume', 'kept', *ENDS[:2])[0] == 0
    else:
        assert err == ('stopped before the first iteration; nothing was saved' if args else NOT_KEPT) + '\n'


@pytest.fixture
def broken(monkeypatch):
    """Replace standard output: full, closed, or a pipe without a reader."""
    streams = []

    def call(kind):
        if kind == 'pipe':
            reader, descriptor = os.pipe()
            os.close(reader)
        else:
            place, mode = {'full': ('/dev/full', os.O_WRONLY), 'closed': (os.devnull, os.O_RDONLY)}[kind]
            descriptor = os.open(place, mode)
        streams.append(os.fdopen(descriptor, 'w'))
        monkeypatch.setattr(sys, 'stdout', streams[-1])

    yield call
    for stream in streams:
        stream.close()


@pytest.mark.parametrize(('kind', 'code'), [('full', 1), ('closed', 1), ('pipe', 141)])
def test_an_output_that_cannot_be_written(cli, broken, tmp_path, kind, code):
    """Training with --save or --out continues; the exit code reports the error."""
    for place in ('--out', '--save'):
        broken(kind)
        found, _, err = cli(*SMALL, *ENDS, place, tmp_path / place)
        assert found == code and err.count('error: standard output: ') == (kind != 'pipe')
        assert fastrnn.load_model(tmp_path / place).params.H == 8
    assert iterations(tmp_path / '--out')[-1] == 300


def test_no_reader_and_no_save(rescued, broken):
    """As ``| head -1``: the run stops soon; if only the disk is full, it ends as planned."""
    broken('pipe')
    assert rescued('--iterations', 10**8) == (141, f'{NOT_KEPT}\n', 8)
    broken('full')
    assert rescued(*ENDS)[0] == 1


EXPLODING = (
    '--engine batched --optimizer adam --dtype float32 --init scaled --schedule constant --streams 3 --seq-length 8 '
)
EXPLODING += (
    '--hidden-size 16 --seed 3 --iterations 40 --learning-rate 0.2 --clip-norm 1 --weight-decay 99 --sample-length 0 '
)
EXPLODING += '--hidden-decay 3 --input-rate 2 --print-every 7 --validate-every 11 --save-every 5 --validation 20%'


def test_after_a_rollback_the_new_run_is_reported(cli, tmp_path, monkeypatch):
    """A rollback replaces the session's run: its best, and that it is complete."""
    monkeypatch.setattr(divergence, 'BEGINNING', 0)
    code, out, err = cli('train', SONNETS, *EXPLODING.split(), '--out', tmp_path / 'run')
    assert code == 0 and 'back to iteration' in err and 'resume with' not in err
    logged = [json.loads(line).get('validation') for line in (tmp_path / 'run' / 'log.jsonl').read_text().splitlines()]
    told = re.findall(r'^best (\d+\.\d+)', out, re.MULTILINE)
    assert all(best == f'{min(value for value in logged if value):.3f}' for best in told)
