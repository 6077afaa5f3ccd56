"""The commands that the README's tables are made by, on fewer and shorter cases: ``pytest -m long``."""

import re
import shutil
from importlib.util import find_spec

import pytest
from helpers import ROOT, SONNETS, run_python

pytestmark = pytest.mark.long


@pytest.fixture
def readme(tmp_path):
    """A copy, to be written to."""
    return shutil.copy(ROOT / 'README.md', tmp_path / 'README.md')


def rows(readme, marker):
    content = readme.read_text(encoding='utf-8')
    assert content.count('<!-- ') == (ROOT / 'README.md').read_text(encoding='utf-8').count('<!-- ')
    table = content.split(f'<!-- {marker}:')[1].split(f'<!-- end of {marker}')[0]
    return [line for line in table.splitlines()[2:] if re.match(r'\| .*\d', line)]


def run(module, *args, **constants):
    """A script of bench/ as a process, with other constants."""
    changes = ''.join(f'; {module}.{name} = {value}' for name, value in constants.items())
    argv = [module, *map(str, args)]
    folder = str(ROOT / 'bench')
    code = f'import sys; sys.path.insert(0, {folder!r}); import {module}{changes}; sys.argv = {argv!r}; {module}.main()'
    result = run_python('-c', code)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


def test_speeds(readme, tmp_path):
    data = tmp_path / 'bench.json'
    short = ['-k=-50-', '--benchmark-max-time', '0.05', '--benchmark-min-rounds', '1']
    result = run_python('-m', 'pytest', ROOT / 'bench', '--benchmark-only', f'--benchmark-json={data}', *short)
    assert result.returncode == 0, result.stdout.decode()
    run('table', data, readme)
    assert [row.split('|')[1].strip() for row in rows(readme, 'speeds')] == [
        'lossFun',
        'Adagrad',
        '200 iterations',
        '200 characters sampled',
    ]


def test_startup(readme):
    run('startup', readme)
    assert len(rows(readme, 'startup')) == 8


def test_quality(readme):
    run('presets', SONNETS, '--budgets', readme, BUDGETS=(3,), RUNS=1)
    assert len(rows(readme, 'quality')) == 1


def test_tries(tmp_path):
    """All of them, small; what is kept is not trained again; Adam in NumPy is the engine's to rounding."""
    tiny = {'cell': 'gru', 'hidden_size': 8, 'streams': 4, 'seq_length': 16, 'dropout': 0.1, 'epochs': 1.0}
    results, options = tmp_path / 'results', ['--size', 'tiny', '--seeds', 0, 1]
    first = run('tries', SONNETS, results, *options, SIZES={'tiny': tiny})
    kept = results.read_bytes()
    assert run('tries', SONNETS, results, *options, SIZES={'tiny': tiny}) == first
    assert results.read_bytes() == kept
    found = {row.split('|')[1].strip(): row.split('|')[2] for row in first.splitlines()}
    assert found['Adam in NumPy'] == found['**as it is**'] != found['NAdam']
    assert len(first.splitlines()) >= 30 and 'nan' not in first


def test_peers(readme):
    """Those that are not installed are left out."""
    run('peers', readme, CASES='(peers.CASES[0], peers.Case("gru", 16, 4, layers=2))', ROUNDS=1, SECONDS=0.02)
    found = rows(readme, 'peers')
    assert [row.split('|')[1].strip() for row in found[:2]] == ['tanh 100', 'GRU 2 x 16']
    assert ['LSTM 256' in row for row in found[2:]] == [True] * (find_spec('torch') is not None)
