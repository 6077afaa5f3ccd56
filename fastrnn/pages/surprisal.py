"""A page of HTML that shows a text shaded by surprisal: one file, no scripts, nothing to fetch.

Put together from surprisal.html, whose ``$names`` are filled in, and surprisal.css.
"""

import math
import unicodedata
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from itertools import repeat
from string import Template

from ..inference.surprisal import escaped

LIMIT = 200_000  # characters: beyond it browsers take many seconds to lay a page out
# One hue from light to dark (ColorBrewer's Blues), for whole bits from 0 to 8 and more; the text's colour on each
SHADES = (
    ('#f7fbff', '#000'),
    ('#deebf7', '#000'),
    ('#c6dbef', '#000'),
    ('#9ecae1', '#000'),
    ('#6baed6', '#000'),
    ('#4292c6', '#000'),
    ('#2171b5', '#fff'),
    ('#08519c', '#fff'),
    ('#08306b', '#fff'),
)
CLASSES = 'abcdefghi'
ADAPTED = Template('<div><dt>bits per $unit, adapted while reading</dt><dd>$bits</dd></div>\n')
JOINERS = '\u200c\u200d'  # Persian, Hindi and emoji are not written without them


def check_length(characters: int) -> None:
    """Raise ValueError, before the work, where the page would be too slow to look at."""
    if characters > LIMIT:
        raise ValueError(
            f'the text has {characters:,} characters, more than the {LIMIT:,} that a page can show: '
            'score a part of it, or take the table, without --html'
        )


def page(
    name: str, text: str, bits: Sequence[float], unit: str = 'character', adapted: Sequence[float] | None = None
) -> str:
    """The page, as text to be written in UTF-8.

    Parameters
    ----------
    name : str
        Of the text, for the heading.
    text : str
        One character a unit; of bytes, chr(0) to chr(255).
    bits : sequence of float, as long as the text
        Surprisals; NaN where there is none.
    adapted : sequence of float, as long as the text, optional
        Surprisals by weights that learn while they read: these shade it, and both numbers are shown.

    Raises ValueError for more than ``LIMIT`` characters.
    """
    check_length(len(text))
    mean, of_adapted = mean_of(bits), ''
    if adapted is not None:
        of_adapted = ADAPTED.substitute(unit=unit, bits=f'{mean_of(adapted):.3f}')
    kinds = {char: (content(char, unit), kind(char, unit)) for char in set(text)}
    return Template(beside('surprisal.html')).substitute(
        heading=shown(name),
        style=beside('surprisal.css') + _shade_rules(),
        unit=unit,
        bits=f'{mean:.3f}',
        adapted=of_adapted,
        shaded='bits of surprisal' if adapted is None else 'shaded: bits of surprisal, adapted while reading',
        perplexity=f'{2**mean:,.2f}',
        length=f'{len(text):,}',
        legend=_legend(),
        text=''.join(
            element(*kinds[char], value, follows)
            for char, value, follows in zip(text, bits, adapted or repeat(None, len(text)), strict=True)
        ),
    )


def mean_of(bits: Sequence[float]) -> float:
    known = [value for value in bits if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def shade(bits: float) -> int:
    """The index of the shade: whole bits, of the number as it is shown."""
    return min(int(round(bits, 2)), len(SHADES) - 1)


def element(content: str, kind: str, bits: float, adapted: float | None = None) -> str:
    """One character in its shade, the number on hover; shaded by the adapted one, if there is one."""
    if math.isnan(bits):
        quoted = f' class="{kind.strip()}"' if kind else ''
        return f'<span{quoted} title="nothing precedes it">{content}</span>'
    name, title = CLASSES[shade(bits)], f'{bits:.2f} bits'
    if adapted is not None:
        name, title = CLASSES[shade(adapted)], f'{adapted:.2f} bits adapted, {title} without'
    quoted = f'"{name}{kind}"' if kind else name
    return f'<span class={quoted} title="{title}">{content}</span>'


def content(char: str, unit: str) -> str:
    """What stands for a character in the page; newlines and tabs stay, so that the text can be copied."""
    return char if char in '\n\t' else escape(visible(char, unit))


def kind(char: str, unit: str) -> str:
    """A further class, after a space: newline, tab, or an escape."""
    if char in '\n\t':
        return ' n' if char == '\n' else ' t'
    return ' x' if visible(char, unit) != char else ''


def visible(char: str, unit: str = 'character') -> str:
    """A character, or an escape where it would not show, would turn the text around or is none of HTML's."""
    shown = char if char == '\\' else escaped(char, unit)  # no program has to tell a backslash from an escape
    if shown != char:
        return shown
    point = ord(char)
    unseen = unicodedata.category(char) == 'Cf' and char not in JOINERS
    if unseen or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
        return f'\\u{point:04x}' if point < 0x10000 else f'\\U{point:08x}'
    return char


def shown(text: str) -> str:
    """A text in the page, whatever is in it."""
    return escape(''.join(visible(char) for char in text))


def beside(name: str) -> str:
    """A file beside this module, wherever the package is kept."""
    return files(__package__).joinpath(name).read_text(encoding='utf-8')


def _shade_rules() -> str:
    return ''.join(
        f'.{name}{{background:{ground};color:{ink}}}\n' for name, (ground, ink) in zip(CLASSES, SHADES, strict=True)
    )


def _legend() -> str:
    labels = [f'{low}–{low + 1}' for low in range(len(SHADES) - 1)] + [f'{len(SHADES) - 1}+']
    return ''.join(f'<li class={name}>{label}</li>' for name, label in zip(CLASSES, labels, strict=True))
