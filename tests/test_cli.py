"""The command line: help, and what is found without asking much."""

import re
from importlib.metadata import entry_points

import pytest
from helpers import run_python

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
    """Shells complete commands and options, and nothing heavy is imported for that; nor for help."""
    asked = {'COMP_WORDS': 'fastrnn train --on', 'COMP_CWORD': '2', '_FASTRNN_COMPLETE': 'complete_bash'}
    for args, environment, words in (((), asked, b'--on-divergence'), (('train', '--help'), {}, b'--on-divergence')):
        run = run_python('-X', 'importtime', '-m', 'fastrnn', *args, **environment)
        assert run.returncode == 0 and words in run.stdout
        assert b'typer' in run.stderr and not re.search(rb'\| +(numba|numpy|llvmlite)', run.stderr)
    script = run_python('-m', 'fastrnn', '--show-completion', 'bash')
    assert script.returncode == 0 and b'_FASTRNN_COMPLETE=complete_bash' in script.stdout


def test_the_command_is_installed():
    (script,) = entry_points(group='console_scripts', name='fastrnn')
    assert script.load() is cli.main
