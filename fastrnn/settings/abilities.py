"""What each engine does, as far as others have to know: the one place where an engine's name says anything.

It imports no engine, so that a configuration is checked without compiled code. ``engines/engine.py`` has the classes.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Abilities:
    """What an engine does; by default what the gist does."""

    flops: float  # a second in training on the nominal machine, of which intervals follow
    options: frozenset[str] = frozenset()  # Config's fields that it takes, of those that not every engine takes
    gist_reports: bool = True  # as the gist reports: each 100 iterations, with samples by sample_every, in its format
    checks_loss: bool = False  # a training loss that is NaN, or runs away, ends or rolls back a run; the gist goes on
    halved_by: frozenset[str] = frozenset()  # dtypes that take twice the time
    baseline: bool = False  # what others are compared with


# of Config, beside those that every engine takes
BATCHED = frozenset(
    {'streams', 'shards', 'dtype', 'optimizer', 'schedule', 'warmup', 'clip', 'clip_norm', 'weight_decay', 'init'}
    | {'planned', 'earlier', 'fit', 'cell', 'layers', 'dropout', 'input_rate', 'hidden_decay'}
)
ABILITIES = {
    'exact': Abilities(flops=1.2e10),
    'batched': Abilities(
        flops=8e10, options=BATCHED, gist_reports=False, checks_loss=True, halved_by=frozenset({'float64'})
    ),
    'reference': Abilities(flops=2e9, baseline=True),
}
SPECIAL = frozenset().union(*(abilities.options for abilities in ABILITIES.values()))  # not every engine takes them


def engines_with(option: str) -> list[str]:
    """Those that take an option which not every engine takes."""
    return [engine for engine, abilities in ABILITIES.items() if option in abilities.options]
