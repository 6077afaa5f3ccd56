"""The environment variables of MPI launchers, read before anything large is imported.

Processes of a launcher train one model together. A process is alone if ``FASTRNN_ALONE=1`` is set, if
it inherited the variables from a process of the launcher, or if its command needs no others.
"""

import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..system.forks import call_in_forks
from ..system.parents import PROC, parents

ALONE = 'FASTRNN_ALONE'
OR_ALONE = f'or set {ALONE}=1 to run each process by itself'  # in every error about processes

# MPICH and Intel MPI, Open MPI, MVAPICH, SLURM's srun: variables for the number of processes, and for this one's rank
LAUNCHERS = (
    ('PMI_SIZE', 'PMI_RANK'),
    ('OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_RANK'),
    ('MV2_COMM_WORLD_SIZE', 'MV2_COMM_WORLD_RANK'),
    ('SLURM_STEP_NUM_TASKS', 'SLURM_PROCID'),
)
CHANNEL = 'PMI_FD'  # the file descriptor for messages to the launcher, in MPICH and SLURM
MPI_LIBRARY = re.compile(rb'/lib[a-z_]*mpi[a-z_]*\.so')

_alone = False  # set by commands and in forks
_command = False


def launched(environment: Mapping[str, str] = os.environ) -> tuple[str, int, int] | None:
    """The launcher's variable, its number of processes, and this one's rank; None if this process is alone."""
    if environment.get(ALONE, '') not in ('', '0') or (environment is os.environ and _alone):
        return None
    for count, rank in LAUNCHERS:
        try:
            found = count, int(environment[count]), int(environment[rank])
        except (KeyError, ValueError):
            continue
        if found[1] <= 1:  # other variables may be those of an enclosing batch job
            return None
        return None if environment is os.environ and _inherited(rank, environment[rank]) else found
    return None


def foremost() -> bool:
    """True in the only process, or in the launcher's first, before MPI is imported."""
    found = launched()
    return found is None or found[2] == 0


def work_alone(alone: bool) -> None:
    """Set whether this process ignores the launcher."""
    global _alone
    _alone = alone


def is_command() -> bool:
    """True in a command, not in a script: a launcher starts commands at the same time."""
    return _command


def start_command() -> None:
    """Mark this process as a command, which is alone unless it asks for the others."""
    global _command
    _command = True
    work_alone(True)


@cache
def _inherited(name: str, rank: str, proc: Path = PROC) -> bool:
    """True if the variables belong to a process above this one; joining in its place would wait forever.

    Either that process's channel to the launcher is closed here, or it has loaded MPI. A shell has not.
    """
    if CHANNEL in os.environ and not _is_channel(os.environ[CHANNEL]):
        return True
    wanted = f'{name}={rank}'.encode()
    with suppress(OSError, ValueError, IndexError):  # not Linux, or another user's
        for parent in parents(proc):
            if wanted not in parent.variables:
                return False
            if MPI_LIBRARY.search(parent.maps()):
                return True
    return False


def _is_channel(descriptor: str) -> bool:
    try:
        mode = os.fstat(int(descriptor)).st_mode
    except (OSError, ValueError, OverflowError):
        return False
    return stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode)


call_in_forks(lambda: work_alone(True))  # the launcher does not know about forks
