"""What an MPI launcher has left in the environment, read before anything large is imported."""

import os
from collections.abc import Mapping

# of MPICH and Intel MPI, Open MPI, MVAPICH, and SLURM's srun: how many processes there are, and this one's number
LAUNCHERS = (
    ('PMI_SIZE', 'PMI_RANK'),
    ('OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_RANK'),
    ('MV2_COMM_WORLD_SIZE', 'MV2_COMM_WORLD_RANK'),
    ('SLURM_STEP_NUM_TASKS', 'SLURM_PROCID'),
)


def launched(environment: Mapping[str, str] = os.environ) -> tuple[str, int, int] | None:
    """The variable by which a launcher tells of its processes, how many there are, and which one this is."""
    for count, rank in LAUNCHERS:
        try:
            found = count, int(environment[count]), int(environment[rank])
        except (KeyError, ValueError):
            continue
        return found if found[1] > 1 else None  # another one's may be older: that of a batch job around it
    return None


def foremost() -> bool:
    """Whether this is the only process or the first of its launcher's, before anything of MPI is imported."""
    found = launched()
    return found is None or found[2] == 0
