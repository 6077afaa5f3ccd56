"""The package without what only Linux has: as on Windows and macOS, as far as that can be played here.

``tests/support/another_system.py`` says what is hidden and refused; which names the package uses is checked, too.
"""

import ast
import os
from pathlib import Path

import pytest
from another_system import LINUX, MODULES, POSIX
from helpers import ROOT, SONNETS, run_python

import fastrnn

PACKAGE = Path(fastrnn.__file__).parent
SCRIPT = ROOT / 'tests' / 'support' / 'another_system.py'
COMMANDS = """
train TEXT --preset fast --iterations 30 --save-every 10 --validation 10% --out DIR/run
train --resume DIR/run --iterations 40
train TEXT --engine exact --hidden-size 10 --iterations 5 --out DIR/exact
train TEXT --preset fast --from DIR/run --iterations 2 --save DIR/model.safetensors
train TEXT --preset fast --from DIR/run --iterations 2 --save DIR/model.safetensors
sample DIR/run --length 20
eval DIR/run TEXT
score DIR/run TEXT --html DIR/page.html
score DIR/run TEXT --html DIR/page.html
export DIR/model.safetensors --html DIR/model.html
cache
info
"""


CLEARED = """
train TEXT --engine reference --iterations 2
train TEXT --engine reference --iterations 2
cache
cache clear
cache
"""


def run_commands(system, commands, folder, **environment):
    named = commands.strip().replace('DIR', str(folder)).replace('TEXT', str(SONNETS))
    words = ' + '.join(named.splitlines()).split()
    options = '-X', 'warn_default_encoding', '-W', 'ignore::EncodingWarning'
    run = run_python(*options, SCRIPT, system, *words, **environment)
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout.decode()


@pytest.mark.parametrize('system', ['windows', 'macos'])
def test_every_command(system, tmp_path):
    """Also twice, where a file is replaced; of what only some systems have nothing is needed, and info says so."""
    printed = run_commands(system, COMMANDS, tmp_path)
    assert 'identical to the reference' in printed and 'not found' in printed
    names = [name for name in os.listdir(tmp_path / 'run') if not name.startswith('checkpoint-')]
    assert sorted(names) == ['best.safetensors', 'config.json', 'lock', 'log.jsonl']
    assert b'\r' not in (tmp_path / 'run' / 'log.jsonl').read_bytes()


@pytest.mark.parametrize('system', ['windows', 'macos'])
def test_the_cache(system, tmp_path):
    """Nobody's lock is looked at where there are none, and what this process has open is in nobody's way."""
    printed = run_commands(system, CLEARED, tmp_path, FASTRNN_CACHE=str(tmp_path / 'cache'))
    assert '(text 1)' in printed
    assert list((tmp_path / 'cache' / 'corpora').glob('?' * 32)) == []


def test_what_only_some_systems_have_is_used_in_one_room():
    """In system/, which does without it; other rooms ask that one. Nobody but it asks which system this is."""
    names = {f'{owner.__name__}.{name}' for names in (LINUX, POSIX) for owner in names for name in names[owner].split()}
    names |= {'sys.platform', 'os.name', 'platform.system'}
    found = []
    for module in PACKAGE.rglob('*.py'):
        place = module.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(module.read_text(encoding='utf-8'))):
            used = ast.unparse(node) if isinstance(node, ast.Attribute) else ''
            if isinstance(node, ast.Import):
                used = next((alias.name for alias in node.names if alias.name in MODULES['windows']), '')
            if used in names or used in MODULES['windows']:
                found.append((place, used))
    elsewhere = sorted((place, used) for place, used in found if not place.startswith('system/'))
    assert elsewhere == [('engines/diagnosis.py', 'platform.system')]


def test_text_files_are_written_as_their_format_has_them():
    """Else Windows would end lines with two characters: what is opened for writing text names its newline."""
    found = []
    for module in PACKAGE.rglob('*.py'):
        for node in ast.walk(ast.parse(module.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ('open', 'os.fdopen', 'io.open'):
                modes = [arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)]
                text = any(set(mode) & set('wax') and 'b' not in mode for mode in modes)
                if text and 'newline' not in {keyword.arg for keyword in node.keywords}:
                    found.append(f'{module.relative_to(PACKAGE)}:{node.lineno}')
            elif isinstance(node, ast.Call) and getattr(node.func, 'attr', '') == 'write_text':
                found.append(f'{module.relative_to(PACKAGE)}:{node.lineno}')
    assert found == []


def test_names_of_files_differ_by_more_than_case():
    """And none is one that Windows can't have."""
    folders = PACKAGE, ROOT / 'tests'
    names = [path.relative_to(folder.parent).as_posix() for folder in folders for path in folder.rglob('*')]
    assert len({name.lower() for name in names}) == len(names) and not set('<>:"|?*\\') & set(''.join(names))
    reserved = {'con', 'prn', 'aux', 'nul', *(f'{port}{number}' for port in ('com', 'lpt') for number in range(10))}
    assert not reserved & {Path(name).stem.lower() for name in names}
