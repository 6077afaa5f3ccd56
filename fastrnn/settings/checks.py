"""Checks of numbers and choices: Python's and NumPy's numbers are accepted, bools are not."""

import math
import operator
from collections.abc import Collection
from typing import Any


def check_integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """The value as an int. Raises ValueError for bools, other types without ``__index__``, and values out of range."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or not low <= number <= (high or 2**63 - 1):
        raise ValueError(f'{name} is {value}; it must be a whole number, {whole_bounds(low, high)}')
    return number


def whole_bounds(low: int, high: int | None) -> str:
    """Such as '1 or more', or 'from 1 to 8'."""
    return f'{low} or more' if high is None else f'from {low} to {high}'


def as_number(value: Any) -> float | None:
    """The value if it is an int, else as a float; None for bools, types without ``__float__`` and ints that no float
    can hold."""
    is_bool = isinstance(value, bool) or getattr(getattr(value, 'dtype', None), 'kind', '') == 'b'  # NumPy's bool
    if is_bool or not hasattr(value, '__float__'):
        return None
    try:
        number = float(value)
        return value if isinstance(value, int) else number
    except (TypeError, ValueError, OverflowError):  # an array of several numbers; 10**400
        return None


def check_number(name: str, value: Any, high: float) -> float:
    """The value as a number. Raises ValueError unless it is above 0 and at most ``high``."""
    number = as_number(value)
    if number is None or not 0 < number <= high:
        bounds = '' if high == math.inf else f', up to {high:g}'
        raise ValueError(f'{name} is {value}; it must be a number above 0{bounds}')
    return number


def as_choice(value: Any, choices: Collection[str]) -> str | None:
    """The choice that a value names, ignoring case; None if it names none."""
    small = value.lower() if isinstance(value, str) else value  # a NumPy dtype equals its name
    return next((choice for choice in choices if small == choice), None)


def check_below(name: str, value: Any, limit: float, what: str) -> float:
    """The value as a number. Raises ValueError unless it is at least 0 and below ``limit``."""
    number = as_number(value)
    if number is None or not 0 <= number < limit:
        raise ValueError(f'{name} is {value}; it must be {what} from 0 to below {limit}')
    return number
