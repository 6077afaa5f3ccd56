"""Kinds of option values: how they are checked, parsed from the command line, and shown."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .checks import as_choice, check_below, check_integer, check_number, whole_bounds
from .parsing import parse_count, parse_escapes, parse_seconds


class Kind:
    """Any value; the code that uses it checks it."""

    metavar = ''

    @property
    def words(self) -> str:
        """The allowed values, for docs/options.md."""
        return self.metavar.strip('<>')

    def shown(self, value: Any) -> str:
        """A value as a user types it; '' if there is nothing to show."""
        return str(value)

    def check(self, name: str, value: Any) -> Any:
        """The value in its final type. Raises ValueError, in one line, for an invalid value."""
        return value

    def parse(self, text: Any) -> Any:
        """The value of a word on the command line. Raises ValueError, in one line, if it is not of this kind."""
        return str(text)


@dataclass(frozen=True)
class Flag(Kind):
    """An option without a value."""

    @property
    def words(self) -> str:
        return 'flag'

    def shown(self, value: Any) -> str:
        return ''


@dataclass(frozen=True)
class Word(Kind):
    """A word or a text."""

    metavar: str = '<text>'


@dataclass(frozen=True)
class Escaped(Word):
    """A text with C's escapes on the command line; in Python escapes are not interpreted."""

    def parse(self, text: Any) -> str:
        return parse_escapes(str(text))


@dataclass(frozen=True)
class Texts(Escaped):
    """Several texts, each after the option's name."""

    def shown(self, value: Any) -> str:
        return ''


@dataclass(frozen=True)
class Place(Kind):
    """A file or a folder."""

    metavar: str = '<file>'

    def parse(self, text: Any) -> Path:
        return Path(text)


@dataclass(frozen=True)
class Places(Place):
    """One or more files."""

    def shown(self, value: Any) -> str:
        return ''


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number, such as 10000 or 1e4."""

    low: int
    high: int | None = None
    metavar: str = '<int>'

    @property
    def words(self) -> str:
        return f'whole number, {whole_bounds(self.low, self.high)}'

    def check(self, name: str, value: Any) -> int:
        return check_integer(name, value, self.low, self.high)

    def parse(self, text: Any) -> int:
        return parse_count(text)


@dataclass(frozen=True)
class Number(Kind):
    """A number above 0."""

    high: float = math.inf
    metavar: str = '<float>'

    @property
    def words(self) -> str:
        return 'number above 0' if self.high == math.inf else f'number above 0, up to {self.high:g}'

    def shown(self, value: Any) -> str:
        return f'{value:g}'

    def check(self, name: str, value: Any) -> float:
        return check_number(name, value, self.high)

    def parse(self, text: Any) -> float:
        try:
            return float(text)
        except ValueError:
            raise ValueError(f'{text!r} is not a number, such as 0.1') from None


@dataclass(frozen=True)
class NumberFrom0(Number):
    """A number, 0 or more."""

    @property
    def words(self) -> str:
        return 'number, 0 or more'

    def check(self, name: str, value: Any) -> float:
        return float(value) if value == 0 and not isinstance(value, bool) else super().check(name, value)


@dataclass(frozen=True)
class Below(Number):
    """A number from 0 to below ``high``. ``what``: the value in words, for errors."""

    what: str = 'a number'

    @property
    def words(self) -> str:
        return f'number from 0 to below {self.high:g}'

    def check(self, name: str, value: Any) -> float:
        return check_below(name, value, self.high, self.what)


@dataclass(frozen=True)
class Seconds(Number):
    """A time, such as 90, '90s' or '5m'."""

    metavar: str = '<time>'

    @property
    def words(self) -> str:
        return 'time: seconds, or with s, m, h or d'

    def shown(self, value: Any) -> str:
        return f'{value:g}s'

    def check(self, name: str, value: Any) -> float:
        return super().check(name, parse_seconds(value) if isinstance(value, str) else value)

    def parse(self, text: Any) -> Any:
        return str(text)


@dataclass(frozen=True)
class Choice(Kind):
    """One of several words, ignoring case."""

    choices: Collection[str]
    earlier: Mapping[str, str] | None = None  # names in earlier versions, with their current names

    @property
    def metavar(self) -> str:  # type: ignore[override]
        return f'[{"|".join(self.choices)}]'

    @property
    def words(self) -> str:
        return ', '.join(self.choices)

    def check(self, name: str, value: Any) -> str:
        earlier = self.earlier or {}
        choice = as_choice(value, [*self.choices, *earlier])
        if choice is None:
            raise ValueError(f'{name} is {value!r}; it must be one of {", ".join(self.choices)}')
        return earlier.get(choice, choice)
