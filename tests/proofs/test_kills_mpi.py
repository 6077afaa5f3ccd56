"""SIGKILL of one process of several at random moments: the run folder is whole, and gone on with by others."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from helpers import ROOT, SONNETS, run_python
from kept import log_of, state_of
from mpi import command, mpi_cli, needs_mpi

from fastrnn.model.run_files import BEST, checkpoints

RUN = ['train', SONNETS, '--preset', 'fast', '--cell', 'lstm', '--layers', 2, '--hidden-size', 24, '--seq-length', 8]
RUN += ['--streams', 8, '--shards', 4, '--dropout', 0.2, '--seed', 3, '--validation', '20%', '--save-every', 70]
RUN += ['--sample-length', 20, '--iterations', 3000]
KILLS, SOON = 20, 30.0


def processes_of(job):
    """The numbers of a job's processes of Python, once there are any; none when it has ended."""
    found = []
    while job.poll() is None and not found:
        with suppress(FileNotFoundError, ProcessLookupError):  # of one that has just ended
            found = running_of(job)
        time.sleep(0.0 if found else 0.01)
    return found


def running_of(job):
    found, waiting = [], [job.pid]
    while waiting:
        parent = waiting.pop()
        for task in Path(f'/proc/{parent}/task').glob('*/children'):
            children = [int(child) for child in task.read_text().split()]
            waiting += children
            found += [child for child in children if b'fastrnn' in Path(f'/proc/{child}/cmdline').read_bytes()]
    return [pid for pid in found if b'mpiexec' not in Path(f'/proc/{pid}/cmdline').read_bytes().split(b'\0')[0]]


def wait_for_training(job, folder, log):
    """Until the log is another one than before the job started, or the job has ended."""
    while job.poll() is None and log_stamp(folder) == log:
        time.sleep(0.01)


def log_stamp(folder):
    try:
        status = (folder / 'log.jsonl').stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns


@needs_mpi
@pytest.mark.long
def test_killed_again_and_again(tmp_path):
    """As 4, 2 and 1 processes in turn; the bits are those of a run in one process that was left alone."""
    assert run_python('-m', 'fastrnn', *RUN, '--out', tmp_path / 'whole').returncode == 0
    rng, folder, kills, ended = random.Random(0), tmp_path / 'run', 0, False
    while kills < KILLS:
        if ended:  # before enough kills: once more from the start
            assert log_of(folder) == log_of(tmp_path / 'whole')
            folder = tmp_path / f'run{kills}'
        begun, log = (folder / 'config.json').exists(), log_stamp(folder)
        args = ['train', '--resume', folder] if begun else [*RUN, '--out', folder]
        job = subprocess.Popen(
            command(rng.choice([4, 2]), '-m', 'fastrnn', *args),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if rng.random() < 0.8:  # else it may be killed while it starts
            wait_for_training(job, folder, log)
        time.sleep(rng.uniform(0.0, 0.6))
        ended = True
        with suppress(IndexError, ProcessLookupError):  # there are none, or it has just ended
            os.kill(rng.choice(processes_of(job)), signal.SIGKILL)
            kills, ended = kills + 1, False
        job.wait(timeout=SOON)
    result = mpi_cli(1, 'train', '--resume', folder)
    assert result.returncode == 0, result.stderr
    assert log_of(folder) == log_of(tmp_path / 'whole')
    for mine, expected in zip(checkpoints(folder), checkpoints(tmp_path / 'whole'), strict=True):
        assert state_of(mine) == state_of(expected)
    assert state_of(folder / BEST) == state_of(tmp_path / 'whole' / BEST)
