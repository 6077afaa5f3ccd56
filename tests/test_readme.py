"""What the README and the commands' help show is what the tests run."""

import re
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir

import pytest
from helpers import ROOT, markov_text

from fastrnn.commands import cache, evaluate, info, plot, sample, score, train

README = (ROOT / 'README.md').read_text(encoding='utf-8')
COMMANDS = ('train', 'sample', 'score', 'eval', 'plot', 'info', 'cache')
# commands that are not run here, and what runs them; those that make the tables: test_bench.py
ELSEWHERE = {
    'python3 -m venv': '.ci/run, by pip install and the rest of this line here',
    '.venv/bin/pip install': '.ci/run',
    '.venv/bin/pytest': '.ci/run',
    'python data/fetch_shakespeare.py': 'test_data.py; here another text of that name stands in',
}


def blocks(language):
    return re.findall(rf'^```{language}\n(.*?)^```', README, re.MULTILINE | re.DOTALL)


def shell_lines():
    """Single commands, in the order of the page."""
    for block in blocks('sh'):
        for line in block.splitlines():
            yield from (part.strip() for part in line.split('&&'))


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Run a command in a folder that looks like a checkout; fastrnn is the package under test."""
    place = tmp_path / 'checkout'
    shutil.copytree(ROOT / 'data', place / 'data', ignore=shutil.ignore_patterns('*.gz', 'shakespeare.txt'))
    (place / 'data' / 'shakespeare.txt').write_text(markov_text(20_000), encoding='utf-8')
    (tmp_path / 'bin').mkdir()
    for name, words in (('fastrnn', '-m fastrnn'), ('python', '')):
        script = tmp_path / 'bin' / name
        script.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} {words} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path / 'bin'), prepend=':')

    def run(line):
        line = line.replace('.venv/bin/', '').replace('--time 60s', '--time 0.5s')
        result = subprocess.run(line, shell=True, cwd=place, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, f'{line}\n{result.stderr}'
        return result.stdout

    run.place = place
    return run


@pytest.mark.long
def test_the_commands_run(shell):
    """All of them, in order, as written; but a minute takes half a second."""
    ran = [line for line in shell_lines() if not line.startswith(tuple(ELSEWHERE))]
    for line in ran:
        assert line.split()[0] in ('fastrnn', '.venv/bin/fastrnn', 'python', 'cmp'), line
        shell(line)
    assert {line.split()[1] for line in ran if 'fastrnn ' in line and '-m' not in line} == {*COMMANDS} - {
        'info',
        'cache',
    }
    for name in ('curves.png', 'curves.svg', 'page.html', 'surprisal.tsv', 'runs/minute/best.safetensors'):
        assert (shell.place / name).stat().st_size > 1000, name


def test_the_examples_of_the_help_run(shell):
    """In a checkout, the first one first."""
    for module in (train, sample, score, evaluate, plot, info, cache):
        assert module.EXAMPLE.startswith('Example: fastrnn ')
        shell(module.EXAMPLE.removeprefix('Example: '))


def test_the_examples_are_shown(cli, monkeypatch):
    monkeypatch.setenv('COLUMNS', '200')
    for name, module in zip(COMMANDS, (train, sample, score, evaluate, plot, info, cache), strict=True):
        assert module.EXAMPLE in ' '.join(cli(name, '--help')[1].split())


def test_commands_in_the_text_exist(cli):
    """Words in backticks that are options, or commands of fastrnn."""
    helps = ''.join(cli(name, '--help')[1] for name in COMMANDS)
    for code in re.findall(r'`([^`\n]+)`', README):
        command = re.match(r'fastrnn (\w+)', code)
        assert not command or command[1] in COMMANDS, code
        if code.startswith('--'):
            assert code.split()[0] in helps, code


def test_the_diff_is_the_one_that_is_tested():
    assert blocks('diff') == [(ROOT / 'tests' / 'gist.diff').read_text(encoding='utf-8')]


def test_the_python_examples_run(shell, capsys):
    """In the order of the page, as in one notebook."""
    names = {}
    with chdir(shell.place):
        for code in blocks('python'):
            exec(code.replace("'5s'", "'0.3s'"), names)
    assert '999 ' in capsys.readouterr().out


def test_the_measured_tables_are_there():
    for marker in ('speeds', 'peers', 'startup', 'quality'):
        table = README.split(f'<!-- {marker}:')[1].split(f'<!-- end of {marker}')[0]
        assert len(table.splitlines()) > 3, marker


def test_the_picture_is_there():
    for path in re.findall(r'!\[[^]]*\]\(([^)]+)\)', README):
        assert (ROOT / path).stat().st_size > 10_000
