"""How a character of any text is shown in a page: nothing of it is markup, unseen or turns the text around."""

import unicodedata
from html import escape

from ..inference.surprisal import escaped

JOINERS = '\u200c\u200d'  # Persian, Hindi and emoji are not written without them


def content(char: str, unit: str) -> str:
    """What stands for a character or a cluster in the page; newlines and tabs stay, so that the text can be copied."""
    return escape(char) if char in '\n\t' or len(char) > 1 else escape(visible(char, unit))


def kind(char: str, unit: str) -> str:
    """A further class, after a space: newline, tab, or an escape."""
    if char in '\n\t':
        return ' n' if char == '\n' else ' t'
    return ' x' if len(char) == 1 and visible(char, unit) != char else ''


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
