"""What each engine can do: no other module compares engine names.

It imports no engine: a configuration is checked without compiled code. ``engines/engine.py`` has the classes.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Abilities:
    """What an engine can do; the defaults are the gist's."""

    flops: float  # per second of training on the nominal machine; report and save intervals are derived from it
    gist_reports: bool = True  # reports as the gist does: every 100 iterations, in its format, samples by sample_every
    checks_loss: bool = False  # stops or rolls back a run whose loss is NaN or diverges; the gist continues
    halved_by: frozenset[str] = frozenset()  # dtypes that take twice as long
    baseline: bool = False  # the engine that others are compared with


ABILITIES = {
    'exact': Abilities(flops=1.2e10),
    'batched': Abilities(flops=8e10, gist_reports=False, checks_loss=True, halved_by=frozenset({'float64'})),
    'reference': Abilities(flops=2e9, baseline=True),
}
EARLIER_ENGINES = {'fast': 'batched'}  # names before 0.2


def engine_now(name: str) -> str:
    """The current name of an engine named in a file."""
    return EARLIER_ENGINES.get(name, name)
