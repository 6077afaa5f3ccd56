"""A pass over a text: what B streams read of it, in windows of T steps, before they begin anew."""

from typing import NamedTuple

from .options import Settings


class Pass(NamedTuple):
    """Each stream reads ``rounds`` blocks of ``block`` windows; blocks start every ``stride`` characters."""

    block: int
    rounds: int
    stride: int

    @property
    def windows(self) -> int:
        """Of each stream."""
        return self.block * self.rounds


def pass_over(characters: int, settings: Settings) -> Pass:
    """The pass over a text of so many characters, which are enough for a window in each stream.

    In the text's order each stream has one block, its part of the text, of which it leaves less than a window unread.
    Shuffled blocks are whole windows, about as long as asked for, or shorter where each stream would have none.
    """
    T, B = settings.seq_length, settings.streams
    if not settings.shuffle:
        length = characters // B
        return Pass(max(1, -(-(length - T - 1) // T)), 1, length)
    block = max(1, min(-(-settings.shuffle // T), (characters - 1) // (T * B)))
    return Pass(block, max(1, (characters - 1) // (block * T) // B), block * T)
