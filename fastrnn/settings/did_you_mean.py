"""Which option is meant by a name that there is not: what other tools call it, or a slip of the fingers."""

from collections.abc import Collection, Iterable, Mapping
from difflib import SequenceMatcher

from .options import OPTIONS

MOST = 3  # that are suggested
ALIKE, NEAR = 0.6, 0.15  # least likeness of two names, and how far below the best one another may be
LONG = 5  # letters of a name from another tool that is looked for with slips in it
# what needs no option at all
NOTES = dict.fromkeys(('device', 'gpu', 'gpus', 'gpuid', 'gpu-id', 'cuda', 'use-cuda'), 'fastrnn runs on the CPU')


def plain(name: str) -> str:
    """A name as it is compared: without leading hyphens, in small letters, with hyphens between its words."""
    return name.lstrip('-').replace('_', '-').lower()


def meant(name: str, known: Mapping[str, str]) -> list[str]:
    """Those of the ``known`` names that may be meant, the likeliest first; at most three.

    Names are an option's (--top-k), a keyword's (top_k) or a command's, each with what other tools call it.
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
    """What to do about a name that there is not, in words; ``otherwise`` if nothing is like it."""
    if plain(name) in NOTES:
        return NOTES[plain(name)]
    *others, last = [*meant(name, known)] or ['']
    if not last:
        return otherwise
    return f'did you mean {", ".join(others)} or {last}?' if others else f'did you mean {last}?'


def check_names(given: Iterable[str], known: Collection[str]) -> None:
    """Raise TypeError for a keyword that is not a ``known`` one, with the nearest one, or with all of them."""
    for name in given:
        if name not in known:
            all_of_them = f'there are {", ".join(sorted(known))}'
            synonyms = {other: OPTIONS[other].synonyms for other in known}
            raise TypeError(f'there is no option {name}: {advice(name, synonyms, all_of_them)}')


def _likeness(wanted: str, other: str) -> float:
    """From 0 to 1; a slip seldom changes how a name begins."""
    begun = 0
    while begun < min(len(wanted), len(other)) and wanted[begun] == other[begun]:
        begun += 1
    return 0.9 * SequenceMatcher(None, wanted, other).ratio() + 0.1 * begun / max(len(wanted), len(other))
