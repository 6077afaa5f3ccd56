"""The characters of a vocabulary as scripts keep them: a string, a list, ``char_to_ix`` or ``ix_to_char``."""

import operator
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import in_a_line


def in_order(chars: Any) -> str:
    """Character k of the vocabulary at place k.

    ``chars`` is a str or a sequence of single characters, or a dict: from characters to their numbers, or from numbers
    to characters. Raises ValueError for anything else, and for characters that occur twice.
    """
    if isinstance(chars, set | frozenset):
        raise ValueError('chars is a set, which has no order; pass the list that numbered the characters in training')
    if isinstance(chars, bytes | bytearray):
        raise ValueError("chars is of type bytes; pass chars.decode('latin-1'), and unit='byte'")
    if not isinstance(chars, Iterable):
        raise ValueError(f'chars is {_kind(chars)}; pass a str, a list of characters, or a dict such as char_to_ix')
    listed = _by_number(chars) if isinstance(chars, Mapping) else [*chars]
    for k, char in enumerate(listed):
        if not isinstance(char, str) or len(char) != 1:
            raise ValueError(f'chars[{k}] is {_short(char)}; each entry must be a single character')
    places = {char: k for k, char in reversed([*enumerate(listed)])}
    for k, char in enumerate(listed):
        if places[char] != k:
            raise ValueError(f'chars has {char!r} twice, at {places[char]} and {k}; each character has one number')
    if not listed:
        raise ValueError('chars is empty; pass the characters in the order of their numbers')
    return ''.join(listed)


def _by_number(chars: Mapping[Any, Any]) -> list[Any]:
    """The characters of a dict, whichever way round it is."""
    pairs = [(key, value) if isinstance(value, str) else (value, key) for key, value in chars.items()]
    found: dict[int, Any] = {}
    for number, char in pairs:
        try:
            at = operator.index(number)
        except TypeError:
            raise ValueError(f'chars numbers {_short(char)} with {_short(number)}; pass whole numbers from 0') from None
        if at in found:
            raise ValueError(
                f'chars gives one number, {at}, to {_short(found[at])} and {_short(char)}; number each once'
            )
        found[at] = char
    for k in range(len(found)):
        if k not in found:
            raise ValueError(
                f'chars numbers {len(found)} characters, but none is {k}; number them from 0, without gaps'
            )
    return [found[k] for k in range(len(found))]


def _short(value: Any) -> str:
    return in_a_line(repr(value))[:40]


def _kind(value: Any) -> str:
    return 'missing' if value is None else f'of type {type(value).__name__}'
