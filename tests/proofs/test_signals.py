"""Every command ends by every signal at every stage: its code is 128 + the signal, with one line at most.

Each child sends a signal to itself, where it has come to a stage; and outputs are closed as shells close them.
"""

import os
import signal
import subprocess
import sys

import pytest
from helpers import ROOT, SONNETS, run_python

import fastrnn
from fastrnn.system import stop

LONG = pytest.mark.long
CHILD = """
import importlib, os, signal, sys
stage, number = sys.argv[1], int(sys.argv[2])
sys.argv[1:] = sys.argv[3:]
for other in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(other, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

def struck(function):
    def call(*args, **options):
        signal.raise_signal(number)
        return function(*args, **options)
    return call

class Importing:
    def find_spec(self, name, path, target=None):
        if stage == f'import {name}':
            signal.raise_signal(number)

if stage.startswith('import '):
    sys.meta_path.insert(0, Importing())
else:
    module, _, attribute = stage.rpartition('.')
    module = importlib.import_module(module)
    setattr(module, attribute, struck(getattr(module, attribute)))
from fastrnn.__main__ import main
main()
"""
READ, WRITE = 'fastrnn.model.safetensors_file.read', 'fastrnn.system.atomic.write_synced'
EVERYWHERE = ('import click', 'import numpy', 'import numba')
COMMANDS = {
    'train': (('TEXT', '--iterations', '9', '--hidden-size', '8'), (*EVERYWHERE, 'fastrnn.data.corpus.open_corpus')),
    'sample': (('MODEL',), (*EVERYWHERE, READ)),
    'eval': (('MODEL', 'TEXT'), (*EVERYWHERE, READ, 'fastrnn.inference.evaluate.slices')),
    'score': (('MODEL', 'TEXT', '--html', 'OUT'), (*EVERYWHERE, READ, WRITE)),
    'export': (('MODEL', '--html', 'OUT'), (*EVERYWHERE, READ, WRITE)),
    'export --onnx': (('OUT', 'MODEL'), ('import onnx', READ, WRITE)),
    'plot': (('RUN', '--out', 'OUT'), ('import click', 'fastrnn.runs.curves.read_runs', WRITE)),
    'runs': (('RUNS',), ('import click', 'fastrnn.runs.overview.read_last')),
    'info': ((), EVERYWHERE),
    'cache': ((), ('import click', 'fastrnn.system.cache_folder.items')),
}
CASES = [(command, stage) for command, (_, stages) in COMMANDS.items() for stage in stages]
FEW = [('train', 'import numba'), ('score', WRITE)]


def name_of_output(command):
    return 'out.onnx' if 'onnx' in command else 'out.html' if 'export' in command or '--html' in command else 'out.svg'


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp('made')
    with fastrnn.start(folder / 'RUN', SONNETS, hidden_size=8, iterations=9, seed=0) as run:
        list(run)
        run.save(folder / 'MODEL')
    return folder


@pytest.mark.parametrize(
    ('command', 'stage', 'number'),
    [
        pytest.param(*case, stop.ENDING[k % len(stop.ENDING)], marks=[] if case in FEW else LONG)
        for k, case in enumerate(CASES)
    ],
)
def test_a_signal_at_a_stage(made, tmp_path, command, stage, number):
    out = tmp_path / name_of_output(command)
    names = {'TEXT': SONNETS, 'MODEL': made / 'MODEL', 'RUN': made / 'RUN', 'RUNS': made, 'OUT': out}
    args = [names.get(arg, arg) for arg in COMMANDS[command][0]]
    run = run_python('-c', CHILD, stage, int(number), *command.split(), *args, timeout=60)
    assert run.returncode == 128 + number, run.stderr.decode()
    assert run.stderr.count(b'\n') <= 1 and b'Traceback' not in run.stderr
    assert list(tmp_path.iterdir()) == []


SHELL = {
    'train --save': '"$0" -m fastrnn train "$TEXT" --hidden-size 8 --iterations 99 --save "$OUT"',
    'score --html': '"$0" -m fastrnn score "$MODEL" "$TEXT" --html "$OUT"',
    'export': '"$0" -m fastrnn export "$MODEL" --html "$OUT"',
    'export --onnx': '"$0" -m fastrnn export "$MODEL" --onnx "$OUT"',
    'plot': '"$0" -m fastrnn plot "$RUN" --out "$OUT"',
    'plot --html': '"$0" -m fastrnn plot "$RUN" --html "$OUT"',
    'sample': '"$0" -m fastrnn sample "$MODEL"',
    'eval': '"$0" -m fastrnn eval "$MODEL" "$TEXT"',
    'runs': '"$0" -m fastrnn runs "$RUN"',
    'info': '"$0" -m fastrnn info',
    'cache': '"$0" -m fastrnn cache',
    'help': '"$0" -m fastrnn --help',
    'reference': '"$0" -m fastrnn.reference "$TEXT" --iterations 3',
    'sample --lines': '"$0" -m fastrnn sample "$MODEL" --lines 3 --novel "$TEXT"',
}
CLOSED = {'>&-': 1, '>/dev/full': 1, '2>&-': 0, '2>/dev/full': 0, '<&-': 0, '<&- >&- 2>&-': 1, '>/dev/full 2>&1': 1}


OTHERS = list(CLOSED)[1:]
FEW_CLOSED = [('train --save', '<&- >&- 2>&-'), ('reference', '>/dev/full 2>&1')]
PAIRS = {(command, '>&-') for command in SHELL} | {*FEW_CLOSED, ('train --save', '2>&-')}
PAIRS |= {(command, OTHERS[k % len(OTHERS)]) for k, command in enumerate(SHELL)}


@pytest.mark.parametrize(
    ('command', 'redirection'),
    [pytest.param(*pair, marks=[] if pair in FEW_CLOSED else LONG) for pair in sorted(PAIRS)],
)
def test_outputs_of_a_shell(made, tmp_path, command, redirection):
    """The code is 1 if standard output could not be written, and a file that was asked for is there."""
    out = tmp_path / name_of_output(command)
    names = {'TEXT': SONNETS, 'MODEL': made / 'MODEL', 'RUN': made / 'RUN', 'OUT': out}
    environment = {**os.environ, 'PYTHONUNBUFFERED': '', **{name: str(path) for name, path in names.items()}}
    shell = ['sh', '-c', f'{SHELL[command]} {redirection}', sys.executable]
    run = subprocess.run(shell, capture_output=True, env=environment, cwd=ROOT, timeout=60)
    assert run.returncode == CLOSED[redirection], run.stderr.decode()
    assert b'Traceback' not in run.stderr
    if CLOSED[redirection] and '2>' not in redirection:
        assert run.stderr.splitlines()[-1].startswith(b'error: standard output: ')
    assert list(tmp_path.iterdir()) == ([out] if '$OUT' in SHELL[command] else [])


@LONG
def test_a_dropped_connection(tmp_path):
    """The terminal has gone, and with it both outputs: the run is saved; under nohup it goes on to its end."""
    import pty

    for ignored, code in ((False, 129), (True, 0)):
        folder = tmp_path / str(code)
        args = [sys.executable, '-m', 'fastrnn', 'train', SONNETS, '--hidden-size', 30, '--out', folder]
        args += ['--iterations', 10**8 if code else 60_000, '--print-every', 50]
        disposition = signal.SIG_IGN if ignored else signal.SIG_DFL
        pid, terminal = pty.fork()
        if pid == 0:
            signal.signal(signal.SIGHUP, disposition)
            os.chdir(ROOT)
            os.execv(sys.executable, list(map(str, args)))
        seen = b''
        while b'iter 500,' not in seen:
            seen += os.read(terminal, 1000)
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == code
        assert fastrnn.load_model(folder).params.H == 30
