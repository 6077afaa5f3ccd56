"""What the README shows is what the tests run."""

import re
from contextlib import chdir

from helpers import ROOT

README = (ROOT / 'README.md').read_text(encoding='utf-8')


def blocks(language):
    return re.findall(rf'^```{language}\n(.*?)^```', README, re.MULTILINE | re.DOTALL)


def test_the_diff_is_the_one_that_is_tested():
    assert blocks('diff') == [(ROOT / 'tests' / 'gist.diff').read_text(encoding='utf-8')]


def test_the_python_examples_run(capsys):
    with chdir(ROOT):
        for code in blocks('python'):
            exec(code, {})
    assert '999 ' in capsys.readouterr().out


def test_the_commands_exist(cli):
    """Every option that a fastrnn command in the README uses is one of that command's."""
    helps = {name: cli(name, '--help')[1] for name in ('train', 'eval', 'info')}
    commands = [line for code in blocks('sh') for line in re.findall(r'fastrnn (\w+)(.*)', code)]
    assert {name for name, _ in commands} <= set(helps)
    for name, arguments in commands:
        for option in re.findall(r'--[\w-]+', arguments):
            assert option in helps[name]


def test_the_measured_tables_are_there():
    for marker in ('speeds', 'peers', 'startup', 'quality'):
        table = README.split(f'<!-- {marker}:')[1].split(f'<!-- end of {marker}')[0]
        assert len(table.splitlines()) > 3, marker
