"""Schedules, optimizers, averages of weights and windows that grow: held-out bits per character after as many epochs.

    python bench/tries.py TEXT RESULTS [--size short] [--seeds 0 1 2] [GROUP ...]

prints a table of markdown, and keeps each result in the file RESULTS as it comes: the same command goes on where it
was interrupted. The last tenth of the text is held out. Characters are counted, not seconds, and all is done by one
thread: a busy machine will do. Only the last column is a time, of the processor: the optimizer's step in NumPy, in
hundredths of the rest of an iteration. A row is of all seeds that are kept; ``--seeds`` with none prints what there is.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from store import Store
from threadpoolctl import threadpool_limits
from tries_list import GROUPS, SETTINGS, SIZES, Try
from tries_matrices import Muon, Soap
from tries_optimizers import Adam, AdEMAMix, Cautious, Lion, NAdam, Optimizer, ScheduleFree

from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.data.stored import Ids
from fastrnn.engines.batched import BatchedEngine
from fastrnn.inference.evaluate import slices
from fastrnn.kernels.batched.dropout import make_dropout
from fastrnn.kernels.batched.packing import pack_weights
from fastrnn.kernels.team import alone
from fastrnn.model.architecture import Architecture
from fastrnn.model.params import Params
from fastrnn.settings.config import Config, bits_per_character
from fastrnn.training.schedule import Horizon

OPTIMIZERS = {kind.__name__: kind for kind in (Adam, AdEMAMix, Cautious, Lion, Muon, NAdam, ScheduleFree, Soap)}
MOST_SEEDS = 10
BLOCK = 10  # iterations between two changes of the averages
AVERAGES = {'EMA 0.99': 0.99, 'EMA 0.999': 0.999, 'mean of the last 10 %': 0.1, 'mean of the last 20 %': 0.2}


class Training:
    """A run of one try, stage by stage."""

    def __init__(self, text: Ids, V: int, attempt: Try, options: dict[str, Any]) -> None:
        self.text, self.V, self.attempt = text, V, attempt
        self.config = Config(**SETTINGS | options | attempt.config, learning_rate=attempt.rate / options['hidden_size'])
        self.total = self.config.epochs * text.size if self.config.epochs else 0.0  # characters
        self.done, self.steps, self.seconds = 0.0, 0, [0.0, 0.0]  # of the engine, of the optimizer
        self.horizon = Horizon(replace(self.config, iterations=round(self.total), epochs=None), text.size)
        self.averages: dict[str, Any] = {}
        self.optimizer: Optimizer | None = None
        if attempt.optimizer:
            settings = dict(attempt.settings)
            if attempt.optimizer == 'AdEMAMix':
                settings['steps'] = round(self.total / (self.config.streams * self.config.seq_length))
            architecture = Architecture.of(self.config, V)
            self.optimizer = OPTIMIZERS[attempt.optimizer](architecture, self.config.weight_decay, **settings)

    def run(self) -> Params:
        """All of it; returns the weights."""
        engine: BatchedEngine | None = None
        for until, changes in (*self.attempt.stages, (1.0, {})):
            before, engine = engine, self.engine(replace(self.config, **changes))
            if before is not None:
                hand_over(before, engine)
            while self.done < until * self.total - 1:
                self.block(engine, until * self.total)
        assert engine is not None
        if self.optimizer is not None:
            engine.params.flat[:] = self.optimizer.averaged(engine.params.flat)
        return engine.params

    def engine(self, config: Config) -> BatchedEngine:
        if self.optimizer is not None:  # at a rate of 0 it computes gradients, and no more
            config = replace(config, optimizer='adagrad', weight_decay=0.0)
        engine = BatchedEngine(config, self.text, self.V)
        if self.attempt.adam:
            kind = engine.params.flat.dtype.type
            changes = {name: kind(value) for name, value in self.attempt.adam.items()}
            engine.optimizer = engine.optimizer._replace(**changes)
        return engine

    def block(self, engine: BatchedEngine, until: float) -> None:
        """Some iterations, and what goes on between them; ``until`` so many characters."""
        step = engine.work.inputs.size
        count = 1 if self.optimizer is not None else BLOCK
        count = max(1, min(count, round((until - self.done) / step)))
        rates = np.concatenate([self.horizon.rates(round(self.done + k * step), 1, 0.0, 0.0) for k in range(count)])
        if self.attempt.dropout:
            start, end = self.attempt.dropout
            p = start + (end - start) * self.done / self.total
            engine.dropout = make_dropout(p, engine.dropout.seed, engine.params.flat.dtype.type)
        start = time.process_time()
        engine.run(count, rates if self.optimizer is None else np.zeros(1))
        self.seconds[0] += time.process_time() - start
        if self.optimizer is not None:
            self.move(engine, float(rates[0]))
        self.done += count * step
        if self.attempt.averaged:
            self.average(engine.params.flat, count)

    def move(self, engine: BatchedEngine, rate: float) -> None:
        """The optimizer's step, on the clipped gradient."""
        g, W, limit = engine.grads.flat, engine.params.flat, self.config.clip_norm
        start = time.process_time()
        norm = np.linalg.norm(g)
        if limit is not None and norm > limit:
            g *= np.float32(limit / norm)
        self.steps += 1
        assert self.optimizer is not None
        self.optimizer.step(W, g, rate, self.steps)
        self.seconds[1] += time.process_time() - start
        pack_weights(alone(), engine.cell, engine.weights, engine.packed)

    def average(self, W: Any, count: int) -> None:
        for name, value in AVERAGES.items():
            if name not in self.averages:
                self.averages[name] = [0, np.zeros(W.size)]
            entry = self.averages[name]
            if name.startswith('mean') and self.done < (1 - value) * self.total:
                continue
            entry[0] += 1  # the first ones of an EMA weigh alike, too
            share = 1 / entry[0] if name.startswith('mean') else max(1 - value**count, 1 / entry[0])
            entry[1] += share * (W - entry[1])


def hand_over(before: BatchedEngine, after: BatchedEngine) -> None:
    """Weights, moments and steps; where both have as many streams, their states and place in the text, too."""
    old, new = before.state(), after.state()
    if old.hidden.shape == new.hidden.shape:
        after.restore(old)
    else:
        after.restore(replace(old, hidden=new.hidden, position=new.position))


def measured(params: Params, held_out: Ids) -> float:
    """Bits per character, by one thread."""
    nats = sum(float(values.sum()) for _, values in slices(params, held_out, threads=1))
    return bits_per_character(nats, held_out.size - 1)


def result(corpus: Corpus, attempt: Try, options: dict[str, Any]) -> dict[str, Any]:
    """What is kept of one run."""
    text, held_out = corpus.split(0.1)
    training = Training(text, len(corpus.chars), attempt, options)
    params = training.run()
    found = {'bits': measured(params, held_out), 'epochs': training.done / text.size}
    for name, (_, flat) in training.averages.items():
        found[name] = measured(Params.over(params.architecture, flat.astype(np.float32)), held_out)
    if attempt.optimizer:
        found['cost'] = training.seconds[1] / training.seconds[0]
    return found


def rows(corpus: Corpus, store: Store, attempt: Try, size: str, seeds: list[int]) -> Iterator[str]:
    """Of the table: the try, and one of each average that it was asked for; over these seeds and what else is kept."""
    found = []
    for seed in range(MOST_SEEDS):
        options = {**SIZES[size], 'seed': seed, 'threads': 1, 'sample_length': 0}
        what = {name: value for name, value in asdict(attempt).items() if value and name != 'name'}
        key = json.dumps({'characters': corpus.ids.size, **options, **what}, sort_keys=True)
        if seed in seeds or key in store:
            found.append(store.get(key, partial(result, corpus, attempt, options)))
    if not found:
        return
    cost = f'{100 * statistics.median(run["cost"] for run in found):.0f} %' if 'cost' in found[0] else ''
    for kind in ('bits', *(name for name in AVERAGES if name in found[0])):
        bits = [run[kind] for run in found]
        name = attempt.name if kind == 'bits' else f'{attempt.name}, {kind}'
        spread = f'{min(bits):.4f} to {max(bits):.4f}' if len(bits) > 1 else ''
        yield f'| {name} | {statistics.mean(bits):.4f} | {len(bits)} | {spread} | {found[0]["epochs"]:.1f} | {cost} |'


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('text', type=Path)
    parser.add_argument('results', type=Path)
    parser.add_argument('groups', nargs='*', default=list(GROUPS), metavar='GROUP', help=', '.join(GROUPS))
    parser.add_argument('--size', default='short', choices=SIZES)
    parser.add_argument('--seeds', type=int, nargs='*', default=[0], choices=range(MOST_SEEDS))
    given = parser.parse_intermixed_args()
    corpus, store = open_corpus(given.text), Store(given.results)
    print('| try | held-out bits per character | seeds | range | epochs | step |')
    print('|---|---|---|---|---|---|')
    with threadpool_limits(1):
        for group in given.groups:
            for attempt in GROUPS[group]:
                for row in rows(corpus, store, attempt, given.size, given.seeds):
                    print(row, flush=True)


if __name__ == '__main__':
    main()
