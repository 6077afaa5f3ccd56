"""Weights that are NaN, infinite, or so large that what is computed from them is: those of a training that diverged."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..errors import Diverged
from .params import Params

LARGEST = 1024.0  # bits per character, whose perplexity is beyond float64
OF_MODEL = "the model's weights are not finite, or far too large"
OF_TRAINING = 'the training has diverged, take a smaller learning rate'


def not_finite(cause: str = OF_MODEL) -> Diverged:
    return Diverged(f'probabilities contain NaN: {cause}')


def check_mean(bits: float) -> None:
    """Raise Diverged for bits per character that no command may show: not finite, or with an infinite perplexity."""
    if not np.isfinite(bits):
        raise not_finite()
    if bits >= LARGEST:
        raise Diverged(f"the text has {bits:.3g} bits per character: the model's weights are far too large")


def overflows(params: Params, dtype: DTypeLike) -> bool:
    """Whether a step could compute a number that the dtype does not have. States are -1 to 1, inputs one-hot."""
    total: Any = np.abs(params.WxhT).max(axis=0, initial=0).astype(np.longdouble)
    inputs = [total, *np.abs(params.Wih).sum(axis=-1, dtype=np.longdouble)]
    hidden = np.abs(params.Whh).sum(axis=-1, dtype=np.longdouble) + np.abs(params.bh)
    sums = [np.max(x + h) for x, h in zip(inputs, hidden, strict=True)]
    rows = params.rows.reshape(-1, max(1, params.architecture.ngram_rows), params.V)  # a logit has one of each order
    logits = np.abs(params.Why).sum(axis=-1, dtype=np.longdouble) + np.abs(params.by)
    sums.append(np.max(logits + np.abs(rows).max(axis=1).sum(axis=0, dtype=np.longdouble)))
    sums.append(np.max(np.abs(params.bhn), initial=0))
    return not all(value <= np.finfo(dtype).max for value in sums)
