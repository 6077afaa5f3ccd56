"""What each engine does, as far as others have to know: the one place where an engine's name says anything.

It imports no engine, so that a configuration is checked without compiled code. ``engines/engine.py`` has the classes.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Abilities:
    """What an engine does; by default what the gist does."""

    flops: float  # a second in training on the nominal machine, of which intervals follow
    gist_reports: bool = True  # as the gist reports: each 100 iterations, with samples by sample_every, in its format
    checks_loss: bool = False  # a training loss that is NaN, or runs away, ends or rolls back a run; the gist goes on
    halved_by: frozenset[str] = frozenset()  # dtypes that take twice the time
    baseline: bool = False  # what others are compared with


ABILITIES = {
    'exact': Abilities(flops=1.2e10),
    'batched': Abilities(flops=8e10, gist_reports=False, checks_loss=True, halved_by=frozenset({'float64'})),
    'reference': Abilities(flops=2e9, baseline=True),
}
EARLIER_ENGINES = {'fast': 'batched'}  # names before 0.2


def engine_now(name: str) -> str:
    """The name that an engine has now, of one in a file."""
    return EARLIER_ENGINES.get(name, name)
