"""How much memory a run needs, and whether there is as much."""

import os

from ..model.architecture import Architecture
from ..settings.config import Config
from .engine import ENGINES


def memory(config: Config, V: int) -> int:
    """Bytes that a run holds beside the text: weights, moments, buffers."""
    needed: int = ENGINES[config.engine].memory(config, Architecture.of(config, V))
    return needed


def check_memory(config: Config, V: int) -> None:
    """Raise ValueError where this machine has less than a run on a text of V distinct characters needs."""
    needed, there = memory(config, V), physical_memory()
    if there is not None and needed > there:
        raise ValueError(
            f'cell {config.cell}, layers {config.layers}, hidden_size {config.hidden_size:,}, '
            f'seq_length {config.seq_length:,}, streams {config.streams:,} and {V:,} distinct characters '
            f'need {needed:,} bytes of memory, but this machine has {there:,}: take smaller ones'
        )


def physical_memory() -> int | None:
    """Bytes of memory in this machine; None where the system does not say."""
    try:
        return os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    except (AttributeError, OSError, ValueError):
        return None
