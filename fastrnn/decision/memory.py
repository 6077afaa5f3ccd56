"""How much memory a run needs, and whether this process may use that much."""

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

OF_SAMPLE = 20  # bytes per sampled character: its uniform number, the drawn id, and the returned id
LOWERED = ('hidden_size', 'streams', 'seq_length', 'sample_length', 'layers')  # options that memory depends on


def memory(settings: Settings, V: int, *, validated: bool = False, kept: bool = False) -> int:
    """Bytes that a run needs besides the text: weights, moments, buffers and temporary arrays.

    With validation, also the best weights (a kept run reads them from its file at the end) and the matrices that score
    a held-out text. A kept run copies its state for each checkpoint, and again in its file's shapes.
    """
    architecture, itemsize = Architecture.of(settings, V), np.dtype(settings.dtype).itemsize
    weights, rows = architecture.parameters * itemsize, math.prod(architecture.rows_shape) * itemsize
    if weights + rows > limits.ENDLESS:  # too large for array indices, so don't compute the rest
        return 4 * (weights + rows)
    needed: int = ENGINES[settings.engine].memory(settings, architecture)
    saving = 2 * (weights * (1 + len(MOMENTS[settings.optimizer])) + rows) if kept else 0
    scoring = scoring_memory(architecture, itemsize) if validated else 0
    return needed + (weights + rows) * validated + max(saving, scoring)


@together
def check_memory(settings: Settings, V: int, *, validated: bool = False, kept: bool = False) -> None:
    """Raise ValueError if a run on a text with V distinct characters needs more memory than this process may use."""
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
    """For each option, the largest value at which the model fits if no other option changes."""
    found = []
    for name in (*LOWERED, *(['ngram_rows'] if settings.ngrams > 1 else [])):
        grain = (settings.shards or 1) if name == 'streams' else 1
        low, high = 0, getattr(settings, name) // grain  # low fits or is 0; high does not fit
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(replace(settings, **{name: middle * grain})) else (low, middle)
        if low:
            found.append(f'--{name.replace("_", "-")} {low * grain:,}')
    return f'use {" or ".join(found)}, or less' if found else 'use a smaller --hidden-size and fewer --streams'
