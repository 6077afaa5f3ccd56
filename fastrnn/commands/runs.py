"""``fastrnn runs``: compares the runs below a folder."""

import json
import sys
from pathlib import Path
from textwrap import fill, wrap
from typing import TYPE_CHECKING

from ..errors import in_a_line
from ..runs.differences import NONE, differences, in_words
from ..settings.kinds import Places
from ..settings.options import Option
from ..system import outputs, stop
from .command import command
from .options import JSON

if TYPE_CHECKING:
    from ..runs.overview import Overview

EXAMPLE = 'Example: fastrnn runs .'
FOLDERS = Option('folders', Places(), (Path('.'),), '', 'Runs, or folders with runs.', otherwise='this folder',
    positional=True, synonyms='run log logs input logdir dir path i f')  # fmt: skip
GAP, INDENT = '  ', '    '
# from this number of seconds on, seconds of the unit, its name
UNITS = ((2 * 86400, 86400, 'd'), (2 * 3600, 3600, 'h'), (200, 60, 'min'), (0, 1, 's'))
A_PART = '* on part of the held-out text; only the last validation reads all of it'
DIFFERENT = 'the runs have different texts or held-out parts: compare only those that have the same'


@command(FOLDERS, JSON, synonyms='ls list compare table status experiments', epilog=EXAMPLE)
def runs(folders: tuple[Path, ...], as_json: bool) -> None:
    """Compare the runs in and below FOLDERS, the best one first.

    A run is a folder made by train --out. The table shows for each run its model, the options that were given to some
    run and differ, the characters that it has read, its training time, its lowest validation in bits per character, and
    its status, such as finished, interrupted or running. A run that was not given such an option shows the value that
    was decided for it; - means a random seed, or not known.
    """
    from ..runs.overview import find_runs

    found = find_runs(folders, _warn, stop.check)
    if not found:
        places = ', '.join(in_a_line(place) for place in folders)
        _warn(f'no runs below {places}: keep a run with train --out FOLDER')
        return
    options = differences([run.facts for run in found])
    if as_json:
        for k, run in enumerate(found):
            print(json.dumps(run.as_json | {'differs': {name: values[k] for name, values in options.items()}}))
        return
    width = outputs.columns()
    print('\n'.join(_shown([_row(run) for run in found], options, width)))
    for words, needed in ((A_PART, any(run.part is not None for run in found)), (DIFFERENT, _differ(found))):
        if needed:
            print(fill(words, min(width, len(words))))


def _warn(text: str) -> None:
    print(in_a_line(text), file=sys.stderr)


def _differ(found: 'list[Overview]') -> bool:
    """True if validations are known to be of different held-out texts."""
    facts = [run.facts for run in found if run.validation is not None]
    texts = [(of.text, of.validation, of.job and of.job.characters, of.job and of.job.held_out) for of in facts]
    return any(len({value for value in values if value}) > 1 for values in zip(*texts, strict=True))


def _row(run: 'Overview') -> dict[str, str]:
    """The cells of a run, by column."""
    bits = NONE if run.validation is None else f'{run.validation:.3f}{"*" * (run.part is not None)}'
    row = {'name': run.name, 'model': run.facts.model, 'read': _count(run.characters), 'time': _time(run.seconds)}
    return row | {'best val': bits, 'status': run.status or NONE}


def _shown(rows: list[dict[str, str]], options: dict[str, list[str]], width: int) -> list[str]:
    """The table, with a column for each option; in a narrow terminal a run's options are below its line."""
    names = [in_a_line(row['name']) for row in rows]
    first, last = {'name': names}, {name: [row[name] for row in rows] for name in [*rows[0]][2:]}
    first['model'] = [row['model'] for row in rows]
    table = _table(first | {name.replace('_', ' '): [*map(in_a_line, of)] for name, of in options.items()} | last)
    if _fits(table, width):
        return table
    words = [in_words(options, k) for k in range(len(rows))]
    table = _table(first | last)
    if _fits(table, width):
        told = table[: len(table) - len(rows)]
        for line, more in zip(table[len(told) :], words, strict=True):
            told += [line, *_below(more, width)]
        return told
    told = []
    for row, name, more in zip(rows, names, words, strict=True):
        read = f'{row["read"]} characters in {row["time"]}'
        told += [f'{row["best val"]}  {name}', *_below([row['model'], *more, read, row['status']], width)]
    return told


def _fits(table: list[str], width: int) -> bool:
    from rich.cells import cell_len  # columns of a terminal: some characters take two

    return max(map(cell_len, table)) <= width


def _below(words: list[str], width: int) -> list[str]:
    return wrap(in_a_line(', '.join(words)), width, initial_indent=INDENT, subsequent_indent=INDENT)


def _table(columns: dict[str, list[str]]) -> list[str]:
    """The lines of a table. The last word of a heading has its own line; numbers are aligned to the right."""
    from rich.cells import cell_len

    cells = list[list[str]]()
    for name, values in columns.items():
        first, _, last = name.rpartition(' ')
        column = [first, last, *values]
        gaps = [' ' * (max(map(cell_len, column)) - cell_len(value)) for value in column]
        ends = name != 'name' and all(value == NONE or value[:1].isdigit() for value in values)
        cells.append([gap + value if ends else value + gap for gap, value in zip(gaps, column, strict=True)])
    lines = [GAP.join(line).rstrip() for line in zip(*cells, strict=True)]
    return lines if lines[0] else lines[1:]


def _count(number: float) -> str:
    """Such as 850, 75k or 3.5M."""
    for unit, name in ((1e9, 'G'), (1e6, 'M'), (1e3, 'k')):
        if number >= unit:
            return f'{number / unit:.{1 if number < 100 * unit else 0}f}{name}'
    return f'{number:.0f}'


def _time(seconds: float) -> str:
    unit, name = next(row[1:] for row in UNITS if seconds >= row[0])
    return f'{seconds / unit:.{1 if seconds < 100 * unit else 0}f} {name}'
