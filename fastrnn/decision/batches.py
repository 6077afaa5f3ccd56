"""Chooses how many streams a run trains at once.

More streams keep more cores busy, but need more characters for the same bits. bench/presets.md has the measurements.
"""

from collections.abc import Callable
from typing import NamedTuple

from ..settings.options import Settings
from .machine import Machine

KEPT_BUSY = 8  # cores that 16 streams keep busy: threads of a group share its hidden units
GAIN = 1.1  # minimum gain of a larger batch: trials and costs are not more exact
SHARE = 0.05  # of the run's time: no new trial starts once trials took more
SHORTER = 0.25  # these trials are as short as those of a run a quarter as long


class Batch(NamedTuple):
    """B streams, which need ``whole`` or ``part`` times the characters of 16 streams for the same held-out bits."""

    B: int
    whole: float  # if the run reads the whole text
    part: float  # if it reads only a part, in shuffled blocks: there updates matter most
    rate: float  # learning rate, relative to 16 streams

    def cost(self, read: float, characters: int) -> float:
        """The factor for a run that reads ``read`` characters of a text."""
        return self.whole if read >= characters else self.part


SIXTEEN = Batch(16, 1.0, 1.0, 1.0)
LARGER = (Batch(32, 1.2, 2.0, 1.0), Batch(64, 1.4, 3.5, 2.0), Batch(128, 1.5, 6.0, 2.0))


def best_batch(
    with_streams: Callable[[int], Settings], characters: int, machine: Machine, seconds: float
) -> tuple[Batch, float]:
    """The batch that learns most in the run's time, and its speed relative to 16 streams.

    The machine's last measurement must be of 16 streams. Trials double the streams as long as that pays.
    """

    def worth(batch: Batch) -> float:
        """Speed, as the number of characters a second from which 16 streams learn as much."""
        speed = machine.speed(with_streams(batch.B))
        return speed / batch.cost(speed * seconds, characters)

    best, most, slowest = SIXTEEN, worth(SIXTEEN), machine.speed(with_streams(SIXTEEN.B))
    for batch in LARGER:
        wider, before = with_streams(batch.B), machine.measured
        if wider.streams < batch.B or machine.seconds > SHARE * seconds or not machine.has_room(wider):
            break
        machine.measure(wider, SHORTER * seconds)
        if worth(batch) < GAIN * most:
            machine.measured = before
            break
        best, most = batch, worth(batch)
    return best, machine.speed(with_streams(best.B)) / slowest
