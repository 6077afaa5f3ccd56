"""Run folders of strangers: links, pipes, odd settings, and renamed files."""

import json
import os
import re
import shutil
import warnings

import pytest
from helpers import SONNETS
from kept import begin, contents, iterations, run_to, state_of

import fastrnn
from fastrnn.model.checkpoint import load_model
from fastrnn.model.run_files import BEST, checkpoints
from fastrnn.runs.curves import read_run


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made / 'exact', tmp_path / 'run')


@pytest.mark.parametrize('name', ['config.json', 'log.jsonl', 'lock'])
def test_links_are_not_followed(run, tmp_path, name):
    """Broken links too."""
    target = tmp_path / 'target'
    for there in (True, False):
        (run / name).unlink(missing_ok=True)
        if there:
            target.write_text('precious')
        (run / name).symlink_to(target)
        if name != 'config.json' or there:
            with pytest.raises(ValueError, match=f'{name}: is a link; replace it'):
                fastrnn.resume(run)
        assert target.read_text() == 'precious' if there else not target.exists()
        target.unlink(missing_ok=True)


def test_a_new_run_follows_no_links(tmp_path):
    for name in ('log.jsonl', 'lock'):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).symlink_to(tmp_path / 'target')
        with pytest.raises(ValueError, match=f'{name}: is a link'):
            begin(tmp_path / name)
    assert not (tmp_path / 'target').exists()


@pytest.mark.parametrize('name', ['config.json', 'log.jsonl', 'lock', 'checkpoint-000000030.safetensors', BEST])
def test_pipes_are_not_waited_for(run, name):
    (run / name).unlink(missing_ok=True)
    os.mkfifo(run / name)
    if name != BEST:
        with pytest.raises(
            ValueError,
            match=rf'^{run}(/{re.escape(name)}: is (not a|a pipe, not a) regular file; |: config.json is missing; )',
        ):
            fastrnn.resume(run)
    if name == BEST:
        with pytest.raises(ValueError, match='is a pipe, not a regular file; '):
            load_model(run)
    if name.endswith(('.json', '.jsonl')):
        with pytest.raises(ValueError, match='is a pipe, not a regular file; name a folder made by'):
            read_run(run)


def test_a_link_that_comes_later(run, tmp_path, monkeypatch):
    """It appears while the run trains."""
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    (tmp_path / 'target').write_text('precious')
    session = fastrnn.resume(run, iterations=60)
    (run / 'log.jsonl').unlink()
    (run / 'log.jsonl').symlink_to(tmp_path / 'target')
    with session, pytest.warns(RuntimeWarning, match="can't write the log .*; the run continues"):
        list(session)
    assert (tmp_path / 'target').read_text() == 'precious' and iterations(run)[-1] == 60
    with pytest.raises(ValueError, match=r'log\.jsonl: is a link; replace it with a regular file'):
        fastrnn.resume(run)


def test_a_backup_by_hard_links_stays(run, tmp_path):
    backup = shutil.copytree(run, tmp_path / 'backup', copy_function=os.link)
    before = contents(backup)
    run_to(fastrnn.resume(run, iterations=40))
    assert contents(backup) == before != contents(run)


def test_a_text_that_is_not_a_file(run, tmp_path):
    """It is read only if the user names it."""
    facts = json.loads((run / 'config.json').read_text())
    for name in ('/dev/zero', str(tmp_path / 'pipe')):
        (tmp_path / 'pipe').exists() or os.mkfifo(tmp_path / 'pipe')
        facts['text']['files'] = [name]
        (run / 'config.json').write_text(json.dumps(facts))
        with pytest.raises(
            ValueError, match=f'^{name}: not a regular file, but {run} names it as its text; name the text yourself: '
        ):
            fastrnn.resume(run)
    fastrnn.resume(run, SONNETS).close()


def test_a_held_out_text_that_is_not_a_file(tmp_path):
    """The run folder names it, even if the user names the text."""
    (tmp_path / 'held_out').write_text('Shall I compare thee')
    run = run_to(begin(tmp_path / 'run', validation=tmp_path / 'held_out', iterations=6)).folder.path
    (tmp_path / 'held_out').unlink()
    os.mkfifo(tmp_path / 'held_out')
    for files in (None, SONNETS):
        with pytest.raises(
            ValueError,
            match=r'held_out: not a regular file, but .*run names it as held-out text; put the held-out text',
        ):
            fastrnn.resume(run, files)


def test_going_back_to_a_renamed_checkpoint(run):
    """Nothing is lost: neither the checkpoint of the same iteration nor the log."""
    log = (run / 'log.jsonl').read_text()
    first, *_, last = checkpoints(run)
    run_to(fastrnn.resume(first))
    assert (run / 'log.superseded').read_text() == log
    now = last.read_bytes()  # same iteration, saved at another time
    aside = last.with_suffix('.superseded')
    assert now != aside.read_bytes()
    fastrnn.resume(aside).close()
    assert last.read_bytes() == aside.read_bytes()
    assert (run / f'{aside.name}-2').read_bytes() == now
    fastrnn.resume(aside).close()
    assert not (run / f'{aside.name}-3').exists()


def test_a_log_that_is_shorter_than_it_was(run):
    """The lines that exist are counted, so that a later cut is at the right line."""
    lines = (run / 'log.jsonl').read_text().splitlines(keepends=True)
    (run / 'log.jsonl').write_text(''.join(lines[:3]))
    with pytest.warns(RuntimeWarning, match=f'the log has only 3 of {len(lines)} records up to iteration 30 '):
        session = fastrnn.resume(run, iterations=40)
    run_to(session)
    assert state_of(checkpoints(run)[-1])[1][7] == len((run / 'log.jsonl').read_text().splitlines()) > 3


def test_superseded_files_stay(run):
    """However often a run resumes from an older checkpoint."""
    kept = {}
    for _ in range(3):
        chosen = checkpoints(run)[0]
        newest = checkpoints(run)[-1]
        kept[newest.read_bytes()] = newest.name
        fastrnn.resume(chosen).close()
        run_to(fastrnn.resume(run, iterations=len(kept) + 31))
    found = {path.read_bytes() for path in run.glob('*.superseded*')}
    assert len(kept) == 3 and found >= set(kept)
    assert iterations(run)[-1] == 34


@pytest.mark.parametrize(
    ('name', 'value', 'words'),
    [
        ('keep', float('inf'), 'damaged (keep is inf; it must be a whole number, 1 or more)'),
        ('lengthened', [float('inf')], 'damaged (cannot convert float infinity to integer)'),
        ('encoding', 3, 'damaged (encoding 3 is not known; '),
        ('encoding', 'a\0b', r"damaged (encoding 'a\x00b' is not known; "),
        ('errors', None, 'damaged (errors is None; it must be one of strict, replace)'),
        ('unit', ['byte'], "damaged (unit is ['byte']; it must be one of character, byte)"),
        ('min_count', 'x', 'damaged (min_count is x; it must be a whole number, 1 or more)'),
    ],
)
def test_impossible_settings(run, name, value, words):
    facts = json.loads((run / 'config.json').read_text())
    facts[name] = value
    facts['text'] |= {name: value} if name in facts['text'] else {}
    (run / 'config.json').write_text(json.dumps(facts))
    with pytest.raises(ValueError) as caught:
        fastrnn.resume(run)
    assert str(caught.value).startswith(f'{run / "config.json"}: {words}')


@pytest.mark.parametrize('name', ['sha256', 'characters', 'held_out_sha256'])
def test_nothing_from_a_file_commands_the_terminal(run, name, cli):
    """Line breaks and control sequences are escaped."""
    facts = json.loads((run / 'config.json').read_text())
    facts['identity'][name] = '\x1b[2J\nx'
    (run / 'config.json').write_text(json.dumps(facts))
    with pytest.raises(ValueError, match=r'unknown (then|characters)') as caught:
        fastrnn.resume(run)
    assert str(caught.value).isprintable()
    facts['text']['files'] = ['\x1b[2J\nx']
    (run / 'config.json').write_text(json.dumps(facts))
    code, out, err = cli('train', '--resume', run)
    assert (code, out) == (2, '') and err[:-1].isprintable() and err.startswith(r'error: \x1b[2J x: No such file; ')


@pytest.mark.parametrize('use', [load_model, lambda run: fastrnn.evaluate(load_model(run), SONNETS)])
def test_a_missing_best_is_reported(run, use):
    """The last model is used, with a warning."""
    (run / BEST).unlink()
    with pytest.warns(RuntimeWarning, match=rf'^{run}: {BEST} is missing, so checkpoint-000000030.safetensors is use'):
        use(run)


def test_a_missing_best_with_warnings_as_errors(run):
    (run / BEST).unlink()
    with warnings.catch_warnings(), pytest.raises(RuntimeWarning, match=rf'^{run}: {BEST} is missing'):
        warnings.simplefilter('error')
        load_model(run)


def test_a_run_that_was_never_validated_has_no_best(tmp_path):
    run_to(begin(tmp_path / 'run', validation=None, iterations=6))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert load_model(tmp_path / 'run').params.H == 16
