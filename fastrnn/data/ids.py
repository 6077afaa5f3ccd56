"""Ids, the numbers of characters: their type, and the check that each is in the vocabulary.

Kernels index rows by them without checks, so ids from outside are checked here first.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .stored import Ids, StoredIds


def ids_type(V: int) -> Any:
    """The smallest type for V characters; Unicode has 1,114,112 code points."""
    return np.uint8 if V <= 1 << 8 else np.uint16 if V <= 1 << 16 else np.uint32


def as_ids(values: Any, V: int, name: str = 'ids') -> Ids:
    """Ids from 0 to V-1 as kernels take them: contiguous, unsigned, read-only.

    Raises ValueError, in one line, for any other array.
    """
    if isinstance(values, StoredIds) and values.V <= V:
        return values
    ids = np.asarray(values)
    if ids.ndim != 1 or (ids.size and ids.dtype.kind not in 'iu'):
        raise ValueError(f'{name} must be a list or 1-D array of integers, not {ids.dtype} of shape {ids.shape}')
    check_ids(ids, V, name)
    if ids.dtype not in (np.uint8, np.uint16, np.uint32):
        ids = ids.astype(ids_type(V))
    if ids.flags.writeable or not ids.flags.c_contiguous or not ids.flags.aligned:
        ids = ids.copy()
        ids.flags.writeable = False  # as those of a file are: kernels are compiled for one type
    return ids


def check_ids(ids: NDArray[Any], V: int, name: str = 'ids', first: int = 0) -> None:
    """Raise ValueError if an id is not in 0 ... V-1. One pass, about 30 GB/s.

    ``first``: the position of ids[0] in the text.
    """
    if not ids.size or (int(ids.max()) < V and int(ids.min()) >= 0):
        return
    k = int(((ids < 0) | (ids >= V)).argmax())
    raise ValueError(f'{name}[{first + k}] is {ids[k]}, but characters are numbered from 0 to {V - 1}')
