"""A page that shows a text shaded by surprisal: one HTML file, nothing to fetch.

Built from the template surprisal.html, surprisal.css and the SCRIPTS. The scripts show each character's bits without a
mouse: by touch, keys and screen readers. Without scripts the page shows the rest.
"""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from string import Template

from .assembly import beside, joined, policy
from .characters import content, kind, shown
from .clusters import clusters

LIMIT = 200_000  # characters; browsers take many seconds to lay out longer pages
# one hue from light to dark (ColorBrewer's Blues) for 0 to 8 bits and more, and the colour of text on it
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
# dark mode: from the background to a bright blue
DARK_SHADES = (
    ('#1c1f26', '#fff'),
    ('#1d2a3d', '#fff'),
    ('#1e3655', '#fff'),
    ('#1d4370', '#fff'),
    ('#1c528c', '#fff'),
    ('#2f6cad', '#fff'),
    ('#5a92cc', '#000'),
    ('#8db8e3', '#000'),
    ('#c6e0f8', '#000'),
)
CLASSES = 'abcdefghi'
SCRIPTS = ('walk.js', 'surprisal.js')
ADAPTED = Template('<div><dt>bits per $unit, adapted while reading</dt><dd>$bits</dd></div>\n')


def check_length(characters: int) -> None:
    """Raise ValueError if a page of this many characters would be too slow; call it before scoring."""
    if characters > LIMIT:
        raise ValueError(
            f'the text has {characters:,} characters, the limit of a page is {LIMIT:,}: '
            'score a part of the text, or omit --html to get the table'
        )


def page(
    name: str, text: str, bits: Sequence[float], unit: str = 'character', adapted: Sequence[float] | None = None
) -> str:
    """The page, as text to be written in UTF-8.

    Parameters
    ----------
    name : str
        The text's name, for the heading.
    text : str
        One character per unit; bytes are chr(0) to chr(255). A grapheme cluster, such as a letter with its accent, is
        shown as one, with the sum of its bits.
    bits : sequence of float, as long as the text
        Surprisals in bits; NaN for the first character.
    adapted : sequence of float, as long as the text, optional
        Surprisals of the weights that adapt while they read. They determine the shade; both numbers are shown.

    Raises ValueError for more than ``LIMIT`` characters.
    """
    check_length(len(text))
    mean, of_adapted = mean_of(bits), ''
    if adapted is not None:
        of_adapted = ADAPTED.substitute(unit=unit, bits=f'{mean_of(adapted):.3f}')
    style, script = beside('surprisal.css') + _shade_rules(), joined(SCRIPTS)
    return Template(beside('surprisal.html')).substitute(
        policy=policy(style, script),
        heading=shown(name),
        style=style,
        script=script,
        unit=unit,
        bits=f'{mean:.3f}',
        adapted=of_adapted,
        shaded='bits of surprisal' if adapted is None else 'shaded: bits of surprisal, adapted while reading',
        perplexity=f'{2**mean:,.2f}',
        length=f'{len(text):,}',
        legend=_legend(),
        text=''.join(_elements(text, bits, unit, adapted)),
    )


def mean_of(bits: Sequence[float]) -> float:
    known = [value for value in bits if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def shade(bits: float) -> int:
    """The index of the shade: whole bits, after rounding to two decimals as shown."""
    return min(int(round(bits, 2)), len(SHADES) - 1)


def _elements(text: str, bits: Sequence[float], unit: str, adapted: Sequence[float] | None) -> Iterator[str]:
    """Yield one element per grapheme cluster, with the sum of its bits."""

    @cache
    def looks(cluster: str, of: str) -> tuple[str, str]:
        return content(cluster, of), kind(cluster, of)

    stop = 0
    for size, cluster, of in clusters(text, unit):
        start, stop = stop, stop + size
        follows = None if adapted is None else adapted[start:stop]
        yield element(*looks(cluster, of), bits[start:stop], follows, unit)


def element(
    content: str, kind: str, bits: Sequence[float], adapted: Sequence[float] | None = None, unit: str = 'character'
) -> str:
    """The HTML of one cluster: shaded by its adapted bits, else its bits; the numbers appear on hover."""
    known = [value for value in bits if not math.isnan(value)]
    if not known:
        quoted = f' class="{kind.strip()}"' if kind else ''
        return f'<span{quoted} title="nothing precedes it">{content}</span>'
    total = sum(known)
    name, title = CLASSES[shade(total)], f'{total:.2f} bits'
    if adapted is not None:
        follows = sum(value for value in adapted if not math.isnan(value))
        name, title = CLASSES[shade(follows)], f'{follows:.2f} bits adapted, {title} without'
    if len(bits) > 1:
        title += f', {len(bits)} {unit}s' + ', the first not counted' * (len(known) < len(bits))
    quoted = f'"{name}{kind}"' if kind else name
    return f'<span class={quoted} title="{title}">{content}</span>'


def _shade_rules() -> str:
    light, dark = (
        ''.join(
            f'.{name}{{background:{ground};color:{ink}}}\n' for name, (ground, ink) in zip(CLASSES, shades, strict=True)
        )
        for shades in (SHADES, DARK_SHADES)
    )
    return f'{light}@media (prefers-color-scheme:dark){{\n{dark}}}\n'


def _legend() -> str:
    labels = [f'{low}–{low + 1}' for low in range(len(SHADES) - 1)] + [f'{len(SHADES) - 1}+']
    return ''.join(f'<li class={name}>{label}</li>' for name, label in zip(CLASSES, labels, strict=True))
