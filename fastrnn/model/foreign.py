"""Arrays as others have them, of NumPy, PyTorch or JAX, or lists, as NumPy arrays of floating-point numbers."""

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ..errors import in_a_line
from .architecture import GIST_NAMES
from .params import Floats

GIVE = f'pass {", ".join(GIST_NAMES)}, or the state dict of a PyTorch network'
SMALL = ('bfloat16', 'float8')  # what the names of types begin with that NumPy does not have
LISTED = 3  # names in an error
LONGEST = 60  # characters of a name in an error

Named = dict[str, Floats]


def named_arrays(arrays: Any) -> Named:
    """The arrays of a state dict, or of a PyTorch module, by name. PyTorch itself is not imported."""
    if callable(getattr(arrays, 'state_dict', None)) and callable(getattr(arrays, 'modules', None)):
        for module in arrays.modules():
            if getattr(module, 'nonlinearity', 'tanh') != 'tanh':
                raise ValueError(f'the network has nonlinearity={module.nonlinearity!r}; fastrnn only has tanh')
        arrays = arrays.state_dict()
    if not isinstance(arrays, Mapping):
        raise ValueError(f'the state dict is of type {type(arrays).__name__}; {GIVE}')
    for name, value in arrays.items():
        if isinstance(value, Mapping):
            raise ValueError(f'{shown(name)} is a dict; if it is the state dict, pass that alone')
        if not isinstance(name, str):
            raise ValueError(f'{shown(repr(name))} is not the name of an array; {GIVE}')
    if not arrays:
        raise ValueError(f'there are no arrays; {GIVE}')
    return {name: _as_floats(name, value) for name, value in arrays.items()}


def _as_floats(name: str, value: Any) -> Floats:
    """In float64 if the array is, in float32 if it has less; not always a copy."""
    if isinstance(value, np.ma.MaskedArray):
        raise ValueError(f'{shown(name)} is a MaskedArray; pass a plain one, without holes')
    try:
        array = np.asarray(_on_the_cpu(value))
        if array.dtype.name.startswith(SMALL):
            array = array.astype(np.float32)
    except Exception as error:  # NumPy's of ragged lists, and whatever a stranger's object raises
        raise ValueError(f'{shown(name)} cannot be read as an array ({in_a_line(error)[:100]})') from error
    if isinstance(value, list | tuple) and array.dtype.kind in 'iu':
        array = array.astype(np.float64)
    if array.dtype.kind != 'f':
        kind = array.dtype if array.dtype.kind in 'biuc' else type(value).__name__
        raise ValueError(f'{shown(name)} is of type {kind}; weights must be real floating-point numbers')
    with np.errstate(over='ignore'):  # of longdouble; then the next check finds it
        array = array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f'{shown(name)} holds NaN or inf: the training has diverged; pass earlier weights')
    return array


def _on_the_cpu(value: Any) -> Any:
    """A PyTorch tensor in a form that NumPy can read; anything else unchanged."""
    if not (hasattr(value, 'detach') and hasattr(value, 'cpu')):
        return value
    value = value.detach().cpu()
    return value.float() if str(value.dtype).removeprefix('torch.').startswith(SMALL) else value


def shown(name: Any) -> str:
    """A stranger's name in an error."""
    return in_a_line(name)[:LONGEST]


def shaped(name: str, array: Floats, shape: tuple[int, ...]) -> Floats:
    """The array in this shape; biases may be columns, rows or flat."""
    if array.shape == shape:
        return array
    if math.prod(shape) == max(shape) == array.size == max(array.shape, default=0):
        return array.reshape(shape)
    cure = '; pass its transpose (.T)' if array.shape == shape[::-1] else ''
    raise ValueError(f'{shown(name)} has shape {array.shape}; it must be {shape}{cure}')


def sizes(name: str, array: Floats) -> tuple[int, int]:
    if array.ndim != 2 or not array.size:
        raise ValueError(f'{shown(name)} has shape {array.shape}; it must be a matrix with numbers in it')
    return array.shape


def check_characters(V: int, found: dict[str, int]) -> None:
    """Raise ValueError where the arrays agree on another number of characters."""
    numbers = set(found.values())
    if len(numbers) == 1 and V not in numbers:
        raise ValueError(f'chars has {V:,} characters, but {" and ".join(map(shown, found))} are for {numbers.pop():,}')


def refuse_others(names: Collection[str], why: str) -> None:
    if names:
        raise ValueError(f'{listed(names)}: {why}')


def listed(names: Collection[str]) -> str:
    more = f' and {len(names) - LISTED} more' if len(names) > LISTED else ''
    return ', '.join(shown(name) for name in sorted(names)[:LISTED]) + more
