"""What the README and the commands' help show is what the tests run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir

import numpy as np
import pytest
from helpers import ROOT, SUPPORT, markov_text

import fastrnn
from fastrnn.cli import app

README = (ROOT / 'README.md').read_text(encoding='utf-8')
COMMANDS = app.commands


def blocks(language):
    return re.findall(rf'^```{language}\n(.*?)^```', README, re.MULTILINE | re.DOTALL)


def examples():
    """The Python of the page, in its order; what needs PyTorch stands apart."""
    return [code for code in blocks('python') if 'import torch' not in code]


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
        line = line.replace('--time 60s', '--time 0.5s')
        result = subprocess.run(line, shell=True, cwd=place, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, f'{line}\n{result.stderr}'
        return result.stdout

    run.place = place
    return run


def test_the_order_of_the_page():
    """What a command needs is in git, or an earlier command of the page has made it."""
    there, made, installed = {'data/sonnets.txt', 'data/fetch_shakespeare.py'}, set(), set()
    for line in shell_lines():
        words = shlex.split(line)
        if words[:2] == ['pip', 'install']:
            installed.add(words[2])
        assert words[0] in ('python3', '.') or '. .venv/bin/activate' in made, line
        assert words[0] != 'fastrnn' or '.' in installed, line
        assert words[:2] != ['fastrnn', 'plot'] or '.[plot]' in installed, line
        assert words[0] != 'pytest' or '.[test]' in installed, line
        outputs = {words[k + 1] for k, word in enumerate(words) if word in ('--out', '--html', '>')}
        needed = {word for word in words[1:] if re.match(r'(data|runs)/|.*\.txt$', word)} - outputs
        assert needed <= there, line
        there |= outputs | ({'data/shakespeare.txt'} if 'data/fetch_shakespeare.py' in words else set())
        made.add(line)


def test_the_page_shows_every_command():
    """But the two that tell of the machine; what is typed is a program that a checkout or a system has."""
    assert {line.split()[0] for line in shell_lines()} <= {
        *('fastrnn', 'python', 'python3', 'pip', 'mpiexec', 'pytest', 'cmp', '.')
    }
    shown = {line.split()[1] for line in shell_lines() if line.startswith('fastrnn ')}
    assert shown == {*COMMANDS} - {'info', 'cache'}


@pytest.mark.long
def test_a_new_checkout(tmp_path):
    """The page in a copy of what is in git, as one types it: a new environment, the network, one shell. But a minute
    takes half a second, and kernels that other tests have compiled are not compiled again."""
    place = tmp_path / 'checkout'
    for name in subprocess.check_output(['git', 'ls-files', '-z'], cwd=ROOT, text=True).split('\0')[:-1]:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / name)
    (place / 'page.py').write_text('\n'.join(examples()).replace("'5s'", "'0.3s'"), encoding='utf-8')
    lines = ''.join(blocks('sh')).replace('--time 60s', '--time 0.5s').removesuffix('pytest\n')
    (place / 'page.sh').write_text(f'set -ex\n{lines}python page.py\n', encoding='utf-8')
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('PYTHON', 'VIRTUAL_ENV'))}
    environment |= {'PIP_NO_COMPILE': '1', 'PATH': f'{sys.base_prefix}/bin:/usr/bin:/bin'}
    result = subprocess.run(
        ['bash', 'page.sh'], cwd=place, env=environment, capture_output=True, text=True, timeout=1800
    )
    assert result.returncode == 0, result.stderr[-5000:]  # the last line that begins with + is the command
    assert (place / 'data' / 'shakespeare.txt').stat().st_size == 5_057_362
    for name in ('curves.svg', 'page.html', 'surprisal.tsv', 'model.html'):
        assert (place / name).stat().st_size > 1000, name
    for name in ('minute', 'python'):
        assert (place / 'runs' / name / 'best.safetensors').exists(), name


@pytest.mark.long
def test_the_examples_of_the_help_run(shell):
    """In a checkout, the first one first."""
    for command in COMMANDS.values():
        assert command.epilog.startswith('Example: fastrnn ')
        shell(command.epilog.removeprefix('Example: '))


def test_the_examples_are_shown(cli, monkeypatch):
    monkeypatch.setenv('COLUMNS', '200')
    for name, command in COMMANDS.items():
        assert command.epilog in ' '.join(cli(name, '--help')[1].split())


def test_commands_in_the_text_exist(cli):
    """Words in backticks that are options, or commands of fastrnn."""
    helps = ''.join(cli(name, '--help')[1] for name in COMMANDS)
    for code in re.findall(r'`([^`\n]+)`', README):
        command = re.match(r'fastrnn (\w+)', code)
        assert not command or command[1] in (*COMMANDS, 'help'), code
        if code.startswith('--'):
            assert code.split()[0] in helps, code


def test_the_diff_is_the_one_that_is_tested():
    assert blocks('diff') == [(SUPPORT / 'gist.diff').read_text(encoding='utf-8')]


@pytest.mark.long
def test_the_python_examples_run(shell, capsys):
    """In the order of the page, as in one notebook."""
    names = {}
    with chdir(shell.place):
        for code in examples():
            exec(code.replace("'5s'", "'0.3s'"), names)
    assert '999 ' in capsys.readouterr().out


@pytest.mark.long
def test_the_example_with_pytorch_runs(shell):
    """By itself; its logits give the surprisals that fastrnn gives."""
    torch = pytest.importorskip('torch')
    [code], names = [code for code in blocks('python') if code not in examples()], {}
    with chdir(shell.place):
        exec(code.replace("'5s'", "'0.3s'"), names)
    model, text, logits = names['model'], names['text'], names['logits']
    assert model.params.architecture.cell == 'lstm' and model.params.architecture.layers == 2
    ids = model.vocabulary.encode(text).astype('int64')
    nats = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction='none').detach().numpy()
    assert abs(nats - fastrnn.surprisals(model, text).bits[1:] * np.log(2)).max() < 1e-5


def test_the_measured_tables_are_there():
    for marker in ('speeds', 'peers', 'startup', 'quality'):
        table = README.split(f'<!-- {marker}:')[1].split(f'<!-- end of {marker}')[0]
        assert len(table.splitlines()) > 3, marker


def test_the_picture_is_there():
    for path in re.findall(r'!\[[^]]*\]\(([^)]+)\)', README):
        assert (ROOT / path).stat().st_size > 10_000
