"""The environment variables of MPI launchers."""

import os
import socket

import pytest

from fastrnn.parallel import launcher
from fastrnn.parallel.launcher import foremost, launched


@pytest.mark.parametrize(
    ('environment', 'found'),
    [
        ({}, None),
        ({'PMI_SIZE': '4', 'PMI_RANK': '2'}, ('PMI_SIZE', 4, 2)),
        ({'OMPI_COMM_WORLD_SIZE': '3', 'OMPI_COMM_WORLD_RANK': '0'}, ('OMPI_COMM_WORLD_SIZE', 3, 0)),
        ({'SLURM_STEP_NUM_TASKS': '8', 'SLURM_PROCID': '7'}, ('SLURM_STEP_NUM_TASKS', 8, 7)),
        ({'PMI_SIZE': '1', 'PMI_RANK': '0'}, None),
        ({'PMI_SIZE': '1', 'PMI_RANK': '0', 'SLURM_STEP_NUM_TASKS': '8', 'SLURM_PROCID': '0'}, None),
        ({'SLURM_NTASKS': '8', 'SLURM_PROCID': '0'}, None),  # in a batch script, outside of srun
        ({'PMI_SIZE': 'many', 'PMI_RANK': '0'}, None),
        ({'PMI_SIZE': '4'}, None),
        ({'PMI_SIZE': '4', 'PMI_RANK': '2', 'FASTRNN_ALONE': '1'}, None),
        ({'PMI_SIZE': '4', 'PMI_RANK': '2', 'FASTRNN_ALONE': '0'}, ('PMI_SIZE', 4, 2)),
        ({'PMI_SIZE': '4', 'PMI_RANK': '2', 'FASTRNN_ALONE': ''}, ('PMI_SIZE', 4, 2)),
    ],
)
def test_launched(environment, found):
    assert launched(environment) == found


@pytest.fixture
def rank(monkeypatch):
    """The second of two processes of MPICH."""
    monkeypatch.setattr(launcher, '_alone', False)
    for name, value in (('PMI_SIZE', '2'), ('PMI_RANK', '1')):
        monkeypatch.setenv(name, value)
    for name in ('PMI_FD', 'FASTRNN_ALONE'):
        monkeypatch.delenv(name, raising=False)
    launcher._inherited.cache_clear()
    yield
    launcher._inherited.cache_clear()


def test_a_command_that_needs_no_others_is_alone(rank):
    assert launched() == ('PMI_SIZE', 2, 1) and not foremost()
    launcher.work_alone(True)
    assert launched() is None and foremost()


@pytest.mark.parametrize('channel', ['a socket', 'a file', 'closed', 'nonsense'])
def test_variables_with_a_closed_channel_are_inherited(rank, monkeypatch, channel, tmp_path):
    """As in a child of Python's subprocess, which inherits no open files."""
    ends = socket.socketpair()
    with ends[0], ends[1], open(tmp_path / 'file', 'w') as file:
        numbers = {'a socket': ends[0].fileno(), 'a file': file.fileno(), 'closed': 10**6, 'nonsense': 'x'}
        monkeypatch.setenv('PMI_FD', str(numbers[channel]))
        assert (launched() is None) == (channel != 'a socket')


@pytest.mark.parametrize(
    ('above', 'inherited'),
    [
        ([('PMI_RANK=1', 'bash')], False),
        ([('PMI_RANK=1', 'bash'), ('PMI_RANK=1', 'libmpi.so.12')], True),
        ([('PMI_RANK=1', 'libmpi_abi.so.1')], True),
        ([('', 'libmpi.so.12')], False),  # the launcher itself
        ([('PMI_RANK=0', 'libmpi.so.12')], False),  # of an enclosing job
        ([('PMI_RANK=1', 'libpmix.so.2')], False),
        ([], False),
    ],
)
def test_variables_of_a_parent_that_has_loaded_mpi_are_inherited(rank, tmp_path, above, inherited):
    pids = [os.getppid(), *range(90_001, 90_001 + len(above))]
    for pid, parent, (variables, library) in zip(pids, pids[1:], above, strict=False):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / 'environ').write_text(f'HOME=/\0{variables}\0')
        (tmp_path / str(pid) / 'maps').write_text(f'7f00-7f01 r-xp 0 08:01 1 /usr/lib/{library}\n')
        (tmp_path / str(pid) / 'stat').write_text(f'{pid} (a (strange) name) S {parent} 0')
    assert launcher._inherited('PMI_RANK', '1', tmp_path) == inherited


def test_a_fork_is_alone(rank):
    read, write = os.pipe()
    if not os.fork():
        os.write(write, b'alone' if launched() is None else b'joins')
        os._exit(0)
    os.wait()
    assert os.read(read, 5) == b'alone' and launched() is not None
    os.close(read), os.close(write)
