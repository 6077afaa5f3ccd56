"""How characters are drawn: what a caller asks for, as kernels take it."""

import math
import sys

import numpy as np

from ..kernels.sampling import Choice
from ..model.model import Model, check_model
from ..settings.checks import as_number, check_integer, check_number
from ..settings.options import MAX_SEED


def make_choice(model: Model, temperature: float, top_k: int | None, top_p: float | None) -> Choice:
    """Checked, and in the kernels' types."""
    check_model(model)
    chosen = as_number(temperature)
    if chosen is None or not 0 <= chosen < math.inf:
        raise ValueError(f'temperature is {temperature}; it must be a number, 0 or more')
    V = model.params.V
    kept = V if top_k is None else min(V, check_integer('top_k', top_k, 1))
    mass = 1.0 if top_p is None else float(check_number('top_p', top_p, 1))
    if chosen == 0:  # so near 0 that all but the largest logits get nothing, and of those the first
        return Choice(sys.float_info.min, 1, 1.0)
    return Choice(float(chosen), kept, mass)


def seeded(seed: int | None) -> np.random.RandomState:
    """NumPy's legacy generator."""
    return np.random.RandomState(None if seed is None else check_integer('seed', seed, 0, MAX_SEED))
