"""What a release consists of: files that name one another, versions that agree, and machines that compute the same."""

import json
import re
import tomllib

import pytest
from compare_hashes import main
from helpers import ROOT

import fastrnn

WORKFLOWS = sorted((ROOT / '.github' / 'workflows').glob('*.yml'))


def test_the_version_to_be_cited():
    assert f'\nversion: {fastrnn.__version__}\n' in (ROOT / 'CITATION.cff').read_text(encoding='utf-8')


def test_pythons():
    """Those of the metadata are those that are tested."""
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text(encoding='utf-8'))['project']
    named = [line.rpartition(' ')[2] for line in project['classifiers'] if re.search(r'Python :: 3\.\d', line)]
    (tested,) = re.findall(r'python: (\[.+\])', (ROOT / '.github/workflows/tests.yml').read_text(encoding='utf-8'))
    assert named == json.loads(tested) and project['requires-python'] == f'>={named[0]}'


@pytest.mark.parametrize('path', [*WORKFLOWS, ROOT / 'SECURITY.md', ROOT / 'MANIFEST.in'], ids=lambda path: path.name)
def test_files_that_are_named_are_there(path):
    named = re.findall(r'(?<![\w/])(?:tests|data|bench|docs|\.ci)\b[\w./-]*', path.read_text(encoding='utf-8'))
    assert [name for name in named if not (ROOT / name.rstrip('.')).exists()] == []


@pytest.fixture
def machines(tmp_path):
    """Leave the hashes of a machine, each case's."""

    def leave(name, **cases):
        (tmp_path / name).mkdir()
        lines = [json.dumps({'case': case, 'model': model, 'loss': '0x1p0'}) for case, model in cases.items()]
        (tmp_path / name / 'hashes.jsonl').write_text('\n'.join(lines), encoding='utf-8')
        return tmp_path

    return leave


def test_machines_that_agree(machines, capsys):
    machines('linux', gru='5e', lstm='7f')
    main(machines('windows', lstm='7f', gru='5e'), '2')
    assert capsys.readouterr().out == '2 machines computed the same 2 models\n'


@pytest.mark.parametrize('cases', [{'gru': '5e', 'lstm': '80'}, {'gru': '5e'}, {'gru': '5e', 'lstm': '7f', 'rnn': '1'}])
def test_machines_that_differ(machines, capsys, cases):
    machines('linux', gru='5e', lstm='7f')
    with pytest.raises(SystemExit) as end:
        main(machines('windows', **cases))
    assert end.value.code == 1 and capsys.readouterr().out.startswith('windows: ')


def test_machines_that_left_nothing(machines):
    machines('linux', gru='5e')
    with pytest.raises(SystemExit, match='2 machines left hashes, of 16'):
        main(machines('windows', gru='5e'), '16')
    with pytest.raises(SystemExit, match='see which jobs failed'):
        main(machines('macos'))
