"""What an MPI launcher has left in the environment, read before anything large is imported.

Processes of a launcher train one model together. A process is alone, whatever the variables say, if the user says so
(``FASTRNN_ALONE=1``), if it inherited them from one of the launcher's, or if its command concerns itself only.
"""

import os
import re
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ..system.forks import call_in_forks

ALONE = 'FASTRNN_ALONE'
OR_ALONE = f'or set {ALONE}=1 if each process is to work on its own'  # in every error about processes

# of MPICH and Intel MPI, Open MPI, MVAPICH, and SLURM's srun: how many processes there are, and this one's number
LAUNCHERS = (
    ('PMI_SIZE', 'PMI_RANK'),
    ('OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_RANK'),
    ('MV2_COMM_WORLD_SIZE', 'MV2_COMM_WORLD_RANK'),
    ('SLURM_STEP_NUM_TASKS', 'SLURM_PROCID'),
)
CHANNEL = 'PMI_FD'  # names the open file by which a process of MPICH's or SLURM's talks to its launcher
MPI_LIBRARY = re.compile(rb'/lib[a-z_]*mpi[a-z_]*\.so')

_alone = False  # by its command, or as a fork
_command = False


def launched(environment: Mapping[str, str] = os.environ) -> tuple[str, int, int] | None:
    """The variable by which a launcher gives its number of processes, that number, and this one's; None if alone."""
    if environment.get(ALONE, '') not in ('', '0') or (environment is os.environ and _alone):
        return None
    for count, rank in LAUNCHERS:
        try:
            found = count, int(environment[count]), int(environment[rank])
        except (KeyError, ValueError):
            continue
        if found[1] <= 1:  # another launcher's may be older: that of a batch job around it
            return None
        return None if environment is os.environ and _inherited(rank, environment[rank]) else found
    return None


def foremost() -> bool:
    """Whether this is the only process or the first of its launcher's, before anything of MPI is imported."""
    found = launched()
    return found is None or found[2] == 0


def work_alone(alone: bool) -> None:
    """Whether this process is alone, whatever a launcher has left in the environment."""
    global _alone
    _alone = alone


def is_command() -> bool:
    """Whether this process is a command, not a script: a launcher's start all at once."""
    return _command


def start_command() -> None:
    """This process is a command, which concerns itself only, unless it asks for the others."""
    global _command
    _command = True
    work_alone(True)


@cache
def _inherited(name: str, rank: str, proc: Path = Path('/proc')) -> bool:
    """Whether the variables are meant for a process above this one: to join in its place would wait for ever.

    Then that one's channel to the launcher is closed here, or it has loaded MPI; a shell has not.
    """
    if CHANNEL in os.environ and not _is_channel(os.environ[CHANNEL]):
        return True
    wanted, pid = f'{name}={rank}'.encode(), os.getppid()
    try:
        while pid > 1 and wanted in (proc / f'{pid}/environ').read_bytes().split(b'\0'):
            if MPI_LIBRARY.search((proc / f'{pid}/maps').read_bytes()):
                return True
            pid = int((proc / f'{pid}/stat').read_bytes().rpartition(b')')[2].split()[1])
    except (OSError, ValueError, IndexError):  # not Linux, or another user's
        pass
    return False


def _is_channel(descriptor: str) -> bool:
    try:
        mode = os.fstat(int(descriptor)).st_mode
    except (OSError, ValueError, OverflowError):
        return False
    return stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode)


call_in_forks(lambda: work_alone(True))  # it is not a process of the launcher's
