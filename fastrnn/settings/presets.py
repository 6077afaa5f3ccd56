"""Presets, and the configuration that options make, of a preset or none."""

import math
from collections.abc import Collection
from dataclasses import fields
from typing import Any

from .checks import as_number, check_integer
from .config import Config
from .naming import check_names
from .parsing import parse_seconds

# What gave the lowest held-out bits per character for the time: bench/presets.py
PRESETS: dict[str, dict[str, Any]] = {
    'reference': {},
    'fast': {
        'engine': 'fast',
        'seq_length': 32,
        'streams': 16,
        'dtype': 'float32',
        'optimizer': 'adam',
        'schedule': 'cosine',
        'warmup': 0.02,
        'clip_norm': 1.0,
        'weight_decay': 0.03,
        'init': 'scaled',
        'patience': 20,
    },
}
FAST_SECONDS = 60.0  # where no end is given
FAST_SIZES = ((6.0, 128), (15.0, 192), (150.0, 256), (600.0, 384), (math.inf, 512))  # H by seconds of training


def preset(name: str, **options: Any) -> Config:
    """The configuration of a preset, with those options that are not None in place of its own.

    ``fast`` trains for 60 s unless told otherwise, with an H that suits the time, at a learning rate of 1/H. Unless
    streams are given, a run on a text that is too short for 16 of them has fewer, and a window that fits.
    """
    if name not in PRESETS:
        raise ValueError(f'preset is {name!r}; it must be one of {", ".join(PRESETS)}')
    check_names(options, {field.name for field in fields(Config)})
    given = {key: value for key, value in options.items() if value is not None}
    if isinstance(given.get('time'), str):
        given['time'] = parse_seconds(given['time'])
    chosen = {**PRESETS[name], **given}
    if name == 'fast' and chosen['engine'] == PRESETS[name]['engine']:
        if not {'time', 'epochs', 'iterations'} & set(given):
            chosen['time'] = FAST_SECONDS
        if 'streams' not in given:
            chosen.setdefault('fit', 'streams' if 'seq_length' in given else 'both')
        seconds = as_number(chosen.get('time')) or FAST_SECONDS
        by_time = next((H for limit, H in FAST_SIZES if seconds <= limit), FAST_SIZES[-1][1])
        H = check_integer('hidden_size', chosen.setdefault('hidden_size', by_time), 1)
        chosen.setdefault('learning_rate', 1 / H)
    return Config(**chosen)


def make_config(
    config: Config | None, options: dict[str, Any], *, name: str | None = None, also: Collection[str] = ()
) -> Config:
    """A configuration, or what options, and a preset by ``name``, say in place of one.

    Raises ValueError where both are given, and for options that there are not; ``also``: those of the caller.
    """
    check_names(options, {field.name for field in fields(Config)} | set(also))
    if config is None:
        return Config(**options) if name is None else preset(name, **options)
    if not isinstance(config, Config):
        raise ValueError(f'config is {config!r}; pass a fastrnn.Config, or the name of a preset as preset=...')
    given = [*options, *(['preset'] if name is not None else [])]
    if given:
        raise ValueError(f'give config or options, not both: {", ".join(given)}')
    return config
