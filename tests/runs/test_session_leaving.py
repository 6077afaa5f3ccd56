"""A session saves its state however it is left, except by a kill: in its folder, or in a rescue file."""

import gc
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from helpers import SONNETS, SUPPORT, run_python
from kept import begin, contents, iterations, log_of, run_to, state_of

import fastrnn
from fastrnn.model.checkpoint import load_checkpoint
from fastrnn.model.run_files import checkpoints

REACHED = 28  # between two checkpoints
PLACES = [str(Path(__file__).parent), str(SUPPORT)]
THIS = f'import sys; sys.path += {PLACES}; from {Path(__file__).stem} import *'  # for a separate program


def reach(session):
    for _ in session:
        if session.run.iteration == REACHED:
            return


def leave_by_an_interrupt(folder):
    with pytest.raises(KeyboardInterrupt), begin(folder) as session:
        reach(session)
        raise KeyboardInterrupt


def leave_by_close(folder):
    session = begin(folder)
    reach(session)
    session.close()
    session.close()


def leave_by_forgetting(folder):
    session = begin(folder)
    reach(session)
    gc.disable()  # saving must not need garbage collection
    del session


def leave_by_ending(folder):
    code = f'{THIS}\nsession = begin({str(folder)!r})\nreach(session)'
    assert run_python('-c', code).returncode == 0


def leave_in_a_validation(folder):
    session = begin(folder)
    for _ in session:
        if session.run.iteration == 21:
            break
    while session.run.iteration < 22:  # until part of the held-out text is scored
        session._made = session.step()
    assert session.run.between
    session.close()


LEAVING = [
    leave_by_an_interrupt,
    leave_by_close,
    leave_by_forgetting,
    leave_by_ending,
    leave_in_a_validation,
]


@pytest.mark.parametrize('leave', LEAVING)
def test_the_state_is_saved(tmp_path, leave, monkeypatch):
    run_to(begin(tmp_path / 'whole'))
    try:
        leave(tmp_path / 'run')
    finally:
        gc.enable()
    assert iterations(tmp_path / 'run')[-1] == (22 if leave is leave_in_a_validation else REACHED)
    with fastrnn.resume(tmp_path / 'run') as session:
        list(session)
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


def test_an_error_does_not_prevent_saving_other_sessions(tmp_path):
    """When the program exits."""
    code = f"""
{THIS}
sessions = [begin(Path({str(tmp_path)!r}) / name) for name in ('a', 'b', 'c')]
for session in sessions:
    reach(session)
for name in ('a', 'c'):
    deleted(Path({str(tmp_path)!r}) / name)
"""
    result = run_python('-c', code, TMPDIR=str(tmp_path))
    assert iterations(tmp_path / 'b')[-1] == REACHED
    assert len(list(tmp_path.glob('fastrnn-rescue-*/*'))) == 2 == result.stderr.count(b'is saved in')


def test_a_rescued_best_is_the_best(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    run_to(begin(tmp_path / 'whole', 'fast', keep=9))
    session = begin(tmp_path / 'run', 'fast', keep=9)
    with pytest.raises(OSError, match='iteration 22 is saved in '):
        for _ in session:
            if session.run.iteration == 21:
                gone(tmp_path / 'run')
    session.close()
    (rescue,) = tmp_path.glob('fastrnn-rescue-*/*')
    shutil.move(tmp_path / 'moved', tmp_path / 'run')
    shutil.move(rescue, tmp_path / 'run')
    with fastrnn.resume(tmp_path / 'run') as resumed:
        assert resumed._saver.anchor == checkpoints(tmp_path / 'run')[-1]
        assert load_checkpoint(tmp_path / 'run' / 'best.safetensors').state.iteration == 22
        list(resumed)
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


def test_a_session_that_did_not_train_saves_nothing(tmp_path):
    with begin(tmp_path / 'run'):
        pass
    assert not checkpoints(tmp_path / 'run')
    run_to(fastrnn.resume(tmp_path / 'run'))
    fastrnn.resume(tmp_path / 'run').close()
    assert iterations(tmp_path / 'run')[-1] == 60


def gone(folder):
    shutil.move(folder, folder.with_name('moved'))


def deleted(folder):
    shutil.rmtree(folder)


def replaced(folder):
    shutil.move(folder, folder.with_name('moved'))
    folder.write_text('a file')


@pytest.mark.parametrize('happens', [gone, deleted, replaced])
def test_a_rescue(tmp_path, monkeypatch, happens):
    """The error names the file. Moved back, it resumes bit for bit; a new run starts from it."""
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    run_to(begin(tmp_path / 'whole'))
    session = begin(tmp_path / 'run')
    with pytest.raises(OSError, match=r"can't write .*; iteration 29 is saved in ") as caught, session:
        reach(session)
        happens(tmp_path / 'run')
        list(session)  # a log entry is due at 29
    message = str(caught.value)
    assert '\n' not in message and f'resume with --resume {tmp_path / "run"}, or start from it with --from' in message
    rescue = Path(re.search(r'saved in (.*\.safetensors): move', message)[1])
    assert len(list(tmp_path.glob('fastrnn-rescue-*'))) == 1  # closing did not save another one
    with fastrnn.start(tmp_path / 'new', SONNETS, weights=fastrnn.load_model(rescue), seed=0, iterations=2) as new:
        list(new)
    if happens is not deleted:
        shutil.move(rescue, tmp_path / 'moved')
        run_to(fastrnn.resume(tmp_path / 'moved'))
        assert contents(tmp_path / 'moved') == contents(tmp_path / 'whole')


def test_a_rescue_at_the_end(tmp_path, monkeypatch):
    """After a loop that was left early."""
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    session = begin(tmp_path / 'run')
    reach(session)
    gone(tmp_path / 'run')
    with pytest.raises(OSError, match=f'iteration {REACHED} is saved in '):
        session.close()
    (rescue,) = tmp_path.glob('fastrnn-rescue-*/*')
    assert rescue.name == f'checkpoint-{REACHED:09d}.safetensors'
    assert load_checkpoint(rescue).state.iteration == REACHED
    with pytest.raises(ValueError, match='the session is closed'):
        list(session)


def test_threads_may_share_a_session(tmp_path):
    """Their steps take turns, and the model is always a consistent one."""
    run_to(begin(tmp_path / 'whole', 'fast'))
    session, records, models = begin(tmp_path / 'run', 'fast'), [], []
    threads = [threading.Thread(target=lambda: records.extend(session)) for _ in range(3)]
    threads.append(threading.Thread(target=lambda: models.extend(session.model for _ in range(50))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.close()
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')
    assert len(models) == 50 and all(np.isfinite(model.params.flat).all() for model in models)


@pytest.mark.long
def test_a_fork_saves_nothing(tmp_path):
    """Its copy of a session is not the run."""
    code = f"""
import os, sys
{THIS}
session = begin({str(tmp_path / 'run')!r})
reach(session)
if not os.fork():
    session.close()
    sys.exit(0)
os.wait()
assert session.status.name == 'READY' and iterations({str(tmp_path / 'run')!r})[-1] < REACHED
"""
    result = run_python('-c', code)
    assert result.returncode == 0, result.stderr.decode()
    assert iterations(tmp_path / 'run')[-1] == REACHED
    assert state_of(checkpoints(tmp_path / 'run')[-1])[1][3] == REACHED and log_of(tmp_path / 'run')
