"""Faults of run folders: each is a one-line error, and what was saved stays."""

import errno
import os
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time

import pytest
from helpers import SONNETS, refusal
from kept import begin, contents, run_to, state_of

import fastrnn
from fastrnn.model.run_files import checkpoints

TRAIN = ('--seed', 3, '--hidden-size', 16, '--seq-length', 8, '--iterations', 60, '--save-every', 5)
START = 'fastrnn train FILE --out'

OURS = 'this program already has this run open; use that run, close it (run.close()), or name another folder'


def test_one_run_at_a_time(run, cli):
    with fastrnn.resume(run):
        assert refusal(cli, 'train', '--resume', run) == f'{run}: {OURS}'
    run_to(fastrnn.resume(run))


def test_two_runs_into_one_folder(tmp_path, cli):
    """At the same time, and one after the other."""
    with begin(tmp_path / 'run') as session:
        error = refusal(cli, 'train', SONNETS, *TRAIN, '--out', tmp_path / 'run')
        assert error == f'{tmp_path / "run"}: {OURS}'
        for _ in session:
            pass
    before = contents(tmp_path / 'run')
    error = refusal(cli, 'train', SONNETS, *TRAIN, '--out', tmp_path / 'run')
    assert (
        error
        == f'{tmp_path / "run"}: already has a run; resume it with --resume {tmp_path / "run"}, or name another folder'
    )
    assert contents(tmp_path / 'run') == before


def test_a_lock_that_a_killed_run_held(run, tmp_path):
    code = 'import sys, time, fastrnn; run = fastrnn.resume(sys.argv[1]); print(flush=True); time.sleep(60)'
    with subprocess.Popen([sys.executable, '-c', code, str(run)], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(ValueError, match='another run is writing to this folder; wait until it ends, or'):
            fastrnn.resume(run)
        other.send_signal(signal.SIGKILL)
        other.wait()
    run_to(fastrnn.resume(run))


@pytest.mark.parametrize('place', ['/sys/run', '/proc/run', 'file/run'])
def test_a_folder_that_cannot_be_created(tmp_path, monkeypatch, cli, place):
    """A read-only file system stops the superuser too."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').write_text('')
    assert refusal(cli, 'train', SONNETS, *TRAIN, '--out', place).startswith(f"{place}: can't create the folder (")


def test_a_folder_that_cannot_be_written(run, monkeypatch, cli):
    """As on a file system mounted read-only."""
    before = contents(run)
    opened = os.open

    def refuse(path, flags, *args, **kwargs):
        if flags & (os.O_WRONLY | os.O_RDWR) and str(run) in str(path):
            raise OSError(errno.EROFS, 'Read-only file system')
        return opened(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, 'open', refuse)
    assert (
        refusal(cli, 'train', '--resume', run)
        == f"{run}: can't write to this folder (Read-only file system); name another folder"
    )
    code, out, _ = cli('eval', run, SONNETS)
    assert code == 0 and 'bits per character' in out
    assert contents(run) == before


@pytest.mark.long
def test_a_limit_on_the_size_of_files(tmp_path):
    """The system truncates a checkpoint during its save; with room again, the run resumes bit for bit."""
    run_to(begin(tmp_path / 'whole', validation=None, hidden_size=64))
    run = run_to(begin(tmp_path / 'run', validation=None, hidden_size=64), 28).folder.path
    size = checkpoints(run)[-1].stat().st_size

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, resource.RLIM_INFINITY))

    command = [sys.executable, '-m', 'fastrnn', 'train', '--resume', str(run)]
    ended = subprocess.run(command, preexec_fn=limited, capture_output=True, text=True, timeout=60)
    last = checkpoints(run)[-1].name
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        f"error: {run}: can't write (File too large); {last} is intact: "
        f'free some space and resume with --resume {run}; '
        f"can't save iteration 30 in {tempfile.gettempdir()} either (File too large)"
    )
    assert not list(run.glob('.*'))
    run_to(fastrnn.resume(run))
    assert contents(run) == contents(tmp_path / 'whole')


@pytest.mark.parametrize('call', ['fsync', 'replace', 'open'])
def test_a_full_disk(run, monkeypatch, cli, call):
    """At each step of a save; a resumed run equals one that always had room."""
    run_to(begin(run.parent / 'whole'))
    before = state_of(checkpoints(run)[-1])
    original = getattr(os, call)

    def full(*args, **kwargs):
        name = os.readlink(f'/proc/self/fd/{args[0]}') if call == 'fsync' else str(args[0])
        if 'checkpoint' in name:
            raise OSError(errno.ENOSPC, 'No space left on device')
        return original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        code, _, err = cli('train', '--resume', run)
    assert code == 1
    assert err.splitlines()[-1] == (
        f"error: {run}: can't write (No space left on device); checkpoint-000000028.safetensors is intact: "
        f'free some space and resume with --resume {run}; '
        f"can't save iteration 30 in {tempfile.gettempdir()} either (No space left on device)"
    )
    assert state_of(checkpoints(run)[-1]) == before
    run_to(fastrnn.resume(run))
    assert contents(run) == contents(run.parent / 'whole')


def test_a_changed_text(run, cli, tmp_path):
    """Refused, with sizes, dates, both hashes and a remedy; also for the held-out text."""
    other = tmp_path / 'other.txt'
    other.write_text(SONNETS.read_text(encoding='utf-8') + '12345', encoding='utf-8')
    os.utime(other, (0, time.mktime((2026, 11, 24, 10, 22, 0, 0, 0, -1))))
    os.utime(checkpoints(run)[-1], (0, time.mktime((2026, 11, 20, 14, 3, 0, 0, 0, -1))))
    error = refusal(cli, 'train', other, '--resume', run)
    hashes = [fastrnn.open_corpus(path).sha256[:12] for path in (SONNETS, other)]
    assert error == (
        f'{other}: changed since the run (996 characters then, 1,000 now; checkpoint-000000028.safetensors of '
        f'2026-11-20 14:03, other.txt of 2026-11-24 10:22; SHA-256 {hashes[0]} then, {hashes[1]} now): name the '
        f'original text with fastrnn train FILE --resume {run}, or start a new run from the weights with --from'
    )
    held_out = tmp_path / 'held_out.txt'
    held_out.write_text('Shall I compare thee', encoding='utf-8')
    run_to(begin(tmp_path / 'two', validation=held_out), 9)
    held_out.write_text('Shall I compare these', encoding='utf-8')
    error = refusal(cli, 'train', '--resume', tmp_path / 'two')
    assert error.startswith(f'the held-out text, {held_out}: changed since the run (checkpoint-000000009.safetensors')


def test_a_missing_text(tmp_path, cli):
    """The error has a command, and the command works."""
    texts, run = [tmp_path / name for name in ('one.txt', 'a second.txt', 'held_out.txt')], tmp_path / 'my run'
    for text in texts:
        text.write_text(SONNETS.read_text(encoding='utf-8'), encoding='utf-8')
    run_to(begin(run, text=texts[:2], validation=texts[2]), 9)
    texts[0].rename(tmp_path / 'moved.txt')
    error = refusal(cli, 'train', '--resume', run)
    assert error == (
        f"{texts[0]}: No such file; if the text has moved, type: fastrnn train NEWPLACE '{texts[1]}' --resume '{run}'"
    )
    _, _, *args = shlex.split(error.split('type: ')[1].replace('NEWPLACE', str(tmp_path / 'moved.txt')))
    assert cli('train', *args, '--iterations', 12)[0] == 0
    texts[2].unlink()
    assert refusal(cli, 'train', *args) == (
        f'{texts[2]}: No such file; put the held-out text back, or start a new run from the weights with --from'
    )


def test_no_run(tmp_path, cli):
    for name in ('nowhere', ''):
        error = refusal(cli, 'train', '--resume', tmp_path / name)
        assert error == f'{tmp_path / name}: not a run folder; start a run with: {START} {tmp_path / name}'
    assert not (tmp_path / 'nowhere').exists() and not list(tmp_path.iterdir())
    code, _, err = cli('eval', tmp_path, SONNETS)
    told = 'holds no checkpoint; name a folder made by fastrnn train --out, whose run has saved one'
    assert (code, err) == (2, f'error: {tmp_path}: {told}\n')


def test_places_are_checked_before_the_run_resumes(run, cli):
    before = contents(run)
    assert 'there is no folder' in refusal(cli, 'train', '--resume', run, '--save', run / 'no' / 'model')
    assert refusal(cli, 'train', '--resume', run, '--keep', 0) == 'keep is 0; it must be a whole number, 1 or more'
    assert contents(run) == before
