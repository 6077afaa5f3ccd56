"""Runs under a real mpiexec, where mpi4py and one are there."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

MPIEXEC = shutil.which('mpiexec', path=Path(sys.executable).parent) or shutil.which('mpiexec')
needs_mpi = pytest.mark.skipif(
    MPIEXEC is None or importlib.util.find_spec('mpi4py') is None,
    reason='needs mpi4py and an mpiexec: pip install mpi4py mpich',
)


def command(count, *args):
    """Python under mpiexec, as so many processes."""
    return [MPIEXEC, '-n', str(count), sys.executable, *map(str, args)]


def mpi_python(count, *args, timeout=100, **options):
    """Run so many processes of Python to their end."""
    return subprocess.run(
        command(count, *args), capture_output=True, text=True, timeout=timeout, cwd=options.pop('cwd', ROOT), **options
    )


def mpi_cli(count, *args, **options):
    """The command line as so many processes."""
    return mpi_python(count, '-m', 'fastrnn', *args, **options)
