"""What launchers leave in the environment."""

import pytest

from fastrnn.parallel.launcher import launched


@pytest.mark.parametrize(
    ('environment', 'found'),
    [
        ({}, None),
        ({'PMI_SIZE': '4', 'PMI_RANK': '2'}, ('PMI_SIZE', 4, 2)),
        ({'OMPI_COMM_WORLD_SIZE': '3', 'OMPI_COMM_WORLD_RANK': '0'}, ('OMPI_COMM_WORLD_SIZE', 3, 0)),
        ({'SLURM_STEP_NUM_TASKS': '8', 'SLURM_PROCID': '7'}, ('SLURM_STEP_NUM_TASKS', 8, 7)),
        ({'PMI_SIZE': '1', 'PMI_RANK': '0'}, None),
        ({'PMI_SIZE': '1', 'PMI_RANK': '0', 'SLURM_STEP_NUM_TASKS': '8', 'SLURM_PROCID': '0'}, None),
        ({'SLURM_NTASKS': '8', 'SLURM_PROCID': '0'}, None),  # of a batch script, outside of srun
        ({'PMI_SIZE': 'many', 'PMI_RANK': '0'}, None),
        ({'PMI_SIZE': '4'}, None),
    ],
)
def test_launched(environment, found):
    assert launched(environment) == found
