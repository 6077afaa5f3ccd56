"""Options that differ between runs, for tables and for labels of curves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..settings.abilities import ABILITIES
from ..settings.options import OPTIONS, REPORTS, SAVING, TABLE

if TYPE_CHECKING:
    from .facts import Facts

NONE = '-'  # for missing values
# shown separately: the model, and the length of the run
APART = ('cell', 'layers', 'hidden_size', 'iterations', 'epochs', 'time')
COMPARED = ('engine', 'preset', *(name for name, row in TABLE.items() if row.group not in (REPORTS, SAVING)))


def differences(runs: Sequence['Facts']) -> dict[str, list[str]]:
    """Options that were given to at least one run and differ between runs, each with one value per run, as typed.

    Also ``text`` and ``validation``, if they differ. A learning rate derived from H and a drawn seed are left out. Runs
    of other programs, whose options are not known, make no difference.
    """
    found = dict[str, list[str]]()
    for name in COMPARED:
        if name not in APART and any(run.asked.get(name) is not None for run in runs):
            found[name] = [_shown(run, name) for run in runs]
    found['text'] = [run.text or NONE for run in runs]
    found['validation'] = [run.validation or NONE for run in runs]
    says = [run.engine in ABILITIES for run in runs]
    return {
        name: values
        for name, values in found.items()
        if len({value for value, known in zip(values, says, strict=True) if known or name == 'engine'}) > 1
    }


def _shown(run: 'Facts', name: str) -> str:
    """An option's value, in four digits; '-' for a drawn seed."""
    asked = run.asked.get(name)
    if name in ('preset', 'seed') and asked is None:
        return NONE
    value: Any = run.engine if name == 'engine' else asked if name == 'preset' else run.decided.get(name)
    return f'{value:.4g}' if isinstance(value, float) else OPTIONS[name].shown(value) or NONE


def labels(runs: Sequence['Facts']) -> list[str]:
    """What distinguishes each run, such as 'lstm H=128, learning rate 0.01'; for a single run its engine and model."""
    options = differences(runs)
    parts = [options.pop('engine', []), [run.model for run in runs]]
    parts = [values for values in parts if len(set(values)) > 1]
    if not parts and not options:
        return [f'{run.engine}, {run.model}' for run in runs]
    return [', '.join([*(values[k] for values in parts), *in_words(options, k)]) for k in range(len(runs))]


def in_words(options: Mapping[str, Sequence[str]], k: int) -> list[str]:
    """Options of run k, such as 'learning rate 0.01'; without missing values and default presets."""
    plain = (NONE, OPTIONS['preset'].default)
    return [f'{name.replace("_", " ")} {values[k]}' for name, values in options.items() if values[k] not in plain]
