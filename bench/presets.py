"""How the preset ``fast`` was chosen: held-out bits per character of models and settings after the same time.

    python bench/presets.py TEXT STORE [--seconds 2,9,29,88]            models, and changes of one setting
    python bench/presets.py TEXT STORE --seconds 29 layers=2,hidden_size=192,dropout=0.1 ...   only these changes
    python bench/presets.py TEXT STORE --short        the preset on the first 1,500, 15,000 and 150,000 characters
    python bench/presets.py TEXT STORE --batches 4e6 [layers=1,hidden_size=256 ...]
                                                      16 to 128 streams that read this many characters

The last tenth of the text is held out. First the speed of each candidate is measured, with nothing else running. Then
each trains on the characters that it would read in the time, two at once with a thread each. That halves the time, and
the bits do not depend on it. Results are saved in the file STORE: an interrupted start resumes; use a new file after
changes of the preset. The default times take about 25 minutes.
"""

import argparse
import multiprocessing
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from store import Store

from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.decision.machine import Machine
from fastrnn.decision.resolve import resolve
from fastrnn.decision.text import Text
from fastrnn.inference.evaluate import order2
from fastrnn.settings.config import Config, preset
from fastrnn.training.train import train

TIMES = (2.0, 9.0, 29.0, 88.0)
LONG = 60.0  # seconds; for longer runs, changes take too long
SHORT = (1_500, 15_000, 150_000)  # characters
BATCHES = {32: (1.0, 1.41), 64: (1.0, 1.41, 2.0), 128: (1.41, 2.0, 2.83)}  # rates by B, relative to the preset's
ALIKE = {'seq_length': 32, 'dropout': 0.0, 'shuffle': 0, 'ngrams': 0, 'seed': 0, 'threads': 1, 'sample_length': 0}
SIXTEEN = (0.375, 0.5, 0.625, 0.75, 1.0, 1.5)  # shares of the characters, for 16 streams
MODELS: dict[float, tuple[tuple[str, int, int], ...]] = {  # by minimum seconds
    0.0: (('lstm', 1, 96), ('lstm', 1, 128), ('lstm', 1, 192), ('gru', 2, 96), ('lstm', 2, 96), ('rnn', 2, 128)),
    5.0: (('lstm', 1, 192), ('lstm', 1, 256), ('lstm', 1, 320), ('gru', 2, 128), ('lstm', 2, 128), ('lstm', 3, 96)),
    20.0: (('lstm', 1, 256), ('lstm', 1, 320), ('gru', 2, 192), ('lstm', 2, 192), ('lstm', 2, 256), ('lstm', 1, 384)),
    60.0: (('lstm', 1, 384), ('lstm', 2, 192), ('gru', 2, 256), ('lstm', 2, 256), ('lstm', 2, 320), ('lstm', 3, 192)),
}
CHANGES: tuple[dict[str, Any], ...] = (
    {'dropout': 0.0},
    {'dropout': 0.1},
    {'dropout': 0.2},
    {'seq_length': 32},
    {'seq_length': 64},
    {'streams': 8},
    {'streams': 32},
    {'weight_decay': 0.0},
    {'weight_decay': 0.1},
    {'input_rate': 1.0},
    {'hidden_decay': 1.0},
    {'learning_rate': 0.7},  # relative to the preset's
    {'learning_rate': 1.5},
    {'init': 'gist'},
    {'clip_norm': 5.0},
)


def split(corpus: Corpus) -> tuple[Corpus, Any]:
    """The text without its last tenth, and the last tenth."""
    kept, last = corpus.split(0.1)
    return replace(corpus, ids=kept), last


def neighbours(corpus: Corpus, seconds: float) -> dict[str, dict[str, Any]]:
    """Options for the preset, by name: none, models, and changes of one of its settings."""
    models = next(models for least, models in sorted(MODELS.items(), reverse=True) if seconds >= least)
    given: dict[str, dict[str, Any]] = {'**as it is**': {}}
    for cell, layers, H in models:
        given[f'{cell} {layers} x {H}'] = {'cell': cell, 'layers': layers, 'hidden_size': H}
    chosen = resolve(preset('fast', time=seconds), Text(corpus))
    for change in CHANGES if seconds < LONG else ():
        if 'learning_rate' in change:
            change = {'learning_rate': chosen.learning_rate * change['learning_rate']}
        if any(getattr(chosen, name) != value for name, value in change.items()):
            given[named(change)] = change
    return given


def named(options: dict[str, Any]) -> str:
    return ', '.join(f'{name} {value if isinstance(value, str) else f"{value:.3g}"}' for name, value in options.items())


def measured(corpus: Corpus, seconds: float, given: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The settings of each candidate, with the iterations that it has time for."""
    found = {}
    for name, options in given.items():
        job = resolve(preset('fast', time=seconds, seed=0, **options), Text(corpus))
        machine = Machine(corpus.ids, job.V)
        machine.measure(job, seconds)
        iterations = int(seconds * machine.speed(job) / (job.streams * job.seq_length))
        asked = {**job.settings, 'iterations': iterations, 'threads': 1, 'sample_length': 0, 'time': None}
        found[name] = {option: value for option, value in asked.items() if value is not None}
    return found


def trained(task: tuple[str, str, Config]) -> tuple[str, dict[str, Any]]:
    """The key of a task, and its result."""
    key, path, config = task
    text, last = split(open_corpus(Path(path)))
    *_, end = train(text, config, validation=last)
    model = f'{config.cell} {config.layers} x {config.hidden_size}'
    return key, {'bits': end.validation, 'epochs': end.epoch, 'characters': end.characters, 'model': model}


def choose(path: str, store: Store, times: list[float], given: dict[str, dict[str, Any]]) -> None:
    corpus, _ = split(open_corpus(Path(path)))
    print('| seconds | preset fast, but | model | held-out bits per character | epochs |')
    print('|---|---|---|---|---|')
    with multiprocessing.get_context('spawn').Pool(2) as pool:
        for seconds in times:
            asked = given or neighbours(corpus, seconds)
            found = store.get(f'{seconds:g} s: {"; ".join(asked)}', partial(measured, corpus, seconds, asked))
            configs = {f'{seconds:g} | {name}': Config(**given) for name, given in found.items()}
            tasks = [(key, path, config) for key, config in configs.items() if key not in store]
            for key, result in pool.imap_unordered(trained, tasks):
                store.add(key, result)
            for key in configs:
                row = store[key]
                print(f'| {key} | {row["model"]} | {row["bits"]:.3f} | {row["epochs"]:.1f} |', flush=True)


def batches(path: str, store: Store, characters: float, models: list[dict[str, Any]]) -> None:
    """The cost of larger batches: their characters, relative to 16 streams with the same bits."""
    corpus, _ = split(open_corpus(Path(path)))
    print('| model | characters | B | rate | held-out bits per character | characters, over those of 16 streams |')
    print('|---|---|---|---|---|---|')
    sixteen = [(16, 1.0, share * characters) for share in SIXTEEN]
    larger = [(B, times, characters) for B, rates in BATCHES.items() for times in rates]
    for model in models or [{'cell': 'lstm', 'layers': 1, 'hidden_size': 256}]:
        tasks = {}
        for B, times, count in sixteen + larger:
            asked = {'streams': B, **ALIKE, **model}
            rate = times * resolve(preset('fast', epochs=count / corpus.ids.size, **asked), Text(corpus)).learning_rate
            config = preset('fast', iterations=round(count / 32 / B), learning_rate=rate, **asked)
            tasks[f'{named(model)} | {count / 1e6:.3g}e6 | {B} | {rate:.3g}'] = path, config
        with multiprocessing.get_context('spawn').Pool(2) as pool:
            missing = [(key, *task) for key, task in tasks.items() if key not in store]
            for key, result in pool.imap_unordered(trained, missing):
                store.add(key, result)
        bits, read = np.array([[store[key]['bits'], store[key]['characters']] for key in tasks]).T
        order = np.argsort(bits[: len(sixteen)])
        needed = np.interp(bits, bits[order], read[order], left=np.nan, right=np.nan)  # with 16 streams
        for key, *row in zip(tasks, bits, read / needed, strict=True):
            print(f'| {key} | {row[0]:.3f} | {row[1]:.2f} |', flush=True)


def short(path: str, store: Store) -> None:
    """The preset's own end on short texts: the best of a run, its end, and an order-2 model."""
    text = Path(path).read_text(encoding='utf-8')
    print('| characters | model | epochs | at the end | best of the run | order-2 model |')
    print('|---|---|---|---|---|---|')
    for size in SHORT:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / 'text'
            place.write_text(text[:size], encoding='utf-8')
            key = f'short {size}'
            if key not in store:
                corpus, last = split(open_corpus(place))
                run = train(corpus, preset('fast', seed=0, sample_length=0), validation=last)
                *_, end = run
                model = f'{run.job.cell} {run.job.layers} x {run.job.hidden_size}'
                bits = {'bits': end.validation, 'best': end.best, 'order2': order2(last)}
                store.add(key, {'model': model, 'epochs': end.epoch, **bits})
        row = store[key]
        numbers = f'{row["epochs"]:.1f} | {row["bits"]:.3f} | {row["best"]:.3f} | {row["order2"]:.3f}'
        print(f'| {size:,} | {row["model"]} | {numbers} |', flush=True)


def options(change: str) -> dict[str, Any]:
    """Options such as layers=2,dropout=0.1."""
    found: dict[str, Any] = {}
    for name, _, value in (pair.partition('=') for pair in change.split(',')):
        found[name] = value if value[:1].isalpha() else float(value) if '.' in value or 'e' in value else int(value)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description='Choose what the preset fast chooses.')
    parser.add_argument('text')
    parser.add_argument('store')
    parser.add_argument('changes', nargs='*', type=options, help='such as layers=2,dropout=0.1')
    parser.add_argument('--seconds', type=lambda given: [float(value) for value in given.split(',')], default=TIMES)
    parser.add_argument('--short', action='store_true')
    parser.add_argument('--batches', metavar='CHARACTERS', type=float, help='characters that larger batches read')
    given = parser.parse_intermixed_args()  # changes may follow --seconds
    if given.short:
        short(given.text, Store(given.store))
    elif given.batches:
        batches(given.text, Store(given.store), given.batches, given.changes)
    else:
        choose(given.text, Store(given.store), given.seconds, {named(change): change for change in given.changes})


if __name__ == '__main__':
    main()
