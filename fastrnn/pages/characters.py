"""Shows the characters of any text in a page: never as markup, never invisible, never changing the text's direction."""

from html import escape

from ..inference.surprisal import visible


def content(char: str, unit: str) -> str:
    """The HTML of a character or a cluster. Newlines and tabs are unchanged, so that the text can be copied."""
    return escape(char) if char in '\n\t' or len(char) > 1 else escape(visible(char, unit))


def kind(char: str, unit: str) -> str:
    """The CSS class of a newline, a tab or an escape, after a space; else ''."""
    if char in '\n\t':
        return ' n' if char == '\n' else ' t'
    return ' x' if len(char) == 1 and visible(char, unit) != char else ''


def shown(text: str) -> str:
    """A text as HTML, with everything escaped."""
    return escape(''.join(visible(char) for char in text))
