"""Cuts a text that comes in pieces before a stop string."""

from ..data.lacking import unit_name
from ..data.vocabulary import FOLDED
from ..model.model import Model


class Until:
    """Passes a text on up to the first occurrence of a string; a possible start of the string is held back."""

    def __init__(self, string: str | None) -> None:
        """None: nothing stops the text."""
        self._string, self._held = string or '', ''
        self.over = False  # True after the string has come

    def __call__(self, piece: str, final: bool = False) -> str:
        """The new part of the text that can be shown; ``final``: no piece follows."""
        if self.over or not self._string:
            return '' if self.over else piece
        text, self._held = self._held + piece, ''
        at = text.find(self._string)
        if at >= 0:
            self.over = True
            return text[:at]
        if not final:
            most = min(len(text), len(self._string) - 1)
            starts = (size for size in range(most, 0, -1) if text.endswith(self._string[:size]))
            self._held = text[len(text) - next(starts, 0) :]
        return text[: len(text) - len(self._held)]


def check_until(until: str | None, model: Model) -> None:
    """Raise ValueError for a string that the model can't write."""
    if until is None:
        return
    if not isinstance(until, str) or not until:
        raise ValueError(f'until is {until!r}; it must be a text of one character or more')
    for char in until:
        units = char if model.unit == 'character' else char.encode('utf-8', 'surrogatepass').decode('latin-1')
        decoded = model.unit == 'byte' and ord(char) == FOLDED  # bytes that are not UTF-8 are shown as U+FFFD
        if not decoded and not set(units) <= set(model.chars):
            name = unit_name(ord(char), 'character')
            raise ValueError(f'until has {name}, which the model cannot write: use only characters of its vocabulary')
