"""The quality of the preset ``fast`` by time: whole processes, in wall time.

    python bench/quality.py TEXT [docs/how-fast.md]    fastrnn train, warm, for each budget with three seeds
    python bench/quality.py TEXT --race                preset against the reference's own goal after 60 s

The last tenth of the text is held out whole. Only the time and the seed are given. Takes about 50 minutes in all;
``--budgets 3,10,30`` and ``--seeds 1`` measure less. Results are saved in quality.jsonl in the current folder (or in
``--store FILE``), so an interrupted start resumes. Remove the file to measure again.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

from peers_timing import processor
from presets import split
from store import Store
from table import publish

from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.inference.evaluate import bits
from fastrnn.model.checkpoint import load_model
from fastrnn.settings.config import Config, preset
from fastrnn.training.train import train

BUDGETS = (3.0, 10.0, 30.0, 90.0, 180.0, 600.0)  # seconds of a whole process
SEEDS = 3
STARTUP = 1.2, 0.01  # subtracted from a budget: seconds before training; a share, up to 1 s, for the last validation
WINDOW = 256  # nanoGPT's protocol: windows of this many characters, each from a zero state
MARKERS = '<!-- quality: made by bench/quality.py -->', '<!-- end of quality -->'
RACE = (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0)


def whole_process(path: str, budget: float, seed: int) -> tuple[float, float, float, float, str]:
    """Held-out bits per character, whole and in windows; epochs, wall seconds, and the model in words."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / 'model.safetensors'
        options = [
            '--validation',
            '0.1',
            '--time',
            f'{budget - STARTUP[0] - min(1.0, STARTUP[1] * budget):g}s',
            '--seed',
            str(seed),
            '--save',
            str(model),
        ]
        start = time.perf_counter()
        command = [sys.executable, '-m', 'fastrnn', 'train', path, '--preset', 'fast', *options]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        wall = time.perf_counter() - start
        epochs, last = re.findall(r'epoch ([\d.]+).*val ([\d.]+)', printed)[-1]
        (words,) = re.findall(r'([^,\n]+), T=\d+, \d+ streams', printed)
        trained, (_, held_out) = load_model(model), split(open_corpus(Path(path)))
        found = bits(trained.params, held_out)
        assert found < float(last) + 1e-3, 'the model that was saved is not the best'
        return found, bits(trained.params, held_out, WINDOW), float(epochs), wall, words.strip()


def quality(path: str, budgets: Sequence[float], seeds: int, store: Store) -> str:
    """A table with the median run of each budget, and the range."""
    lines = [
        '| whole process | model | held-out bits per character | range | in windows of 256 | epochs |',
        '|---|---|---|---|---|---|',
    ]
    whole_process(path, 2.5, 0)  # compiles if needed
    for budget in budgets:
        runs = sorted(
            store.get(f'{Path(path).name}, {budget:g} s, seed {s}', partial(whole_process, path, budget, s))
            for s in range(seeds)
        )
        found, windows, epochs, _, model = runs[len(runs) // 2]
        wall = max(run[3] for run in runs)
        spread = f'{runs[0][0]:.3f} to {runs[-1][0]:.3f}' if seeds > 1 else ''
        lines.append(f'| {wall:.1f} s | {model} | **{found:.3f}** | {spread} | {windows:.3f} | {epochs:.1f} |')
        print(lines[-1], file=sys.stderr, flush=True)
    measured = f'{processor()}, {date.today()}; median of seeds: {seeds}.'
    return '\n'.join([*lines, '', measured])


def trained_alone(corpus: Corpus, config: Config) -> tuple[float, float]:
    """Held-out bits per character at the end, and epochs."""
    text, last = split(corpus)
    *_, end = train(text, config, validation=last)
    assert end.validation is not None
    return end.validation, end.epoch


def race(corpus: Corpus) -> None:
    """The reference for 60 s, then the shortest run of the preset that is as good on the held-out text."""
    goal, epochs = trained_alone(corpus, preset('reference', engine='reference', time=60.0, seed=0, sample_length=0))
    print(f'reference after 60 s: {goal:.3f} bits per character ({epochs:.2f} epochs)')
    for seconds in RACE:
        start = time.perf_counter()
        found, _ = trained_alone(corpus, preset('fast', time=seconds, seed=0, sample_length=0))
        print(f'preset fast after {seconds:g} s: {found:.3f} ({time.perf_counter() - start:.2f} s with validation)')
        if found <= goal:
            print(f'{60 / seconds:.0f} times sooner')
            return


def main() -> None:
    parser = argparse.ArgumentParser(description='Quality by time of the preset fast.')
    parser.add_argument('text')
    parser.add_argument('page', nargs='?')
    parser.add_argument('--race', action='store_true')
    parser.add_argument('--budgets', type=lambda given: [float(value) for value in given.split(',')], default=BUDGETS)
    parser.add_argument('--seeds', type=int, default=SEEDS)
    parser.add_argument('--store', default='quality.jsonl')
    given = parser.parse_args()
    if given.race:
        race(open_corpus(Path(given.text)))
    else:
        publish(MARKERS, quality(given.text, given.budgets, given.seeds, Store(given.store)), given.page)


if __name__ == '__main__':
    main()
