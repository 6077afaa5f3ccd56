"""How much memory a run needs, and whether this process may use as much."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..model.architecture import Architecture
from ..model.state import MOMENTS
from ..parallel.processes import processes
from ..settings.config import Config
from ..settings.parsing import size_in_words
from ..system import limits
from .batched import scoring_memory
from .engine import ENGINES

OF_SAMPLE = 20  # bytes of a character that is sampled: its uniform number, as it is drawn, and as it is given
LOWERED = ('hidden_size', 'streams', 'seq_length', 'sample_length', 'layers')  # options that memory depends on


def memory(config: Config, V: int, *, validated: bool = False, kept: bool = False) -> int:
    """Bytes that a run holds beside the text: weights, moments, buffers, and what comes and goes.

    Of one that is validated also the best weights (which a kept run reads from its file at the end), and the matrices
    by which a held-out text is read. A kept one copies its state for each checkpoint, and once more in its file's
    shapes.
    """
    architecture, itemsize = Architecture.of(config, V), np.dtype(config.dtype).itemsize
    weights = architecture.parameters * itemsize
    if weights > limits.ENDLESS:  # more than can be numbered, and so cut into parts
        return 4 * weights
    needed: int = ENGINES[config.engine].memory(config, architecture)
    saving = 2 * weights * (1 + len(MOMENTS[config.optimizer])) if kept else 0
    scoring = scoring_memory(architecture, itemsize) if validated else 0
    return needed + weights * validated + max(saving, scoring)


def check_memory(config: Config, V: int, *, validated: bool = False, kept: bool = False) -> None:
    """Raise ValueError if a run on a text of V distinct characters needs more than this process may use."""
    there, here = limits.memory(), processes().on_host
    if there is None:
        return

    def need(of: Config) -> int:
        return memory(of, V, validated=validated, kept=kept) + OF_SAMPLE * of.sample_length

    needed = need(config)
    if needed * here > there.free:
        cures = _cures(config, lambda of: need(of) * here <= there.free)
        cell = f'cell {config.cell}, layers {config.layers}, hidden_size {config.hidden_size:,}'
        sizes = f'{cell}, seq_length {config.seq_length:,}, streams {config.streams:,} and {V:,} distinct characters'
        each = f' in each of {here} processes' if here > 1 else ''
        raise ValueError(f'{sizes} need {size_in_words(needed)} of memory{each}, but {in_words(there)}: {cures}')


def in_words(there: limits.Memory) -> str:
    """What there is, and whose limit it is."""
    if not there.used:
        return f'{there.source} has {size_in_words(there.limit)}'
    return f'{size_in_words(there.free)} of {size_in_words(there.limit)} are left ({there.source})'


def _cures(config: Config, fits: Callable[[Config], bool]) -> str:
    """Options, each with the largest value with which the model fits if no other option changes."""
    found = []
    for name in LOWERED:
        grain = (config.shards or 1) if name == 'streams' else 1
        low, high = 0, getattr(config, name) // grain  # fits, or none at all; does not
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(replace(config, **{name: middle * grain})) else (low, middle)
        if low:
            found.append(f'--{name.replace("_", "-")} {low * grain:,}')
    return f'take {" or ".join(found)}, or less' if found else 'take a smaller --hidden-size and fewer --streams'
