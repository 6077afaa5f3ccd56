"""What is a number where one is asked for: Python's, NumPy's, and no bool."""

import math
import operator
from collections.abc import Collection
from typing import Any


def check_integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """The value as an int, if it is one of Python's or NumPy's, or anything else with ``__index__``, but no bool."""
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
    """The value as a float, or an int that it is, if it has ``__float__`` and is no bool; else None."""
    is_bool = isinstance(value, bool) or getattr(getattr(value, 'dtype', None), 'kind', '') == 'b'  # of NumPy's
    if is_bool or not hasattr(value, '__float__'):
        return None
    try:
        return value if isinstance(value, int) else float(value)
    except (TypeError, ValueError):  # an array of several
        return None


def check_number(name: str, value: Any, high: float) -> float:
    """The value as a float, if it is a number above 0 up to ``high``."""
    number = as_number(value)
    if number is None or not 0 < number <= high:
        bounds = '' if high == math.inf else f', up to {high:g}'
        raise ValueError(f'{name} is {value}; it must be a number above 0{bounds}')
    return number


def as_choice(value: Any, choices: Collection[str]) -> str | None:
    """That of the choices which a value names, in small or capital letters; None if it names none."""
    small = value.lower() if isinstance(value, str) else value  # a dtype of NumPy's is equal to its name
    return next((choice for choice in choices if small == choice), None)


def check_below(name: str, value: Any, limit: float, what: str) -> float:
    """The value as a float, if it is a number from 0 to below ``limit``."""
    number = as_number(value)
    if number is None or not 0 <= number < limit:
        raise ValueError(f'{name} is {value}; it must be {what} from 0 to below {limit}')
    return number
