"""How the preset ``fast`` was chosen: held-out bits per character after so many seconds, for it and for its neighbours.

    python bench/presets.py TEXT [SECONDS ...]       the preset and its neighbours, at each time
    python bench/presets.py TEXT --race              preset against the reference's own goal after 60 seconds
    python bench/presets.py TEXT --budgets [README]  whole processes of fastrnn train, by the clock on the wall

The last tenth of the text is held out. Seconds are of training alone, but for the budgets.
"""

import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from table import publish

from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.settings.config import Config
from fastrnn.settings.presets import preset
from fastrnn.training.loop import Run

TIMES = (2.0, 9.0, 29.0, 88.0)
BUDGETS = (3, 10, 30, 90)  # seconds of a whole process
RUNS = 3  # of each
STARTUP = 1.2  # of them, before training and for the last validation
MARKERS = '<!-- quality: made by bench/presets.py -->', '<!-- end of quality -->'
NEIGHBOURS: tuple[dict[str, Any], ...] = (
    {},
    {'hidden_size': 128},
    {'hidden_size': 256},
    {'hidden_size': 192},
    {'hidden_size': 384},
    {'streams': 8},
    {'streams': 32},
    {'seq_length': 16},
    {'seq_length': 64},
    {'learning_rate': 3e-3},
    {'learning_rate': 8e-3},
    {'init': 'gist'},
    {'schedule': 'step'},
    {'weight_decay': 0.0},
    {'optimizer': 'adagrad', 'learning_rate': 0.05, 'weight_decay': 0.0},
    {'clip_norm': 5.0},
)


def held_out(corpus: Corpus) -> tuple[Corpus, Any]:
    """The text without its last tenth, and that."""
    kept, last = corpus.split(0.1)
    return replace(corpus, ids=kept), last


def result(corpus: Corpus, config: Config) -> tuple[float, float, float]:
    """Held-out bits per character at the end, epochs, characters per second."""
    text, last = held_out(corpus)
    *_, end = Run(text, config, validation=last)
    assert end.validation is not None
    return end.validation, end.epoch, end.characters / end.seconds


def table(corpus: Corpus, times: list[float]) -> None:
    print('| seconds | preset fast, but | held-out bits per character | epochs | characters/s |')
    print('|---|---|---|---|---|')
    for seconds in times:
        for change in NEIGHBOURS:
            bits, epochs, speed = result(corpus, preset('fast', time=seconds, seed=0, sample_length=0, **change))
            name = ', '.join(f'{key} {value}' for key, value in change.items()) or '**as it is**'
            print(f'| {seconds:g} | {name} | {bits:.3f} | {epochs:.1f} | {speed:,.0f} |', flush=True)


def race(corpus: Corpus) -> None:
    """The reference for 60 s; then the shortest run of the preset that is as good on the held-out text."""
    goal, epochs, _ = result(corpus, preset('reference', engine='reference', time=60.0, seed=0, sample_length=0))
    print(f'reference after 60 s: {goal:.3f} bits per character ({epochs:.2f} epochs)')
    for seconds in (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0):
        start = time.perf_counter()
        bits, _, _ = result(corpus, preset('fast', time=seconds, seed=0, sample_length=0))
        print(f'preset fast after {seconds:g} s: {bits:.3f} ({time.perf_counter() - start:.2f} s with validation)')
        if bits <= goal:
            print(f'{60 / seconds:.0f} times sooner')
            return


def whole_process(path: str, budget: float) -> tuple[float, float, float]:
    """Held-out bits per character, epochs, and seconds by the clock of one ``fastrnn train``."""
    options = ['--preset', 'fast', '--validation', '0.1', '--time', f'{budget - STARTUP}s', '--seed', '0']
    command = [sys.executable, '-m', 'fastrnn', 'train', path, *options]
    start = time.perf_counter()
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wall = time.perf_counter() - start
    epochs, bits = re.findall(r'epoch ([\d.]+).*val ([\d.]+)', printed)[-1]
    return float(bits), float(epochs), wall


def budgets(path: str) -> str:
    """A table of whole processes, from a warm cache: the median run of each budget, and the range."""
    lines = ['| whole process | H | held-out bits per character | range | epochs |', '|---|---|---|---|---|']
    whole_process(path, 1.5)  # compiles, if need be
    for budget in BUDGETS:
        runs = sorted(whole_process(path, budget) for _ in range(RUNS))
        bits, epochs, wall = runs[RUNS // 2]
        H = preset('fast', time=budget - STARTUP).hidden_size
        lines.append(f'| {wall:.1f} s | {H} | **{bits:.3f}** | {runs[0][0]:.3f} to {runs[-1][0]:.3f} | {epochs:.1f} |')
        print(lines[-1], file=sys.stderr, flush=True)
    return '\n'.join(lines)


def main() -> None:
    if '--budgets' in sys.argv:
        publish(MARKERS, budgets(sys.argv[1]), sys.argv[3] if len(sys.argv) > 3 else None)
        return
    corpus = open_corpus(Path(sys.argv[1]))
    if sys.argv[2:] == ['--race']:
        race(corpus)
    else:
        table(corpus, [float(value) for value in sys.argv[2:]] or list(TIMES))


if __name__ == '__main__':
    main()
