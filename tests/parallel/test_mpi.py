"""Runs of several processes under mpiexec: bit-identical to one process, and printed once, whatever happens."""

import json
import re
import signal
import subprocess
import sys
import time

import pytest
from helpers import ROOT, SONNETS, SUPPORT, random_text, run_python
from kept import log_of, state_of
from mpi import MPIEXEC, command, mpi_python, needs_mpi
from mpi_script import CASES, train

from fastrnn.model.checkpoint import load_model
from fastrnn.model.run_files import BEST, checkpoints
from fastrnn.parallel.launcher import OR_ALONE

pytestmark = needs_mpi
SIZES = ['--hidden-size', 24, '--seq-length', 8, '--streams', 8, '--dropout', 0.2, '--seed', 3, '--validation', '20%']
RUN = ['train', SONNETS, '--preset', 'fast', '--cell', 'lstm', *SIZES, '--save-every', 7, '--sample-length', 20]
SOON = 10.0  # seconds within which a job must end after an error


def errors_of(result):
    """The error lines of the processes, without mpiexec's own."""
    return [line for line in result.stderr.splitlines() if line.startswith(('error:', 'Traceback'))]


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """A run with four shards in one process."""
    folder = tmp_path_factory.mktemp('whole') / 'run'
    result = run_python('-m', 'fastrnn', *RUN, '--shards', 4, '--iterations', 40, '--out', folder)
    assert result.returncode == 0, result.stderr.decode()
    return folder, result.stdout.decode()


def assert_same_run(folder, whole):
    assert log_of(folder) == log_of(whole)
    for mine, expected in zip(checkpoints(folder), checkpoints(whole), strict=True):
        assert mine.name == expected.name
        assert state_of(mine) == state_of(expected)
    assert state_of(folder / BEST) == state_of(whole / BEST)


ONE_AFTER_ANOTHER = """
import json, sys
from fastrnn.cli import main
from fastrnn.parallel.processes import processes
for code, *args in json.loads(sys.argv[1]):
    sys.argv, ended = ['fastrnn', *args], None
    try:
        exec(code, {'__name__': '__main__'}) if code else main()
    except SystemExit as end:
        ended = end.code
    for stream in (sys.stdout, sys.stderr):
        if processes().leads:
            print('exit', ended, file=stream, flush=True)
    processes().all(None)  # keeps the outputs of commands apart
"""


@pytest.fixture(scope='module')
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp('text') / 'text.txt'
    path.write_text(random_text(2000, 30))
    return path


@pytest.fixture(scope='module')
def job(tmp_path_factory, text):
    """Commands of two processes that succeed, run in one job: code, output and errors of each; and the folder."""
    folder = tmp_path_factory.mktemp('job')
    small = ['train', SONNETS, '--preset', 'fast', *SIZES, '--print-every', 1, '--iterations', 3]
    items = {
        'shards': ['', *RUN, '--shards', 3, '--streams', 9, '--iterations', 5, '--out', 'refused'],
        'exact': ['', 'train', SONNETS, '--iterations', 5, '--out', 'refused'],
        'json': ['', *small, '--json'],
        'info': ['', 'info'],
        'voice': ['', *RUN, '--shards', 4, '--iterations', 40, '--out', 'run'],
        'bits': [(SUPPORT / 'mpi_script.py').read_text(), text, 4],
        'best': [SAVING, 'model', 'best', SONNETS],
        'waiting': [TAKING_TIME],  # last, because it changes the time limits
    }
    listed = json.dumps([list(map(str, item)) for item in items.values()])
    result = mpi_python(2, '-c', ONE_AFTER_ANOTHER, listed, cwd=folder)
    assert result.returncode == 0, result.stderr
    out, err = (re.split(r'^exit (\w+)\n', stream, flags=re.M) for stream in (result.stdout, result.stderr))
    assert out[1::2] == err[1::2] and len(out) == 2 * len(items) + 1 and not (folder / 'refused').exists()
    return dict(zip(items, zip(out[1::2], out[::2], err[::2], strict=False), strict=True)), folder


def of_one_process(text):
    return {name: train(text.read_text(), 4, **options) for name, options in CASES.items()}


def test_bits_depend_only_on_shards(job, text):
    """For every cell, with dropout, both optimizers and clippings, one layer and two."""
    code, out, err = job[0]['bits']
    assert (code, err) == ('None', '') and json.loads(out) == of_one_process(text)


@pytest.mark.long
def test_bits_of_four_processes(text):
    result = mpi_python(4, SUPPORT / 'mpi_script.py', text, 4)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == of_one_process(text)


def test_output_and_files_are_those_of_one_process(job, whole):
    """Standard output is the same except for times; no file is written twice."""
    (code, out, err), folder = job[0]['voice'], job[1]
    assert (code, err) == ('0', '')

    def lines(text):
        return [line.partition(' s  ')[0].rpartition('  ')[0] or line for line in text.splitlines()]

    told = [line.replace(', in each of 2 processes', '') for line in lines(out)]
    expected = lines(whole[1])
    differ = ('memory', 'encoded ')  # memory is for fewer streams; the cache may have the text
    assert [line for line in told if not line.startswith(differ)] == [
        line for line in expected if not line.startswith(differ)
    ]
    assert_same_run(folder / 'run', whole[0])


@pytest.mark.long
@pytest.mark.parametrize(('number', 'code'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_to_mpiexec(tmp_path, number, code):
    """The first process handles it: all stop after the same iteration, and it is saved."""
    folder = tmp_path / 'run'
    job = subprocess.Popen(
        command(2, '-m', 'fastrnn', *RUN, '--epochs', 10_000, '--out', folder, '--print-every', 50),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    while not job.stdout.readline().startswith('iter 200 '):
        assert job.poll() is None
    job.send_signal(number)
    _, err = job.communicate(timeout=30)
    assert job.returncode == code
    saved = checkpoints(folder)[-1]
    assert f'saved at iteration {state_of(saved)[1][3]:,}; resume with: fastrnn train --resume {folder}' in err
    assert 'error' not in err


@pytest.mark.parametrize(
    ('name', 'told'),
    [
        (
            'shards',
            "3 shards can't be divided among 2 processes: start 1 or 3 processes, or a run with --shards 4, "
            f'{OR_ALONE}',
        ),
        ('exact', f'engine exact trains in one process, not in 2: add --preset fast, {OR_ALONE}'),
    ],
)
def test_errors_of_all_processes_are_printed_once(job, name, told):
    assert job[0][name] == ('2', '', f'error: {told}\n')


@pytest.mark.long
def test_a_text_that_differs_between_hosts(tmp_path):
    """The first process prints which text on which host; nothing is written."""
    places = [tmp_path / 'a', tmp_path / 'b']
    for place, text in zip(places, ('abcd' * 200, 'abdc' * 200), strict=True):
        place.mkdir()
        (place / 'text.txt').write_text(text)
    run = ['-m', 'fastrnn', 'train', 'text.txt', '--preset', 'fast', '--iterations', '5', '--out', str(tmp_path / 'r')]
    hosts = [part for place in places for part in (':', '-n', '1', '-wdir', str(place), sys.executable, *run)]
    result = subprocess.run([MPIEXEC, *hosts[1:]], capture_output=True, text=True, timeout=60)
    assert result.returncode == 2
    (told,) = errors_of(result)
    assert told.startswith('error: the text (sha256) differs: ')
    assert '(process 1); copy the files from one host to the others' in told
    assert not (tmp_path / 'r').exists()


def test_without_mpi4py(tmp_path):
    """One line names the extra; the processes do not train independently."""
    hidden = "import sys; sys.modules['mpi4py'] = None; sys.argv[0] = 'x'; from fastrnn.cli import main; main()"
    result = mpi_python(2, '-c', hidden, *RUN, '--iterations', 5, '--out', tmp_path / 'run')
    assert result.returncode == 2
    (told,) = errors_of(result)
    missing = 'an MPI launcher started 2 processes, but mpi4py is missing: pip install mpi4py'
    assert told == f'error: {missing}, {OR_ALONE}'
    assert not (tmp_path / 'run').exists()


FAILING = """
import sys
import fastrnn
from fastrnn.parallel.processes import processes
options = {{'preset': 'fast', 'hidden_size': 20, 'iterations': 10**6, 'validation': 0.2, 'seed': 1}}
with fastrnn.start(sys.argv[1], {text!r}, **options) as run:
    for record in run:
        if record.iteration > 50 and processes().rank == 1:
            raise OSError('this one fails alone')
"""


@pytest.mark.long
def test_a_single_failing_process_ends_the_job(tmp_path):
    """A script fails in one of two processes: the job ends soon, and the run can be resumed."""
    start = time.monotonic()
    result = mpi_python(2, '-c', FAILING.format(text=str(SONNETS)), tmp_path / 'run')
    assert result.returncode != 0
    assert 'OSError: this one fails alone' in result.stderr
    assert 'process 1 on ' in result.stderr
    assert time.monotonic() - start < 2 * SOON
    assert run_python('-m', 'fastrnn', 'train', '--resume', tmp_path / 'run', '--iterations', 60).returncode == 0


TAKING_TIME = """
import time
import fastrnn
from fastrnn.parallel import mpi
from fastrnn.parallel.processes import processes
mpi.GRACE, mpi.PATIENCE = 0.1, 0.2
leads, options = processes().leads, {'preset': 'fast', 'hidden_size': 20, 'iterations': 3, 'seed': 1}
try:
    fastrnn.train('abc' * 100, **options | {'hidden_size': 20 if leads else 30})
except ValueError as error:
    if leads:
        print(error)
with fastrnn.train('abc' * 100, **options) as run:
    for record in run:
        if leads and record.last:
            time.sleep(0.5)
if leads:
    time.sleep(0.5)
    print('done')
"""


def test_others_wait_for_a_process_with_more_work(job):
    """Longer than for a failed one. Different options in another process are an error."""
    code, out, err = job[0]['waiting']
    told, done = out.splitlines()
    assert (code, err) == ('None', '') and told.startswith('hidden_size differs: 20 on ') and done == 'done'


SAVING = """
import sys
from pathlib import Path
import fastrnn
from fastrnn.parallel.processes import processes
from fastrnn.runs.best import InFolder
options = {'preset': 'fast', 'hidden_size': 20, 'iterations': 20, 'validation': 0.2, 'seed': 1}
with fastrnn.train('abcd' * 500, **options) as run:
    run.save(sys.argv[1] + '-begun')  # before the engine exists
    list(run)
    run.save(sys.argv[1])
with fastrnn.start(sys.argv[2], sys.argv[3], **options) as run:
    run.watch()
    run.run.figures.best_iteration = 1  # not the last model
    if not processes().leads:  # a host that does not share the first one's file system
        run.run._validator._store = InFolder(Path('elsewhere'))
    run.run.engine.params.flat[:] = 0  # the last model, the fallback if the best is missing
    same = processes().all(run.best_model.params.flat.tobytes())
if processes().leads:
    print(same[0] == same[1] != bytes(len(same[0])))
"""


def test_all_processes_get_the_best_model(job):
    """One process saves it and all ask for it, also before the first record."""
    printed, folder = job
    assert printed['best'] == ('None', 'True\n', '')
    models = [load_model(folder / name) for name in ('model-begun', 'model')]
    assert models[0].params != models[1].params and models[1].about.held_out


ENDING = """
import sys
import fastrnn
from fastrnn.parallel import mpi
from fastrnn.parallel.processes import processes
mpi.GRACE, mpi.PATIENCE = 0.1, 0.2
with fastrnn.start(sys.argv[1], sys.argv[2], preset='fast', hidden_size=20, iterations=10**6, seed=1) as run:
    for record in run:
        if processes().rank == 1:
            break
"""


@pytest.mark.long
def test_a_process_that_ends_a_run_alone_ends_the_job(tmp_path):
    """The others would wait for ever. The run can be resumed."""
    result = mpi_python(2, '-c', ENDING, tmp_path / 'run', SONNETS)
    assert result.returncode == 1
    (told,) = set(errors_of(result))  # MPICH's mpiexec may print the last lines of an ended job again
    assert ': it waits for processes that have ended; ' in told and told.endswith(OR_ALONE)
    assert (tmp_path / 'run' / 'config.json').exists()


def test_json_comes_from_one_process(job):
    code, out, _ = job[0]['json']
    assert code == '0' and [json.loads(line)['iteration'] for line in out.splitlines()] == [1, 2, 3]


def test_info(job):
    code, out, _ = job[0]['info']
    facts = {line[:12].strip(): line[13:] for line in out.splitlines()}
    assert code == '0' and len(facts) == len(out.splitlines()), 'printed by both'
    assert facts['processes'].startswith('2 on 1 host (')
    assert facts['bits'].startswith('identical')


@pytest.mark.long
def test_commands_that_need_no_other_processes(tmp_path, whole):
    """Each process runs its own command on its own text, even if others run none; nobody waits or stays silent."""
    place = tmp_path / 'folder'
    place.mkdir()
    (place / 'text.txt').write_bytes(SONNETS.read_bytes()[:1500])
    farm = f"""
import os, subprocess, sys
rank = os.environ['PMI_RANK']
def fastrnn(*args):
    done = subprocess.run([sys.executable, '-m', 'fastrnn', *args], capture_output=True, text=True)
    count = done.stdout.count('bits per character (')
    line = f'own by {{rank}}: {{done.returncode}} {{count}} {{done.stderr.strip()}}'
    os.write(1, line.encode() + b'\\n')  # unbuffered, because exec drops buffers
if rank == '1':  # an independent process, started by one of the launcher's
    fastrnn('train', {str(SONNETS)!r}, '--iterations', '0')
os.execv(sys.executable, [sys.executable, '-m', 'fastrnn', 'eval', {str(whole[0])!r}, {str(place)!r}, '--recursive'])
"""
    result = mpi_python(2, '-c', farm)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count('bits per character (') == 2
    assert 'own by 1: 0 0 ' in result.stdout


@pytest.mark.long
@pytest.mark.parametrize('alone', [False, True])
def test_a_process_that_does_not_train(alone):
    """It ends the job with a line that says how to work alone; alone, it may do anything."""
    run = ['-m', 'fastrnn', 'train', str(SONNETS), '--iterations', '1', '--quiet']
    setting = ['-env', 'FASTRNN_ALONE', '1'] if alone else []
    other = ['-n', '1', *setting, sys.executable, '-m', 'fastrnn', 'train', '--help']
    command = [MPIEXEC, '-n', '1', *setting, sys.executable, *run, '--preset', 'fast', ':', *other]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert (result.returncode == 0) == alone
    told = set(errors_of(result))
    assert not told if alone else all(line.endswith(OR_ALONE) for line in told) and told
