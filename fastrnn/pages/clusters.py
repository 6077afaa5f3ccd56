"""Grapheme clusters: one character to a reader, possibly several to a model."""

import re
from collections.abc import Iterator
from itertools import pairwise

import regex

from ..inference.surprisal import visible

CLUSTER = regex.compile(r'\X')  # Unicode's annex 29: accents, skin tones, families, flags, Hangul
# a byte, or several that look like a character in UTF-8; decoding checks them
UTF_8 = re.compile('[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|.', re.DOTALL)
# such as Scotland's flag, with invisible tags
FLAG = re.compile('\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]+\U000e007f')


def clusters(text: str, unit: str) -> Iterator[tuple[int, str, str]]:
    """Yield for each cluster its number of units, its text, and 'character' or 'byte'.

    text: one character per unit; bytes are chr(0) to chr(255). Characters that are shown as escapes, and bytes that are
    not UTF-8, are alone.
    """
    pieces = list(_characters(text)) if unit == 'byte' else [(1, char, unit) for char in text]
    whole = ''.join('\0' if kind == 'byte' else char for _, char, kind in pieces)  # nothing attaches to a NUL
    edges = [0, *(found.end() for found in CLUSTER.finditer(whole))]
    for start, stop in pairwise(edges):
        together, cluster = pieces[start:stop], whole[start:stop]
        if len(together) > 1 and (FLAG.fullmatch(cluster) or all(map(_is_seen, cluster))):
            yield sum(size for size, _, _ in together), cluster, 'character'
        else:
            yield from together


def _characters(data: str) -> Iterator[tuple[int, str, str]]:
    for piece in UTF_8.findall(data):
        try:
            yield len(piece), piece.encode('latin-1').decode('utf-8'), 'character'
        except UnicodeError:
            yield from ((1, byte, 'byte') for byte in piece)


def _is_seen(char: str) -> bool:
    return visible(char) == char
