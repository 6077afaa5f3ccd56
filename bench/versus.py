"""The time in which ``fastrnn train --preset fast`` gets as far as PyTorch does in 10, 30 and 90 s, on one text.

    pip install '.[peers]'
    python bench/versus.py TEXT                  prints the table
    python bench/versus.py TEXT README.md        puts it into the README, between its markers

The last tenth of the text is held out whole. For each time PyTorch gets a search over nn.LSTM and nn.GRU, H, rates, B,
T and dropout, and is judged by its best on the held-out text. Of 10 s: two cells, two sizes and two rates, and three
changes of the best two of these eight, each kept where it helps. Of 30 s and 90 s: the models that are of use there,
otherwise as the best of the time before, and again three changes of the best two (bench/versus_cases.py). A first
round, of 10 s, had shown that short windows and rates of 0.01 and more pay, and that orthogonal first weights and open
forget gates do not. The best is also trained with products in bfloat16, a row of its own where that is better: fastrnn
computes in float32. Some 35 minutes in all. PyTorch's time is that of training alone: no import, no evaluation, no
first iteration.

fastrnn gets no option but a time, tried on a ladder from below, and has to be as good in the median of three seeds. Its
seconds are those of training with all validations, as its log tells them; those of the whole process stand beside them.

Both use all cores, one after the other. Results are kept in versus.jsonl in the current folder (or in ``--store
FILE``): another start goes on where one was interrupted. Remove it to measure anew.
"""

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from peers_timing import installed, processor
from store import Store
from table import publish
from versus_cases import STAGES, Recipe, search

from fastrnn.data.corpus import open_corpus
from fastrnn.model.architecture import CELLS
from fastrnn.runs.curves import read_run

MARKERS = '<!-- versus: made by bench/versus.py -->', '<!-- end of versus -->'
LADDER = (1 / 16, 1 / 9, 1 / 6, 1 / 5, 1 / 4, 0.3, 1 / 3, 0.37, 0.4, 0.45, 0.5, 0.6, 0.8, 1.0)  # of PyTorch's time
SEEDS = (0, 1, 2)
COLUMNS = ('PyTorch trains', 'its best', 'bits', 'fastrnn needs', 'what its preset chose', 'bits', 'less time')
Result = dict[str, Any]


def peer(path: Path, recipe: Recipe, seconds: float) -> Result:
    """PyTorch's result by one recipe."""
    import versus_torch

    corpus = open_corpus(path)
    text, last = map(np.asarray, corpus.split(0.1))
    found: Result = versus_torch.result(recipe, text, last, len(corpus.chars), seconds, os.cpu_count() or 1)
    return found


def own(path: Path, seconds: float, seed: int) -> Result:
    """One ``fastrnn train`` with the preset: the held-out bits at its end, its seconds, and what the preset chose."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, 'run')
        options = ['--preset', 'fast', '--validation', '10%', '--time', f'{seconds}s', '--seed', str(seed)]
        start = time.perf_counter()
        train(path, *options, '--out', str(run))
        wall = time.perf_counter() - start
        curve = read_run(run)
    bits, seconds = float(curve.points.validation[-1]), float(curve.points.seconds[-1])
    return {'bits': bits, 'seconds': seconds, 'process': wall, 'model': curve.model}


def train(path: Path, *options: str) -> None:
    command = [sys.executable, '-m', 'fastrnn', 'train', str(path), *options, '--quiet']
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(result.stderr)


def compile_all(path: Path) -> None:
    """So that no measured run has to: whatever cell the preset takes, and the text's numbers."""
    for cell in CELLS:
        train(path, '--preset', 'fast', '--cell', cell, '--validation', '10%', '--time', '1s')


def needed(seconds: float, goal: float, run: Callable[[float, int], Result]) -> Result | None:
    """The median run of the shortest time of the ladder whose median is as good; None if there is none."""
    for share in LADDER:
        found: list[Result] = []
        for seed in SEEDS:
            found.append(run(round(seconds * share, 2), seed))
            if sum(result['bits'] > goal for result in found) > len(SEEDS) // 2:
                break
        else:
            bits = statistics.median_low([result['bits'] for result in found])
            return next(result for result in found if result['bits'] == bits)
    return None


def row(seconds: float, recipe: Recipe, theirs: Result, ours: Result | None) -> str:
    columns = [f'{seconds:g} s', f'{recipe.words}: {theirs["epochs"]:.1f} epochs', f'{theirs["bits"]:.3f}']
    if ours is None:
        columns += [f'more than {seconds:g} s', '', '', '']
    else:
        columns += [f'**{ours["seconds"]:.1f} s** (whole process: {ours["process"]:.1f} s)', ours['model']]
        columns += [f'{ours["bits"]:.3f}', f'**{seconds / ours["seconds"]:.1f}x** ({seconds / ours["process"]:.1f}x)']
    return f'| {" | ".join(columns)} |'


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def table(path: Path, store: Store) -> str:
    """A Markdown table, a row a time, and what it was measured on."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]

    def kept(who: str, make: Callable[[], Result]) -> Result:
        key = f'{digest}, {who}'
        if key not in store:
            store.add(key, make())
            tell(f'{who}: {store[key]["bits"]:.3f}')
        found: Result = store[key]
        return found

    def theirs(seconds: float, recipe: Recipe) -> Result:
        return kept(f'PyTorch, {seconds:g} s, {recipe.words}', partial(peer, path, recipe, seconds))

    def bits(seconds: float, recipe: Recipe) -> float:
        return float(theirs(seconds, recipe)['bits'])

    def ours(seconds: float, seed: int) -> Result:
        return kept(f'fastrnn, {seconds:g} s, seed {seed}', partial(own, path, seconds, seed))

    compile_all(path)
    lines = [f'| {" | ".join(COLUMNS)} |', '|---' * len(COLUMNS) + '|']
    best = Recipe()
    for seconds, stage in STAGES.items():
        best = search(stage, best, partial(bits, seconds))
        recipes = [best, best.changed({'bfloat16': True})]
        if bits(seconds, recipes[1]) >= bits(seconds, best):
            del recipes[1]
        for recipe in recipes:
            found = theirs(seconds, recipe)
            lines.append(row(seconds, recipe, found, needed(seconds, found['bits'], ours)))
            tell(lines[-1])
    return '\n'.join([*lines, '', *footer(path)])


def footer(path: Path) -> list[str]:
    versions = ', '.join(f'{name} {version(name)}' for name in ('numpy', 'numba', 'torch'))
    return [
        f'{path.name}; {processor()}; {versions}, {date.today()}. Seconds of training alone.',
        f'Bits of fastrnn are the median of {len(SEEDS)} seeds, those of PyTorch the lowest of all recipes.',
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description='Quality for time beside PyTorch.')
    parser.add_argument('text', type=Path)
    parser.add_argument('readme', nargs='?')
    parser.add_argument('--store', default='versus.jsonl', help='what is measured already [versus.jsonl]')
    given = parser.parse_args()
    if 'PyTorch' not in installed():
        raise SystemExit("versus needs PyTorch: pip install '.[peers]'")
    publish(MARKERS, table(given.text, Store(given.store)), given.readme)


if __name__ == '__main__':
    main()
