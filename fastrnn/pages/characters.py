"""Shows the characters of any text in a page: never as markup, never invisible, never changing the text's direction."""

import unicodedata
from html import escape

from ..inference.surprisal import escaped

JOINERS = '\u200c\u200d'  # Persian, Hindi and emoji are not written without them


def content(char: str, unit: str) -> str:
    """The HTML of a character or a cluster. Newlines and tabs are unchanged, so that the text can be copied."""
    return escape(char) if char in '\n\t' or len(char) > 1 else escape(visible(char, unit))


def kind(char: str, unit: str) -> str:
    """The CSS class of a newline, a tab or an escape, after a space; else ''."""
    if char in '\n\t':
        return ' n' if char == '\n' else ' t'
    return ' x' if len(char) == 1 and visible(char, unit) != char else ''


def visible(char: str, unit: str = 'character') -> str:
    """A character; an escape if it is invisible, changes the text's direction or is not allowed in HTML."""
    shown = char if char == '\\' else escaped(char, unit)  # pages, unlike tables, need no escaped backslash
    if shown != char:
        return shown
    point = ord(char)
    unseen = unicodedata.category(char) == 'Cf' and char not in JOINERS
    if unseen or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
        return f'\\u{point:04x}' if point < 0x10000 else f'\\U{point:08x}'
    return char


def shown(text: str) -> str:
    """A text as HTML, with everything escaped."""
    return escape(''.join(visible(char) for char in text))
