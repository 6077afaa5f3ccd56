"""How much memory a run needs, and whether there is as much."""

import os

import numpy as np

from ..model.architecture import Architecture
from ..model.state import MOMENTS
from ..parallel.processes import processes
from ..settings.config import Config
from .engine import ENGINES
from .fast import scoring_memory


def memory(config: Config, V: int, *, validated: bool = False, kept: bool = False) -> int:
    """Bytes that a run holds beside the text: weights, moments, buffers, and what comes and goes.

    Of one that is validated also the best weights (which a kept run reads from its file at the end), and the matrices
    by which a held-out text is read. A kept one copies its state for each checkpoint, and once more in its file's
    shapes.
    """
    architecture = Architecture.of(config, V)
    needed: int = ENGINES[config.engine].memory(config, architecture)
    itemsize = np.dtype(config.dtype).itemsize
    weights = architecture.parameters * itemsize
    saving = 2 * weights * (1 + len(MOMENTS[config.optimizer])) if kept else 0
    scoring = scoring_memory(architecture, itemsize) if validated else 0
    return needed + weights * validated + max(saving, scoring)


def check_memory(config: Config, V: int, *, validated: bool = False, kept: bool = False) -> None:
    """Raise ValueError where this machine has less than a run on a text of V distinct characters needs."""
    needed, there = memory(config, V, validated=validated, kept=kept), physical_memory()
    here = processes().on_host
    if there is not None and needed * here > there:
        raise ValueError(
            f'cell {config.cell}, layers {config.layers}, hidden_size {config.hidden_size:,}, '
            f'seq_length {config.seq_length:,}, streams {config.streams:,} and {V:,} distinct characters '
            f'need {needed:,} bytes of memory{f" in each of {here} processes" if here > 1 else ""}, '
            f'but this machine has {there:,}: take smaller ones'
        )


def physical_memory() -> int | None:
    """Bytes of memory in this machine; None where the system does not say."""
    try:
        return os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    except (AttributeError, OSError, ValueError):
        return None
