"""Parses times, shares, counts, sizes and escapes as users type them: '1m30s', '10%', '1e4', '4GB'."""

import os
import re
import sys
from decimal import Decimal, InvalidOperation
from numbers import Real
from pathlib import Path

NUMBER = r'(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?'
UNITS = {'d|days?': 86400, 'h|hrs?|hours?': 3600, 'm|mins?|minutes?': 60, 's|secs?|seconds?': 1}  # in seconds
TIME = re.compile(r'\s*'.join(f'(?:({NUMBER})\\s*(?:{names}))?' for names in UNITS), re.IGNORECASE)
UNIT = re.compile('|'.join([*UNITS, '[kmgt]b?', '%']), re.IGNORECASE)
NUMBER_WITHOUT_UNIT = re.compile(NUMBER)
SIZE = re.compile(f'({NUMBER})\\s*([kmgt]?)b?', re.IGNORECASE)
DIGITS = 30  # limit of a count's digits: longer ones are mistakes
MOST_EXPONENT = 1000  # of a share; beyond it, it is a mistake
HEX = '[0-9a-fA-F]'
ESCAPE = re.compile(rf'\\(?:([0-7]{{1,3}})|x({HEX}{{2}})|u({HEX}{{4}})|U({HEX}{{8}})|(.?))', re.DOTALL)
ESCAPED = {**dict(zip('abfnrtv', '\a\b\f\n\r\t\v', strict=True)), '\\': '\\', "'": "'", '"': '"'}


def parse_seconds(value: str | float) -> float:
    """Seconds of a time such as 90, '90', '90s', '1.5min', '1m30s', '2h' or '1d'.

    Raises ValueError, in one line, if it is not a time. Config checks the range (0, inf).
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    if re.fullmatch(NUMBER, text, re.IGNORECASE):
        return float(text)
    found = TIME.fullmatch(text)
    if not text or found is None:
        raise ValueError(f'time is {value!r}; give seconds, or a number with s, m, h or d, such as 90s, 5m or 1m30s')
    return sum(float(part) * unit for part, unit in zip(found.groups(), UNITS.values(), strict=True) if part)


def parse_share(value: str | float | Path) -> float | None:
    """A share of a text, such as 0.1 or '10%'; None for the name of a file.

    Raises ValueError, in one line, for numbers such as 10 or '0,1', unless a file has that name.
    """
    text = str(value).strip()
    number = None if isinstance(value, Path) else _decimal(text.removesuffix('%').rstrip().replace(',', '.'))
    if number is None:
        return None
    if number.is_snan() or abs(number.adjusted()) > MOST_EXPONENT:  # float, or the division, would raise
        number = Decimal('nan')
    share = float(number / 100 if text.endswith('%') and number.is_finite() else number)  # 0.7% is 0.007 exactly
    if 0 < share < 1 and ',' not in text:
        return share
    if isinstance(value, str) and os.path.exists(value):
        return None
    form = '0.1 or 10%'
    if 0 < share < 1:
        form = text.replace(',', '.')
    elif 1 <= share < 100 and not text.endswith('%'):
        form = f'{share:g}% or {share / 100:g}'
    raise ValueError(f'validation is {value!r}; it must be a share above 0 and below 1, such as {form}, or a file')


def share_in_words(share: float) -> str:
    """Such as 2%; :func:`parse_share` makes the same share of it."""
    return f'{(Decimal(str(share)) * 100).normalize():f}%'


def parse_count(value: str | int) -> int:
    """A whole number such as 10000, '10000', '10_000' or '1e4'. Raises ValueError, in one line, for anything else."""
    number = _decimal(str(value).strip())
    if number is None or not number.is_finite() or number.adjusted() > DIGITS or number != number.to_integral_value():
        raise ValueError(f'{value!r} is not a whole number, such as 128 or 1e4')
    return int(number)


def parse_size(value: str | int) -> int:
    """Bytes of a size such as 4000000000, '4GB', '4g' or '1.5 TB'; a GB is 1,000,000,000 bytes.

    Raises ValueError, in one line, if it is not a size.
    """
    found = SIZE.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(f'{value!r} is not a size; give bytes, or a number with KB, MB, GB or TB, such as 4GB')
    return int(min(float(found[1]) * 1000 ** ' kmgt'.index(found[2].lower() or ' '), 2**63 - 1))


def parse_escapes(text: str) -> str:
    r"""Replace C's escapes in a text by their characters: \n, \t, \\, \x41, \u00e9, \U0001f600.

    Raises ValueError, in one line, for a backslash that does not start an escape.
    """

    def meant(found: re.Match[str]) -> str:
        octal, *hexadecimal, name = found.groups()
        if name is not None and name not in ESCAPED:
            raise ValueError(f'{found[0]} is not an escape, such as \\n, \\t or \\u00e9; write \\\\ for a backslash')
        if name is not None:
            return ESCAPED[name]
        point = int(octal, 8) if octal else int(next(filter(None, hexadecimal)), 16)
        if point > sys.maxunicode:
            raise ValueError(f'{found[0]} is not a character; the last one is \\U{sys.maxunicode:08x}')
        return chr(point)

    return ESCAPE.sub(meant, text)


def size_in_words(size: float) -> str:
    """Such as 1.9 KB, 5.6 MB or 4.0 GB."""
    if size >= 1e21:
        return 'more than 1,000 EB'
    for unit, name in ((1e18, 'EB'), (1e15, 'PB'), (1e12, 'TB'), (1e9, 'GB'), (1e6, 'MB')):
        if size >= unit:
            return f'{size / unit:,.1f} {name}'
    return f'{size / 1e3:,.1f} KB'


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
