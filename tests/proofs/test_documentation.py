"""What the README, the pages of docs/ and the commands' help show is what the tests run."""

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
from mpi import needs_mpi
from table import kernels_hash

import fastrnn
from fastrnn.cli import app

COMMANDS = app.commands
FIRST = 'README.md', 'docs/index.md'  # pages that begin on a new machine; the others come after these
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding='utf-8')
    for path in [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
}
EVERYTHING = '\n'.join(PAGES.values())
MADE_FIRST = ('data/shakespeare.txt', 'runs/first')  # by the README, and by docs/index.md
HOURS = re.compile(r"--time \S+|'5s'|time='\S+'")  # times in the pages, which tests shorten


def blocks(page, language):
    return re.findall(rf'^```{language}\n(.*?)^```', PAGES[page], re.MULTILINE | re.DOTALL)


def examples(page):
    """The Python of a page, in its order; what needs PyTorch stands apart."""
    return [code for code in blocks(page, 'python') if 'import torch' not in code]


def lines_of(block):
    """Single commands of a block, in their order; a loop is one of them."""
    text = block.replace('\\\n', ' ')
    if re.search(r'^for .*\bdo\b', text, re.MULTILINE):
        return [text.strip()]
    return [part.strip() for line in text.splitlines() for part in line.split('&&')]


def shell_lines(page):
    return [line for block in blocks(page, 'sh') for line in lines_of(block)]


def shortened(code):
    return HOURS.sub(lambda found: found[0].replace(found[0].split('=')[-1].split()[-1].strip("'"), '0.4s'), code)


def with_shell():
    return [page for page in PAGES if blocks(page, 'sh')]


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Run a command in a folder that looks like a checkout; fastrnn is the package under test."""
    place = tmp_path / 'checkout'
    shutil.copytree(ROOT / 'data', place / 'data', ignore=shutil.ignore_patterns('*.gz', 'shakespeare.txt'))
    (place / 'data' / 'shakespeare.txt').write_text('OTHELLO.\nIAGO.\n' * 20 + markov_text(20_000), encoding='utf-8')
    (tmp_path / 'bin').mkdir()
    for name, words in (('fastrnn', '-m fastrnn'), ('python', '')):
        script = tmp_path / 'bin' / name
        script.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} {words} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path / 'bin'), prepend=':')

    def run(line):
        result = subprocess.run(shortened(line), shell=True, cwd=place, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, f'{line}\n{result.stderr}'
        return result.stdout

    run.place = place
    return run


@pytest.fixture
def after_the_first_page(shell):
    """The same, with what the README's commands have made."""
    [line] = [line for line in shell_lines('README.md') if line.startswith('fastrnn train')]
    shell(line)
    return shell


def test_times_are_shortened():
    assert shortened('fastrnn train a --time 30s --out b') == 'fastrnn train a --time 0.4s --out b'
    assert shortened("train(a, time='5s', seed=0)") == "train(a, time='0.4s', seed=0)"


@pytest.mark.parametrize('page', with_shell())
def test_the_order_of_a_page(page):
    """What a command needs is in git, or an earlier command has made it, on this page or on the first one."""
    there, installed = {'data/sonnets.txt', 'data/fetch_shakespeare.py'}, set()
    if page not in FIRST:
        there, installed = there | set(MADE_FIRST), {'.'}
    for line in shell_lines(page):
        words = shlex.split(line)
        if words[:2] == ['pip', 'install']:
            installed.add(words[2])
        assert words[0] != 'fastrnn' or '.' in installed, line
        assert words[:2] != ['fastrnn', 'plot'] or '.[plot]' in installed, line
        assert words[0] != 'pytest' or '.[test]' in installed, line
        outputs = {words[k + 1] for k, word in enumerate(words[:-1]) if word in ('--out', '--html', '--onnx', '>')}
        needed = {word for word in words[1:] if re.match(r'(data|runs)/|.*\.txt$', word)} - outputs
        missing = {word for word in needed if not any(f'{word}/'.startswith(f'{path}/') for path in there)}
        assert '$' in line or not missing, line
        there |= outputs | {output.split('/h$')[0] for output in outputs}  # of a loop: the folder of its runs
        there |= {'data/shakespeare.txt'} if 'data/fetch_shakespeare.py' in words else set()


def test_the_pages_show_every_command():
    """What is typed is a program that a checkout or a system has."""
    lines = [line for page in PAGES for line in shell_lines(page)]
    assert {line.split()[0] for line in lines} <= {
        *('fastrnn', 'python', 'python3', 'pip', 'mpiexec', 'pytest', 'cmp', '.', 'for', 'printf')
    }
    shown = set(re.findall(r'\bfastrnn (\w+)', '\n'.join(lines)))
    assert shown >= {*COMMANDS} - {'info', 'cache'}


def test_the_pages_are_in_the_site():
    """Each page of docs/ has a line in mkdocs.yml, and the README names it."""
    site = (ROOT / 'mkdocs.yml').read_text(encoding='utf-8')
    for page in PAGES:
        name = page.removeprefix('docs/')
        assert page == 'README.md' or f': {name}\n' in site, page


def test_links_lead_somewhere():
    for page, text in PAGES.items():
        prose = re.sub(r'^```.*?^```', '', text, flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r'\]\(([^)\s]+)\)', prose):
            if '://' not in link and not link.startswith('#'):
                assert ((ROOT / page).parent / link.split('#')[0]).exists(), f'{page}: {link}'


def test_the_readme_is_short():
    assert PAGES['README.md'].count('\n') <= 150


@pytest.mark.long
def test_a_new_checkout(tmp_path):
    """The README in a copy of what is in git, as one types it: a new environment, the network, one shell. But half a
    minute takes half a second, and kernels that other tests have compiled are not compiled again."""
    place = tmp_path / 'checkout'
    for name in subprocess.check_output(['git', 'ls-files', '-z'], cwd=ROOT, text=True).split('\0')[:-1]:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / name)
    page = 'README.md'
    (place / 'page.py').write_text('\n'.join([ARRAYS, *map(shortened, examples(page))]), encoding='utf-8')
    lines = shortened(''.join(blocks(page, 'sh'))).removesuffix('pytest\n')
    (place / 'page.sh').write_text(f'set -ex\n{lines}python page.py\n', encoding='utf-8')
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('PYTHON', 'VIRTUAL_ENV'))}
    environment |= {'PIP_NO_COMPILE': '1', 'PATH': f'{sys.base_prefix}/bin:/usr/bin:/bin'}
    result = subprocess.run(
        ['bash', 'page.sh'], cwd=place, env=environment, capture_output=True, text=True, timeout=1800
    )
    assert result.returncode == 0, result.stderr[-5000:]  # the last line that begins with + is the command
    assert (place / 'data' / 'shakespeare.txt').stat().st_size == 5_057_362
    assert (place / 'model.html').stat().st_size > 1000
    assert (place / 'runs' / 'first' / 'best.safetensors').exists()


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
    helps = ''.join(cli(name, '--help')[1] for name in COMMANDS) + '--install-completion --benchmark-only'
    for code in re.findall(r'`([^`\n]+)`', EVERYTHING):
        command = re.match(r'fastrnn (\w+)', code)
        assert not command or command[1] in (*COMMANDS, 'help'), code
        if code.startswith('--'):
            assert code.split()[0] in helps, code


def test_the_diff_is_the_one_that_is_tested():
    assert blocks('docs/your-script.md', 'diff') == [(SUPPORT / 'gist.diff').read_text(encoding='utf-8')]


# what a user's own script has
ARRAYS = """
import numpy as np
Wxh, Whh, Why = np.random.randn(9, 5) * 0.01, np.random.randn(9, 9) * 0.01, np.random.randn(5, 9) * 0.01
bh, by = np.zeros((9, 1)), np.zeros((5, 1))
"""
INSTALLS = 'pip', 'python3', '.', 'pytest'  # what installs something is the next test's


@pytest.mark.long
@needs_mpi
@pytest.mark.parametrize('page', [page for page in PAGES if blocks(page, 'sh') or blocks(page, 'python')])
def test_a_page_runs_in_its_order(page, request):
    """Its commands and its Python, the latter as in one notebook; on the first pages in a new folder."""
    shell, names = request.getfixturevalue('shell' if page in FIRST else 'after_the_first_page'), {}
    exec(ARRAYS, names)
    for language, code in re.findall(r'^```(sh|python)\n(.*?)^```', PAGES[page], re.MULTILINE | re.DOTALL):
        if language == 'python':
            if 'import torch' not in code:
                with chdir(shell.place):
                    exec(shortened(code), names)
            continue
        for line in lines_of(code):
            if line.split()[0] not in INSTALLS and 'fetch_shakespeare' not in line:
                shell(line)


@pytest.mark.long
def test_the_examples_with_pytorch_run(shell):
    """By themselves; the logits give the surprisals that fastrnn gives."""
    torch, names = pytest.importorskip('torch'), {}
    with chdir(shell.place):
        for code in blocks('docs/pytorch-onnx.md', 'python'):
            if 'import torch' in code:
                exec(shortened(code), given := {})
                names = given | names
    model, text, logits = names['model'], names['text'], names['logits']
    assert model.params.architecture.cell == 'lstm' and model.params.architecture.layers == 2
    ids = model.vocabulary.encode(text).astype('int64')
    nats = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction='none').detach().numpy()
    assert abs(nats - fastrnn.surprisals(model, text).bits[1:] * np.log(2)).max() < 1e-5


@pytest.mark.parametrize(
    'page, marker',
    [
        ('README.md', 'front'),
        ('docs/limits.md', 'startup'),
        *(('docs/how-fast.md', marker) for marker in ('speeds', 'quality', 'versus')),
    ],
)
def test_the_measured_tables_are_there(page, marker):
    table = PAGES[page].split(f'<!-- {marker}:')[1].split(f'<!-- end of {marker}')[0]
    assert len(table.splitlines()) > 3


@pytest.mark.long
@pytest.mark.parametrize('page', PAGES)
def test_no_table_is_stale(page):
    """Each measured table was measured with these kernels: measure it again by the command that the page names."""
    text = PAGES[page]
    assert text.count(': made by bench/') == text.count('<!-- kernels: ')
    assert set(re.findall('<!-- kernels: (.*) -->', text)) <= {kernels_hash()}


def test_the_pictures_are_there():
    for page, text in PAGES.items():
        for path in re.findall(r'!\[[^]]*\]\(([^)]+)\)', text):
            assert ((ROOT / page).parent / path).stat().st_size > 10_000, path
