"""How the initial weights of each cell were chosen: held-out bits per character along a run, for several choices.

    python bench/inits.py TEXT        prints the curves, one per line

The last tenth of the text is held out. Runs are measured by iterations, so the machine may be busy.
"""

import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from presets import split

from fastrnn.data.corpus import open_corpus
from fastrnn.model.architecture import Architecture
from fastrnn.model.init import INITS, normal
from fastrnn.model.model import Model
from fastrnn.model.params import Params
from fastrnn.settings.config import preset
from fastrnn.training.train import train

EPOCHS = (0.25, 0.5, 1.0, 2.0, 4.0)
SEEDS = (0, 1, 2)
H = 128

Init = Callable[[Architecture, np.random.RandomState], Params]


def forget_bias(value: float) -> Init:
    def init(architecture: Architecture, rng: np.random.RandomState) -> Params:
        params = INITS['scaled'](architecture, rng)
        params.bh[:, H : 2 * H] = value
        return params

    return init


def normal_recurrence(architecture: Architecture, rng: np.random.RandomState) -> Params:
    params = INITS['scaled'](architecture, rng)
    params.Whh[...] = normal(rng, params.Whh.shape) / np.sqrt(H)
    return params


def uniform(architecture: Architecture, rng: np.random.RandomState) -> Params:
    """As in PyTorch: uniform within 1/sqrt(H)."""
    params = Params(architecture)
    params.flat[:] = rng.uniform(-1, 1, params.flat.size) / np.sqrt(H)
    return params


VARIANTS: dict[str, dict[str, Init]] = {
    cell: {
        '**scaled**': INITS['scaled'],
        **({f'scaled, forget bias {value:g}': forget_bias(value) for value in (1.0, -1.0)} if cell == 'lstm' else {}),
        'scaled, Whh normal': normal_recurrence,
        "uniform, as PyTorch's": uniform,
        'gist': INITS['gist'],
    }
    for cell in ('rnn', 'gru', 'lstm')
}


def curve(path: Path, cell: str, init: Init, seed: int) -> list[float]:
    """Held-out bits per character after EPOCHS."""
    text, held_out = split(open_corpus(path))
    settings = {'layers': 1, 'streams': 16, 'seq_length': 32, 'dropout': 0.0, 'learning_rate': 1 / H}
    settings |= {'warmup': 0.02, 'input_rate': 1.0, 'hidden_decay': 1.0}
    config = preset('fast', cell=cell, hidden_size=H, seed=seed, sample_length=0, schedule='cosine', **settings)
    every = round(EPOCHS[0] * text.ids.size / (config.streams * config.seq_length))
    config = replace(config, iterations=every * round(EPOCHS[-1] / EPOCHS[0]), validate_every=every)
    weights = init(Architecture(cell, 1, H, len(text.chars)), np.random.RandomState(seed)).astype('float32')
    begun = Model(weights, text.chars)
    found = [record.validation for record in train(text, config, validation=held_out, weights=begun)]
    bits = [value for value in found if value is not None]
    return [bits[round(epochs / EPOCHS[0]) - 1] for epochs in EPOCHS]


def main() -> None:
    path = Path(sys.argv[1])
    print(f'| cell, H = {H} | first weights | {" | ".join(f"{epochs:g} epochs" for epochs in EPOCHS)} |')
    print('|---' * (2 + len(EPOCHS)) + '|')
    for cell, variants in VARIANTS.items():
        for name, init in variants.items():
            curves = [curve(path, cell, init, seed) for seed in SEEDS]
            medians = (f'{statistics.median(values):.3f}' for values in zip(*curves, strict=True))
            print(f'| {cell} | {name} | {" | ".join(medians)} |', flush=True)


if __name__ == '__main__':
    main()
