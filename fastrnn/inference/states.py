"""What the units of a model do while it reads a text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..engines.batched_streams import BatchedStreams
from ..model.model import Model, check_model
from ..model.overflow import OF_MODEL, not_finite
from ..system.interrupts import remembered

MAX_BYTES = 4e9


class States(NamedTuple):
    """The states after each of n characters, in the model's dtype."""

    h: NDArray[Any]  # (n, L, H) hidden states, from -1 to 1
    c: NDArray[Any] | None = None  # (n, L, H) cells of an LSTM; other models have none


def states(model: Model, text: str | Path | Sequence[str | Path], **reading: str) -> States:
    """Read a text with a model, from h = 0, and return hidden states and cells after each character.

    Parameters
    ----------
    model : Model
        See ``fastrnn.load_model``. It is not changed.
    text : str, Path or sequence of paths
        A str is the text itself, others name files (gzip's too), which ``reading`` may give ``encoding`` and
        ``errors``.

    Returns
    -------
    States
        ``h`` (n, L, H), and for an LSTM ``c`` (n, L, H), else None. ``h[k]`` is the state after ``text[k]``, from which
        the model predicts ``text[k + 1]``. ``h[:, -1, 7]`` has the activations of unit 7 of the last layer. For a model
        of bytes, n is the number of bytes of the text in UTF-8.

    Raises
    ------
    ValueError
        For a text with characters that the model does not know, or whose states would take more than 4 GB.
    Diverged
        For a model whose weights are not finite, or far too large.
    """
    check_model(model)
    ids, architecture = model.vocabulary.encode(text, **reading), model.params.architecture
    size = ids.size * architecture.state_shape(1)[1] * model.params.flat.itemsize
    if size > MAX_BYTES:
        raise ValueError(
            f'the text has {ids.size:,} {model.unit}s, whose states take {size / 1e9:.1f} GB; '
            f'the limit is {MAX_BYTES / 1e9:.0f} GB: take a part of it'
        )
    with remembered():
        found = BatchedStreams(model.params).follow(np.asarray(ids[:], np.uint32))
    if not np.isfinite(found).all():
        raise not_finite(OF_MODEL)
    return States(*found[:, :, :, 0].transpose(2, 0, 1, 3))
