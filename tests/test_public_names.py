"""What the package offers, to callers and to their type checkers."""

import os
import subprocess
import sys

import callers_script
import pytest
from helpers import ROOT, SONNETS, SUPPORT

import fastrnn

# what a type checker has to find wrong, a line each
WRONG = """import fastrnn
fastrnn.nonsense
fastrnn.sample(fastrnn.load_model('run'), 'twenty')
fastrnn.train('text', validation=[1])
fastrnn.surprisals(fastrnn.load_model('run'), 'text')[1].append(2)
fastrnn.bind(1, 2, 3, 4, 5)
for record in fastrnn.train('text'):
    record.bits
"""


def test_public_names():
    for name in fastrnn.__all__:
        assert getattr(fastrnn, name) is not None
    assert set(fastrnn.__all__) <= set(dir(fastrnn))
    with pytest.raises(AttributeError, match='no attribute'):
        fastrnn.nonsense  # noqa: B018


def test_names_of_earlier_versions_are_found():
    assert fastrnn.Progress is fastrnn.Record
    assert 'Progress' not in dir(fastrnn)


def test_names_are_stated_once_more_for_type_checkers():
    assert sorted(fastrnn.__all__) == sorted(['__version__', *fastrnn._HOMES])


def test_a_callers_script_is_strictly_typed(tmp_path):
    """All that it uses has types, and what is wrong is found."""
    assert (ROOT / 'fastrnn' / 'py.typed').exists()
    wrong = tmp_path / 'wrong.py'
    wrong.write_text(WRONG)
    options = (
        '--strict',
        '--config-file=',
        '--show-absolute-path',
        '--follow-imports=silent',
        '--cache-dir',
        tmp_path / 'cache',
    )
    command = [sys.executable, '-m', 'mypy', *options, '--no-error-summary', SUPPORT / 'callers_script.py', wrong]
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}  # mypy finds the package
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    told = result.stdout.decode().splitlines()
    assert result.stderr == b'' and all(line.startswith(str(wrong)) for line in told), told
    lines = [int(line.split(':')[1]) for line in told if ': error: ' in line]
    assert sorted({*lines}) == [2, 3, 4, 5, 6, 8], told


def test_a_callers_script_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    callers_script.main(SONNETS)
    assert 'Record(iteration=19, ' in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {'model', 'run', 'again', 'page.html'}
