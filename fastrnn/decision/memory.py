"""How much memory a run needs, and whether this process may use as much."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..engines.batched import scoring_memory
from ..engines.engine import ENGINES
from ..model.architecture import Architecture
from ..model.state import MOMENTS
from ..parallel.processes import processes, together
from ..settings.options import Settings
from ..settings.parsing import size_in_words
from ..system import limits

OF_SAMPLE = 20  # bytes of a character that is sampled: its uniform number, as it is drawn, and as it is given
LOWERED = ('hidden_size', 'streams', 'seq_length', 'sample_length', 'layers')  # options that memory depends on


def memory(settings: Settings, V: int, *, validated: bool = False, kept: bool = False) -> int:
    """Bytes that a run holds beside the text: weights, moments, buffers, and what comes and goes.

    Of one that is validated also the best weights (which a kept run reads from its file at the end), and the matrices
    by which a held-out text is read. A kept one copies its state for each checkpoint, and once more in its file's
    shapes.
    """
    architecture, itemsize = Architecture.of(settings, V), np.dtype(settings.dtype).itemsize
    weights, rows = architecture.parameters * itemsize, math.prod(architecture.rows_shape) * itemsize
    if weights + rows > limits.ENDLESS:  # more than can be numbered, and so cut into parts
        return 4 * (weights + rows)
    needed: int = ENGINES[settings.engine].memory(settings, architecture)
    saving = 2 * (weights * (1 + len(MOMENTS[settings.optimizer])) + rows) if kept else 0
    scoring = scoring_memory(architecture, itemsize) if validated else 0
    return needed + (weights + rows) * validated + max(saving, scoring)


@together
def check_memory(settings: Settings, V: int, *, validated: bool = False, kept: bool = False) -> None:
    """Raise ValueError if a run on a text of V distinct characters needs more than this process may use."""
    there = limits.memory()
    if there is None:
        return

    def need(of: Settings) -> int:
        return memory(of, V, validated=validated, kept=kept) + OF_SAMPLE * of.sample_length

    needed = need(settings)
    free = processes().share(there.free)
    if needed > free:
        each, cures = processes().each, _cures(settings, lambda of: need(of) <= free)
        cell = f'cell {settings.cell}, layers {settings.layers}, hidden_size {settings.hidden_size:,}'
        sizes = (
            f'{cell}, seq_length {settings.seq_length:,}, streams {settings.streams:,} and {V:,} distinct characters'
        )
        raise ValueError(f'{sizes} need {size_in_words(needed)} of memory{each}, but {there.in_words}: {cures}')


def _cures(settings: Settings, fits: Callable[[Settings], bool]) -> str:
    """Options, each with the largest value with which the model fits if no other option changes."""
    found = []
    for name in (*LOWERED, *(['ngram_rows'] if settings.ngrams > 1 else [])):
        grain = (settings.shards or 1) if name == 'streams' else 1
        low, high = 0, getattr(settings, name) // grain  # fits, or none at all; does not
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(replace(settings, **{name: middle * grain})) else (low, middle)
        if low:
            found.append(f'--{name.replace("_", "-")} {low * grain:,}')
    return f'take {" or ".join(found)}, or less' if found else 'take a smaller --hidden-size and fewer --streams'
