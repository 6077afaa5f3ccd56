"""The command line: help, completion, and errors before a command starts."""

import io
import re
import sys
from importlib.metadata import entry_points
from itertools import product

import pytest
from helpers import SONNETS, run_python

import fastrnn
from fastrnn import __main__ as command
from fastrnn import __version__, cli

OPTIONS = ('--hidden-size', '--seq-length', '--learning-rate', '--sample-every', '--sample-length', '--print-every')
OPTIONS += ('--seed', '--iterations')


@pytest.mark.parametrize('args', [(), ('--help',), ('train', '--help'), ('info', '--help')])
def test_help(cli, args):
    code, out, err = cli(*args)
    assert (code, err) == (0, '') and 'Usage: ' in out and 'Example: fastrnn' in out
    if 'train' in args:
        assert all(option in out for option in OPTIONS)


@pytest.mark.parametrize(
    ('args', 'same'),
    [(('-h',), ('--help',)), (('help',), ('--help',)), (('train', '-h'), ('train', '--help'))]
    + [(('help', name), (name, '--help')) for name in ('train', 'sample', 'info')],
)
def test_other_ways_to_ask_for_help(cli, args, same):
    assert cli(*args) == cli(*same)


def test_version(cli):
    assert cli('--version') == (0, f'fastrnn {__version__}\n', '')


def test_completion():
    """Shells complete commands and options. Neither that nor help imports Numba."""
    asked = {'COMP_WORDS': 'fastrnn train --on', 'COMP_CWORD': '2', '_FASTRNN_COMPLETE': 'bash_complete'}
    for args, environment, words in (((), asked, b'--on-divergence'), (('train', '--help'), {}, b'--on-divergence')):
        run = run_python('-X', 'importtime', '-m', 'fastrnn', *args, **environment)
        assert run.returncode == 0 and words in run.stdout
        assert b'click' in run.stderr and not re.search(rb'\| +(numba|numpy|llvmlite)', run.stderr)
    script = run_python('-m', 'fastrnn', '--show-completion', SHELL='/bin/bash')
    assert script.returncode == 0 and b'_FASTRNN_COMPLETE=bash_complete' in script.stdout


def test_the_command_is_installed():
    (script,) = entry_points(group='console_scripts', name='fastrnn')
    assert script.load() is command.main


def test_an_interrupt_during_imports():
    """It ends the command without a traceback."""
    code = """
import sys
from fastrnn.__main__ import main

class Interrupt:
    def find_spec(self, name, path, target=None):
        if name == 'click':
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
main()
"""
    run = run_python('-c', code)
    assert (run.returncode, run.stdout, run.stderr) == (cli.INTERRUPTED, b'', b'')


ACCENTS = 'café € naïve \U0001f600 日 ' * 40


@pytest.fixture(scope='module')
def accents(tmp_path_factory):
    """A text with accents, and a model trained on it."""
    text = tmp_path_factory.mktemp('accents') / 'é.txt'
    text.write_text(ACCENTS, encoding='utf-8')
    model = text.with_suffix('.safetensors')
    with fastrnn.train(text, hidden_size=4, seed=0, iterations=2) as run:
        run.save(model)
    return text, model


COMMANDS = {
    'train': ('TEXT', '--hidden-size', 4, '--seed', 0, '--iterations', 3, '--sample-every', 1, '--sample-length', 60),
    'sample': ('MODEL', '--seed', 0, '--length', 60),
    'score': ('MODEL', 'TEXT'),
    'eval': ('MODEL', 'TEXT'),
}


NARROW = ('ascii', 'latin-1', 'cp437', 'cp1252', 'shift_jis')


@pytest.mark.parametrize(('command', 'encoding'), [('eval', 'ascii'), *product(('train', 'sample', 'score'), NARROW)])
def test_an_output_that_cannot_show_everything(cli, accents, monkeypatch, command, encoding):
    """The run continues; output that the encoding lacks is escaped, and one line says so."""
    args = [{'TEXT': accents[0], 'MODEL': accents[1]}.get(arg, arg) for arg in COMMANDS[command]]
    outputs = []
    for name in ('utf-8', encoding):
        data = io.BytesIO()
        monkeypatch.setattr(sys, 'stdout', io.TextIOWrapper(data, name, newline='\n'))
        code, _, err = cli(command, *args)
        warned = [line for line in err.splitlines() if line.startswith('warning: ')]
        outputs.append(data.getvalue())
        assert code == 0 and len(warned) == (name != 'utf-8' and command != 'eval')
    text = outputs[0].decode('utf-8')
    assert outputs[1] == text.encode(encoding, 'backslashreplace')
    assert (b'\\u65e5' in outputs[1]) == (command != 'eval' and encoding != 'shift_jis')


def test_a_terminal_that_cannot_show_everything(accents):
    """The encoding of the shell's locale; the exit code was 2."""
    run = run_python('-m', 'fastrnn', 'sample', accents[1], '--seed', 0, '--length', 60, PYTHONIOENCODING='ascii')
    assert run.returncode == 0 and b'\\xe9' in run.stdout and run.stderr.count(b'warning: ') == 1


REFERENCE = ('train', SONNETS, '--engine', 'reference', '--iterations', 1, '--hidden-size', 4)
NUMBA = [
    ('NUMBA_DISABLE_JIT=1', ('train', SONNETS), 'error: NUMBA_DISABLE_JIT is set, but kernels need the compiler: '),
    ('NUMBA_DISABLE_JIT=1', REFERENCE, ''),
    ('NUMBA_DISABLE_JIT=1', ('info',), ''),
    ('NUMBA_OPT=nonsense', REFERENCE, ''),
    ('NUMBA_CPU_FEATURES=nonsense', ('train', SONNETS), "error: NUMBA_CPU_FEATURES is 'nonsense', but each "),
    ('NUMBA_NUM_THREADS=-1', ('train', SONNETS), "error: can't import Numba (Number of threads specified "),
]


@pytest.mark.parametrize(
    ('variable', 'command', 'told'), [NUMBA[0], *(pytest.param(*case, marks=pytest.mark.long) for case in NUMBA[1:])]
)
def test_variables_that_break_numba(variable, command, told):
    """One line names the variable; commands without kernels work."""
    name, value = variable.split('=')
    result = run_python('-m', 'fastrnn', *command, **{name: value})
    assert result.returncode == (2 if told else 0), result.stderr
    lines = [line for line in result.stderr.decode().splitlines() if line.startswith('error') or 'Traceback' in line]
    assert b'Traceback' not in result.stderr
    assert [line.startswith(told) and name in line for line in lines] == [True] * bool(told), lines


def test_numba_fails_to_import_from_python():
    result = run_python('-c', 'import fastrnn; fastrnn.evaluate', NUMBA_NUM_THREADS='-1')
    assert result.stderr.decode().splitlines()[-1].endswith('must be > 0.): unset NUMBA_NUM_THREADS')


def test_modules_that_fail_to_load(cli, monkeypatch):
    """As with a memory limit: one line, with the cause and not the library's advice."""

    def load(_):
        raise ImportError('advice ' * 99) from ImportError('libx.so: failed to map segment')

    monkeypatch.setattr('fastrnn.cli.app.invoke', load)
    expected = "error: can't load a module: libx.so: failed to map segment\n"
    assert cli('info') == (1, '', expected)


def test_a_truncated_module(cli, monkeypatch):
    def load(_):
        raise EOFError('marshal data too short')

    monkeypatch.setattr('fastrnn.cli.app.invoke', load)
    code, _, err = cli('info')
    assert code == 1 and re.fullmatch('error: marshal data too short: .*\n', err)


@pytest.mark.parametrize(
    ('error', 'reason'),
    [(OSError(24, 'Too many open files'), 'files'), (MemoryError(), 'memory'), (EOFError(), '__pycache__ folders')],
)
def test_a_command_that_fails_to_load(monkeypatch, error, reason):
    def fail():
        raise error

    monkeypatch.setattr('fastrnn.system.outputs.open_closed', fail)
    with pytest.raises(SystemExit, match=f"^error: can't load fastrnn: .*{reason}$"):
        command.main()
