"""A pass over a text: what B streams read, in windows of T steps, before they start again."""

from typing import NamedTuple

from .options import Settings


class Pass(NamedTuple):
    """Each stream reads ``rounds`` blocks of ``block`` windows; blocks start every ``stride`` characters."""

    block: int
    rounds: int
    stride: int

    @property
    def windows(self) -> int:
        """Windows per stream."""
        return self.block * self.rounds


def pass_over(characters: int, settings: Settings) -> Pass:
    """The pass over a text of ``characters``, which must be enough for one window in each stream.

    Without ``shuffle``, each stream reads one block, its part of the text, except for less than a window at its end.
    With ``shuffle``, a block is the smallest number of whole windows with at least ``shuffle`` characters. Blocks are
    shorter if each stream would not get one.
    """
    T, B = settings.seq_length, settings.streams
    if not settings.shuffle:
        length = characters // B
        return Pass(max(1, -(-(length - T - 1) // T)), 1, length)
    block = max(1, min(-(-settings.shuffle // T), (characters - 1) // (T * B)))
    return Pass(block, max(1, (characters - 1) // (block * T) // B), block * T)
