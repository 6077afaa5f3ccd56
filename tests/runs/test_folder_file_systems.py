"""Run folders on file systems without links, locks or syncs of folders; and among files of other runs."""

import errno
import fcntl
import os
import shutil
import stat
import warnings

import pytest
from helpers import SONNETS, refusal
from kept import begin, contents, one_by_one, run_to

import fastrnn
from fastrnn.model.run_files import BEST, checkpoints

TEXT = SONNETS.read_text(encoding='utf-8')


def fails(code):
    def call(*args, **options):
        raise OSError(code, os.strerror(code))

    return call


@pytest.mark.parametrize('code', [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK, errno.EPERM])
def test_without_links_and_locks(tmp_path, monkeypatch, code):
    """Copies replace links; a warning says that other runs are not kept out."""
    run_to(begin(tmp_path / 'whole'))
    fsync = os.fsync

    def files_only(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            fails(errno.EINVAL)()
        fsync(descriptor)

    monkeypatch.setattr(os, 'link', fails(code))
    monkeypatch.setattr(os, 'fsync', files_only)
    if code != errno.EPERM:  # vfat's error for links; for locks it would mean that the file is locked
        monkeypatch.setattr(fcntl, 'flock', fails(code))
    words = 'its file system has no locks; make sure that no other run writes to this folder$'
    for session, stop in ((lambda: begin(tmp_path / 'run'), 28), (lambda: fastrnn.resume(tmp_path / 'run'), None)):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter('always')
            run_to(session(), stop)
        ours = [str(one.message) for one in told if 'locks' in str(one.message)]
        assert len(ours) == (code != errno.EPERM) and all(message.endswith(words[:-1]) for message in ours)
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')
    assert (tmp_path / 'run' / BEST).stat().st_nlink == 1


def test_the_best_of_another_text(run, tmp_path, cli):
    """It is not used without a warning, and not overwritten."""
    other = tmp_path / 'other.txt'
    other.write_text(TEXT[::-1], encoding='utf-8')
    run_to(begin(tmp_path / 'whole'))
    run_to(begin(tmp_path / 'strange', text=other))
    shutil.copy(tmp_path / 'strange' / BEST, run / BEST)
    strange = (run / BEST).read_bytes()
    with pytest.warns(RuntimeWarning, match=f'^{run}: {BEST} is for another text than the other checkpoints; name'):
        fastrnn.load_model(run)
    assert 'changed since the run' in refusal(cli, 'train', '--resume', run / BEST)
    assert (run / BEST).read_bytes() == strange
    with pytest.warns(RuntimeWarning, match=f'{BEST}: not of this run.s text; renamed to best.super'):
        session = fastrnn.resume(run)
    run_to(session)
    assert (run / 'best.superseded').read_bytes() == strange
    assert contents(run)[:2] == contents(tmp_path / 'whole')[:2]


def test_the_best_with_a_changed_text(tmp_path, cli):
    """Refused, from any checkpoint; no file changes, and sampling still uses the best."""
    text = tmp_path / 'text'
    text.write_text(TEXT, encoding='utf-8')
    run = run_to(begin(tmp_path / 'run', text=text), 28).folder.path
    text.write_text(TEXT[:-1] + '!', encoding='utf-8')
    before = {path: path.read_bytes() for path in run.iterdir()}
    for place in (run, run / BEST, checkpoints(run)[0]):
        message = refusal(cli, 'train', '--resume', place)
        assert message.startswith(f'{text}: changed since the run (') and 'start a new run from the weights' in message
    assert {path: path.read_bytes() for path in run.iterdir()} == before
    code, _, err = cli('sample', run, '--length', 9)
    assert (code, err) == (0, '')


def test_many_files_are_not_all_named(tmp_path, cli):
    """As --recursive finds them."""
    files = [tmp_path / f'{k:02}' for k in range(9)]
    for file in files:
        file.write_text(TEXT, encoding='utf-8')
    run = run_to(begin(tmp_path / 'run', text=files), 5).folder.path
    files[7].write_text('changed', encoding='utf-8')
    message = refusal(cli, 'train', '--resume', run)
    assert message.startswith(f'{", ".join(map(str, files[:5]))} and 4 more files: changed since the run (')
    files[7].unlink()
    assert refusal(cli, 'train', '--resume', run) == (
        f'{files[7]}: No such file; if the text has moved, type: fastrnn train FILES --resume {run}'
    )


@pytest.mark.parametrize('first', ['log', 'checkpoints'])
def test_a_copy_made_during_a_run(tmp_path, monkeypatch, cli, first):
    """Its log is shorter than its newest checkpoint says, or longer; a truncated checkpoint is skipped."""
    one_by_one(monkeypatch)
    run_to(begin(tmp_path / 'whole'))
    run, copy = tmp_path / 'run', tmp_path / 'copy'
    copy.mkdir()

    def copy_some(some):
        for path in run.iterdir():
            if (path.suffix == '.safetensors') == (some == 'checkpoints'):
                shutil.copy(path, copy)

    with begin(run) as session:
        for _ in session:
            if session.run.iteration == 28:
                copy_some(first)
            if session.run.iteration == 41:
                copy_some('checkpoints' if first == 'log' else 'log')
                half = checkpoints(run)[-1].read_bytes()[:5000]
                break
    torn = copy / 'checkpoint-000000042.safetensors'
    torn.write_bytes(half)
    older = checkpoints(copy)[-2]
    message = refusal(cli, 'train', '--resume', copy)
    assert message == f'{torn}: damaged (a part is missing or changed); take another checkpoint or model; ' + (
        f'resume from the one before with --resume {older}'
    )
    code, _, err = cli('train', '--resume', older)
    assert code == 0 and (f'{copy}: the log has ' in err) == (first == 'log')
    log, last, best = contents(copy)
    whole = contents(tmp_path / 'whole')
    assert best[0] == whole[2][0] and last[0] == whole[1][0]
    assert log == whole[0] if first == 'checkpoints' else log[-3:] == whole[0][-3:]
    assert torn.with_suffix('.superseded').read_bytes() == half
