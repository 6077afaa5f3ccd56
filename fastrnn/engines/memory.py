"""How much memory a run needs, and whether there is as much."""

import os

from ..model.architecture import Architecture
from ..settings.config import Config


def memory(config: Config, V: int) -> int:
    """Bytes that a run holds beside the text: weights, moments, buffers. Independent of the text.

    Of N parameters, the exact engine keeps 2 N and windows of T * (7 H + 3 V) + V H numbers; the fast engine 3 N (4 N
    with Adam), packed copies of 2 N + 2 H*H, and windows of B * (2 T + 2) * H + B * T * V.
    """
    architecture = Architecture.of(config, V)
    N, sizes = architecture.parameters, architecture.sizes
    H, T, B = config.hidden_size, config.seq_length, config.streams
    if config.engine != 'fast':
        return 8 * (2 * N + T * (7 * H + 3 * V) + sizes['WxhT'] + 2 * config.sample_length)
    numbers = (4 if config.optimizer == 'adam' else 3) * N + 2 * N + 2 * sizes['Whh']
    windows = B * (2 * T + 2) * H + B * T * V
    return (8 if config.dtype == 'float64' else 4) * (numbers + windows) + 8 * B * T


def check_memory(config: Config, V: int) -> None:
    """Raise ValueError where this machine has less than a run on a text of V distinct characters needs."""
    needed, there = memory(config, V), physical_memory()
    if there is not None and needed > there:
        raise ValueError(
            f'hidden_size {config.hidden_size:,}, seq_length {config.seq_length:,}, streams {config.streams:,} and '
            f'{V:,} distinct characters need {needed:,} bytes of memory, but this machine has {there:,}: '
            'take smaller ones'
        )


def physical_memory() -> int | None:
    """Bytes of memory in this machine; None where the system does not say."""
    try:
        return os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    except (AttributeError, OSError, ValueError):
        return None
