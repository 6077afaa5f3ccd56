"""Suggests an option for an unknown name: what other tools call it, or a typo."""

from collections.abc import Collection, Iterable, Mapping
from difflib import SequenceMatcher

from .options import OPTIONS

MOST = 3  # suggestions
ALIKE, NEAR = 0.6, 0.15  # least likeness of two names, and largest distance of a suggestion from the best one
LONG = 5  # letters; typos are accepted only in synonyms at least this long
# options that fastrnn does not need
NOTES = dict.fromkeys(('device', 'gpu', 'gpus', 'gpuid', 'gpu-id', 'cuda', 'use-cuda'), 'fastrnn runs on the CPU')


def plain(name: str) -> str:
    """A name in the form that is compared: lower case, no leading hyphens, hyphens for underscores."""
    return name.lstrip('-').replace('_', '-').lower()


def meant(name: str, known: Mapping[str, str]) -> list[str]:
    """Up to three of the ``known`` names that may be meant, the most likely first.

    Names are options (--top-k), keywords (top_k) or commands; the values of ``known`` are their synonyms.
    """
    wanted, names = plain(name), {plain(other): other for other in known}
    words = {other: [other, *known[names[other]].split()] for other in names}
    joined = wanted.replace('-', '')
    if not wanted:
        return []
    same = [other for other in names if joined in (word.replace('-', '') for word in words[other])]
    if same:
        return [names[other] for other in same[:MOST]]
    started = [other for other in names if other.startswith(wanted) or wanted in other.split('-')]
    if started:
        started.sort(key=lambda other: -_likeness(wanted, other))
        return [names[other] for other in started[:MOST]]
    likeness = {
        other: max(_likeness(wanted, word) for word in words[other] if word == other or len(word) >= LONG)
        for other in names
    }
    least = max([ALIKE, *(value - NEAR for value in likeness.values())])
    near = sorted((other for other in names if likeness[other] >= least), key=lambda other: -likeness[other])
    return [names[other] for other in near[:MOST]]


def advice(name: str, known: Mapping[str, str], otherwise: str) -> str:
    """Advice about an unknown name, in words; ``otherwise`` if no known name is similar."""
    if plain(name) in NOTES:
        return NOTES[plain(name)]
    *others, last = [*meant(name, known)] or ['']
    if not last:
        return otherwise
    return f'did you mean {", ".join(others)} or {last}?' if others else f'did you mean {last}?'


def check_names(given: Iterable[str], known: Collection[str]) -> None:
    """Raise TypeError for a keyword that is not ``known``. The message suggests similar names, or lists all."""
    for name in given:
        if name not in known:
            all_of_them = f'the options are {", ".join(sorted(known))}'
            synonyms = {other: OPTIONS[other].synonyms for other in known}
            raise TypeError(f'there is no option {name}: {advice(name, synonyms, all_of_them)}')


def _likeness(wanted: str, other: str) -> float:
    """Likeness from 0 to 1. A common start counts extra: typos are rare at the start of a name."""
    begun = 0
    while begun < min(len(wanted), len(other)) and wanted[begun] == other[begun]:
        begun += 1
    return 0.9 * SequenceMatcher(None, wanted, other).ratio() + 0.1 * begun / max(len(wanted), len(other))
