"""Runs at a glance, of any version and in any state."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from crafted import JSON
from helpers import ROOT, run_python
from hypothesis import given, settings
from hypothesis import strategies as st
from kept import begin, run_to
from logs import records

from fastrnn.commands.info import _of_run
from fastrnn.commands.runs import _differ, _row, _shown
from fastrnn.model.checkpoint import load_checkpoint
from fastrnn.model.run_files import checkpoints
from fastrnn.runs import overview
from fastrnn.runs.differences import differences
from fastrnn.runs.overview import Overview, find_runs

OLD = ROOT / 'tests' / 'proofs'


def found(*folders, **options):
    lines = []
    return find_runs([*folders], lines.append, **options), lines


def test_a_run_that_is_finished(made):
    """Its figures are those of its last checkpoint, and of the log."""
    run = Overview.read(made / 'exact')
    state = load_checkpoint(checkpoints(made / 'exact')[-1]).state
    assert (run.name, run.status, run.iteration, run.characters) == ('exact', 'finished', 30, 30 * 8)
    assert (run.validation, run.seconds, run.part) == (state.best, state.seconds, None)
    assert run.facts.asked['hidden_size'] == run.facts.H == 16 and run.facts.reasons['hidden_size'] == 'asked for'
    last = json.loads((made / 'exact' / 'log.jsonl').read_text().splitlines()[-1])
    assert (last['iteration'], last['characters'], last['best']) == (run.iteration, run.characters, run.validation)


def test_a_run_that_was_interrupted(run):
    """It may be further than its log."""
    here = Overview.read(run)
    assert (here.status, here.iteration, here.characters) == ('interrupted', 28, 28 * 8)
    for path in checkpoints(run):
        path.unlink()
    here = Overview.read(run)
    assert (here.status, here.iteration) == (
        'interrupted',
        json.loads((run / 'log.jsonl').read_text().splitlines()[-1])['iteration'],
    )
    (run / 'log.jsonl').unlink()
    assert (Overview.read(run).iteration, Overview.read(run).validation) == (0, None)


def test_a_run_that_is_running(tmp_path):
    """Its lock is not touched: it goes on."""
    with begin(tmp_path / 'run') as session:
        next(session)
        assert Overview.read(tmp_path / 'run').status == 'running'
        next(session)
    assert Overview.read(tmp_path / 'run').status == 'interrupted'


def test_the_validation_of_the_whole_held_out_text(tmp_path):
    """The last validation reads all of it; until then the figure is that of a part."""
    folder = run_to(begin(tmp_path / 'run', 'fast', validate_part=50), 40).folder.path
    assert Overview.read(folder).part == 50
    import fastrnn

    run_to(fastrnn.resume(folder))
    run, last = Overview.read(folder), json.loads((folder / 'log.jsonl').read_text().splitlines()[-1])
    assert run.part is None and run.validation == last['best'] != last['validation_part']
    for path in checkpoints(folder):
        path.unlink()
    assert (Overview.read(folder).validation, Overview.read(folder).part) == (last['best'], None)


def test_runs_that_ended_otherwise(tmp_path, logged):
    early = run_to(begin(tmp_path / 'early', 'fast', patience=1, learning_rate=1.0, iterations=400)).folder.path
    assert Overview.read(early).status == 'ended early'
    nan = logged(entries=[{**record, 'train': None} for record in records(3)])
    assert Overview.read(nan).status == 'diverged'


def test_runs_of_earlier_versions():
    runs, lines = found(OLD)
    assert len(runs) == 9 and lines == []
    assert [run.validation for run in runs] == sorted(run.validation for run in runs)
    by_name = {run.name: run for run in runs}
    assert (
        by_name['runs_of_0.1.0/fast'].status == 'finished' and by_name['runs_of_0.1.0/fast'].facts.engine == 'batched'
    )
    assert (
        by_name['runs_of_3089190/lstm'].status == 'interrupted'
        and by_name['runs_of_3089190/lstm'].facts.model == 'lstm 2 x 6'
    )
    assert by_name['runs_of_0.1.0/exact'].facts.asked['hidden_size'] == 6


def test_runs_of_another_program(logged):
    """As bench/curves.py writes them: shown, but nobody knows whether they are over."""
    run = Overview.read(logged(engine='PyTorch', cell='lstm'))
    assert (run.facts.engine, run.facts.model, run.status, run.facts.job) == ('PyTorch', 'lstm H=256', None, None)
    assert (run.characters, run.validation) == (200_000, records()[-1]['best'])


def test_names(logged, tmp_path, monkeypatch):
    """Below one folder, or as they are typed; each run once; the current folder may be one."""
    (tmp_path / 'a').mkdir()
    logged('a/one')
    logged('two')
    assert {run.name for run in found(tmp_path)[0]} == {'a/one', 'two'}
    typed = [tmp_path / 'a', tmp_path / 'two', tmp_path]
    assert {run.name for run in found(*typed)[0]} == {str(tmp_path / 'a' / 'one'), str(tmp_path / 'two')}
    monkeypatch.chdir(tmp_path / 'two')
    assert [run.name for run in find_runs()] == ['two']


def test_what_is_not_searched(logged, tmp_path, monkeypatch):
    """Hidden folders and links, unless they are named; and a tree without end."""
    logged('run')
    (tmp_path / '.hidden').mkdir()
    logged('.hidden/run')
    (tmp_path / 'loop').symlink_to(tmp_path)
    (tmp_path / 'run' / 'log').symlink_to('/dev/zero')
    assert [run.name for run in found(tmp_path)[0]] == ['run']
    assert [run.name for run in found(tmp_path / '.hidden')[0]] == ['run']
    assert {run.name for run in found(tmp_path / 'loop')[0]} == {'run'}
    monkeypatch.setattr(overview, 'MOST_FOLDERS', 1)
    runs, lines = found(tmp_path)
    assert (runs, lines) == (
        [],
        [f'{tmp_path}: more than 1 folders are below it, and not all were searched; name one of them'],
    )


@pytest.mark.parametrize('name', ['config.json', 'log.jsonl'])
@pytest.mark.parametrize(
    'content', ['', '[]', '{"job": 3}\n', '\xff\n', '[' * 100_000 + '\n', '{"format": 3, "job": {"engine": 7}}\n']
)
def test_damaged_runs(logged, tmp_path, name, content):
    """A line, and the others are there."""
    logged('good')
    (logged('bad') / name).write_text(content, encoding='latin-1')
    runs, lines = found(tmp_path)
    if name == 'log.jsonl' and not content.endswith('\n'):  # torn, or not begun
        assert {run.name for run in runs} == {'good', 'bad'} and lines == []
        return
    assert [run.name for run in runs] == ['good']
    (line,) = lines
    assert line.startswith(f'{tmp_path / "bad"}: damaged ({name}: ') and line.endswith('); skipped')
    assert '\n' not in line


@pytest.mark.parametrize('content', ['', '{', '[]', '{"job": 3}', '\xff'])
def test_a_damaged_config_alone(logged, tmp_path, content):
    """A line: it may be all that is left of a run. A file of another program is no news."""
    folder = logged('bad')
    (folder / 'log.jsonl').unlink()
    (folder / 'config.json').write_text(content, encoding='latin-1')
    message = f'{folder}: damaged (config.json: not the configuration of a run); skipped'
    assert found(tmp_path) == ([], [message])


def test_a_run_without_a_log_and_checkpoints(logged, tmp_path):
    folder = logged('bad')
    (folder / 'log.jsonl').unlink()
    assert found(tmp_path) == ([], [f'{folder}: damaged (has no log.jsonl); skipped'])
    assert _of_run(Overview.read(folder))[2] == 'status       damaged (has no log.jsonl)'
    (folder / 'log.jsonl').touch()  # one that has only begun
    ((run,), lines) = found(tmp_path)
    assert (run.iteration, lines) == (0, [])


def test_files_that_are_gone_or_no_files(logged, tmp_path):
    logged('good')
    (logged('pipe') / 'log.jsonl').unlink()
    import os

    os.mkfifo(tmp_path / 'pipe' / 'log.jsonl')
    (logged('gone') / 'config.json').unlink()
    (tmp_path / 'gone' / 'best.safetensors').write_bytes(b'x')
    (tmp_path / 'strange').mkdir()
    (tmp_path / 'strange' / 'config.json').write_text('{"model_type": "bert"}')  # of another program, which is no news
    runs, lines = found(tmp_path)
    assert [run.name for run in runs] == ['good'] and len(lines) == 2
    assert any(line.startswith(f'{tmp_path / "gone"}: damaged (has no config.json); skipped') for line in lines)
    assert any('is a pipe' in line for line in lines)


def test_settings_that_no_run_can_have(made, tmp_path):
    """Odd values count as not known; the rest is shown."""
    folder = shutil.copytree(made / 'fast', tmp_path / 'run')
    facts = json.loads((folder / 'config.json').read_text())
    facts['job'] |= {'dropout': 'x' * 10**6, 'seed': [], 'reasons': [1], 'text_name': 7}
    facts |= {'asked': {'dropout': {}, 'zzz': 1, 'seed': 3}, 'text': None, 'identity': 'x', 'fastrnn': 5}
    (folder / 'config.json').write_text(json.dumps(facts))
    run = Overview.read(folder)
    assert dict(run.facts.asked) == {'seed': 3} and 'dropout' not in run.facts.decided and run.status is None
    json.dumps(run.as_json)


def test_folders_that_are_none(tmp_path):
    (tmp_path / 'file').touch()
    for name in ('nowhere', 'file'):
        with pytest.raises(ValueError, match='not a folder; name a run, or a folder with runs below it'):
            find_runs(tmp_path / name)


def test_a_folder_that_can_not_be_reached(tmp_path, monkeypatch):
    """Such as one below another user's folder; some Pythons raise from is_dir there."""

    def refuse(*_, **__):
        raise PermissionError(13, 'Permission denied')

    with monkeypatch.context() as patch:
        patch.setattr(Path, 'stat', refuse)
        with pytest.raises(
            ValueError, match=r': Permission denied; get permission to read it, or name another folder$'
        ):
            find_runs(tmp_path)


def test_it_is_fast_to_import():
    """Neither Numba nor NumPy: they take longer than a hundred runs."""
    code = f'import sys; from fastrnn.runs.overview import find_runs; assert len(find_runs({str(OLD)!r})) == 9'
    code += "; assert 'numpy' not in sys.modules and 'numba' not in sys.modules"
    assert run_python('-c', code).returncode == 0, sys.executable


ODD = (
    JSON
    | st.integers()
    | st.sampled_from(['\n', '1e9999999%', 'sNaN'])
    | st.just(10**400)
    | st.just(-(10.0**300))
    | st.just('x' * 5000)
)


@settings(max_examples=60)
@given(st.data())
def test_whatever_is_in_the_files(made, data):
    """One line, or what can be shown."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(shutil.copytree(made / 'fast', Path(place) / 'run'))
        facts = json.loads((folder / 'config.json').read_text())
        for part in data.draw(
            st.lists(st.sampled_from([facts, facts['job'], facts['asked'], facts['text']]), max_size=3)
        ):
            part[data.draw(st.sampled_from(sorted(part)))] = data.draw(ODD)
        (folder / 'config.json').write_text(json.dumps(facts))
        records = [json.loads(line) for line in (folder / 'log.jsonl').read_text().splitlines()]
        records[-1][data.draw(st.sampled_from(sorted(records[-1])))] = data.draw(ODD)
        (folder / 'log.jsonl').write_text(''.join(json.dumps(record) + '\n' for record in records))
        if data.draw(st.booleans()):
            for path in checkpoints(folder):
                path.unlink()
        runs, lines = found(place)
        assert len(runs) + len(lines) == 1 and not any('\n' in line for line in lines)
        for run in runs:
            json.dumps(run.as_json)
            assert repr(run).startswith('<fastrnn run run: ') and [*_shown([_row(run)], differences([run.facts]), 80)]
            assert _of_run(run) and not _differ([run])
