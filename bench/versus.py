"""The time in which ``fastrnn train --preset fast`` reaches PyTorch's quality after 10, 30 and 90 s, on one text.

    pip install '.[peers]'
    python bench/versus.py TEXT                     prints the table
    python bench/versus.py TEXT docs/how-fast.md    writes it into that page, between its markers
    python bench/versus.py TEXT --times 20,60,600 --validation 2%        for a text that is read once or less

The last tenth of the text is held out whole. For each time, PyTorch gets a search over nn.LSTM and nn.GRU, H, learning
rates, B, T and dropout, and its best result on the held-out text counts. For 10 s: two cells, two sizes and two rates,
and three changes of the best two of these eight, each kept if it helps. For 30 s and 90 s: the models that suit these
times, with the other settings of the best before, and again three changes of the best two (bench/versus_cases.py). A
first round of 10 s showed that short windows and rates of 0.01 and more pay, and that orthogonal initial weights and
open forget gates do not. The best is also trained with products in bfloat16, with its own row if that is better;
fastrnn computes in float32. Takes about 35 minutes in all. PyTorch's time is that of training alone: no import, no
evaluation, no first iteration.

fastrnn only gets a time, from short to long, until the median of three seeds is as good. Its seconds are those of
training with all validations, from its log; those of the whole process are next to them.

With ``--times`` the search is for large texts: B from 16 to 128 at the first time, models of twice the width, and only
three recipes from 300 s on. The table then also shows fastrnn after the same time. From 300 s on fastrnn gets one seed.
20, 60 and 600 s take about two hours.

Both use all cores, one after the other, and each training is a separate process. Results are saved in versus.jsonl in
the current folder (or in ``--store FILE``), so an interrupted start resumes. Remove the file to measure again.
"""

import argparse
import hashlib
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

from peers_timing import installed, processor
from store import Store
from table import publish
from versus_cases import LONG, STAGES, Recipe, Stage, search, stages
from versus_rows import COLUMNS, LARGE_COLUMNS, Result, head, large_row, row
from versus_runs import Text, compile_all, own, peer

MARKERS = '<!-- versus: made by bench/versus.py -->', '<!-- end of versus -->'
LADDER = (1 / 16, 1 / 9, 1 / 6, 1 / 5, 1 / 4, 0.3, 1 / 3, 0.37, 0.4, 0.45, 0.5, 0.6, 0.8, 1.0)  # of PyTorch's time
SEEDS = (0, 1, 2)


def median(found: Sequence[Result]) -> Result:
    """The run with the median bits."""
    bits = statistics.median_low([result['bits'] for result in found])
    return next(result for result in found if result['bits'] == bits)


def needed(
    seconds: float, goal: float, run: Callable[[float, int], Result], seeds: Sequence[int] = SEEDS
) -> Result | None:
    """The median run of the shortest time whose median is as good; None if there is none."""
    for share in LADDER:
        found: list[Result] = []
        for seed in seeds:
            found.append(run(round(seconds * share, 2), seed))
            if sum(result['bits'] > goal for result in found) > len(seeds) // 2:
                break
        else:
            return median(found)
    return None


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Runs:
    """Trainings on one text by both sides, measured or from the store."""

    def __init__(self, text: Text, store: Store) -> None:
        self.text, self._store = text, store
        self._digest = hashlib.sha256(text.path.read_bytes()).hexdigest()[:8]
        if text.validation != '10%':
            self._digest += f' but {text.validation}'

    def theirs(self, seconds: float, recipe: Recipe) -> Result:
        return self._kept(f'PyTorch, {seconds:g} s, {recipe.words}', partial(peer, self.text, recipe, seconds))

    def ours(self, seconds: float, seed: int) -> Result:
        return self._kept(f'fastrnn, {seconds:g} s, seed {seed}', partial(own, self.text, seconds, seed))

    def _kept(self, who: str, make: Callable[[], Result]) -> Result:
        key = f'{self._digest}, {who}'
        if key not in self._store:
            self._store.add(key, make())
            tell(f'{who}: {self._store[key]["bits"]:.3f}')
        found: Result = self._store[key]
        return found

    def searched(self, stages: dict[float, Stage]) -> Iterator[tuple[float, list[Recipe]]]:
        """PyTorch's best for each time, preceded by its float32 version if bfloat16 is better.

        From LONG on, bfloat16 is only tried if it was better before.
        """
        best, helps = Recipe(), True
        for seconds, stage in stages.items():

            def bits(recipe: Recipe, seconds: float = seconds) -> float:
                return float(self.theirs(seconds, recipe)['bits'])

            best = search(stage, best, bits)
            bfloat16 = best.changed({'bfloat16': True})
            helps = (helps or seconds < LONG) and bits(bfloat16) < bits(best)
            yield seconds, [best, bfloat16] if helps else [best]


def table(runs: Runs) -> str:
    """A Markdown table with a row per time, and a description of the machine."""
    lines = head(COLUMNS)
    for seconds, recipes in runs.searched(STAGES):
        for recipe in recipes:
            found = runs.theirs(seconds, recipe)
            lines.append(row(seconds, recipe, found, needed(seconds, found['bits'], runs.ours)))
            tell(lines[-1])
    return '\n'.join([*lines, '', *footer(runs.text.path)])


def large_table(runs: Runs, times: Sequence[float]) -> str:
    """The table for a large text, which also has fastrnn after the same time."""
    lines = head(LARGE_COLUMNS)
    for seconds, recipes in runs.searched(stages(times)):
        found = runs.theirs(seconds, recipes[-1])
        seeds = SEEDS if seconds < LONG else SEEDS[:1]
        same = median([runs.ours(seconds, seed) for seed in seeds])
        lines.append(large_row(seconds, recipes[-1], found, same, needed(seconds, found['bits'], runs.ours, seeds)))
        tell(lines[-1])
    return '\n'.join([*lines, '', *footer(runs.text.path)])


def footer(path: Path) -> list[str]:
    versions = ', '.join(f'{name} {version(name)}' for name in ('numpy', 'numba', 'torch'))
    return [
        f'{path.name}; {processor()}; {versions}, {date.today()}. Seconds of training alone.',
        f'Bits of fastrnn are the median of {len(SEEDS)} seeds, those of PyTorch the lowest of all recipes.',
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description='Quality for time beside PyTorch.')
    parser.add_argument('text', type=Path)
    parser.add_argument('page', nargs='?')
    parser.add_argument('--times', help='seconds, as 20,60,600: the table of a large text')
    parser.add_argument('--validation', default='10%', help='share that is held out [10%%]')
    parser.add_argument('--store', default='versus.jsonl', help='what is measured already [versus.jsonl]')
    given = parser.parse_args()
    if 'PyTorch' not in installed():
        raise SystemExit("versus needs PyTorch: pip install '.[peers]'")
    text = Text(given.text, given.validation)
    compile_all(text)
    runs = Runs(text, Store(given.store))
    made = large_table(runs, [float(word) for word in given.times.split(',')]) if given.times else table(runs)
    publish(MARKERS, made, given.page)


if __name__ == '__main__':
    main()
