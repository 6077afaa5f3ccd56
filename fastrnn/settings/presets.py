"""Presets, and the configuration that options make, of a preset or none."""

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from .abilities import ABILITIES
from .checks import as_choice
from .config import CHOICES, OPEN, Config, choice_of
from .file_names import check_names

# What gave the lowest held-out bits per character for the time: bench/presets.md. Of what is open (see `fit`), the
# values here are only where one begins.
PRESETS: dict[str, dict[str, Any]] = {
    'reference': {},
    'fast': {
        'engine': 'batched',
        'cell': 'gru',
        'hidden_size': 128,
        'learning_rate': 1 / 128,
        'seq_length': 32,
        'streams': 16,
        'dtype': 'float32',
        'optimizer': 'adam',
        'schedule': 'cosine',
        'warmup': 0.1,  # an LSTM's first steps at 5/H are too large, and may cost half of the run
        'clip_norm': 1.0,
        'weight_decay': 0.03,
        'input_rate': 2.0,
        'hidden_decay': 2.0,
        'init': 'scaled',
        'patience': 10,
    },
}
FAST_SECONDS = 60.0  # where no end is given
# Adam's rate without the preset, as in char-rnn. tanh of 100 on Shakespeare: 3.39 bits; 9.1 with the gist's 0.1
ADAM_RATE = 0.002


def preset(name: str, **options: Any) -> Config:
    """The configuration of a preset, with those options that are not None in place of its own.

    ``fast`` trains for 60 s unless told otherwise. What it leaves open, named in ``fit``, is decided when there is
    a text (see training/fitting.py): the cell, the layers and their H, streams and windows, the learning rate
    and dropout, and for a short text how many epochs are enough. What is given here stays; what
    ``dataclasses.replace`` gives to the configuration later is still open.

    Raises ValueError for another name and for values that nothing can be done with, TypeError for an option that there
    is not.
    """
    asked, name = name, as_choice(name, PRESETS) or ''
    if not name:
        raise ValueError(f'preset is {asked!r}; it must be one of {", ".join(PRESETS)}')
    check_names(options, {field.name for field in fields(Config)})
    given = {
        key: choice_of(key, value) if key in CHOICES else value for key, value in options.items() if value is not None
    }
    chosen = {**PRESETS[name], **given}
    if 'streams' in PRESETS[name] and 'streams' not in ABILITIES[chosen['engine']].options:
        other = f'engine {chosen["engine"]} trains as the gist does'
        raise ValueError(f'the preset {name} trains many streams, but {other}: leave out --engine or --preset')
    if 'clip' in given and 'clip_norm' not in given:
        chosen['clip_norm'] = None  # which would take its place
    if name == 'fast' and chosen['engine'] == PRESETS[name]['engine']:
        ended = bool({'epochs', 'iterations'} & set(given))
        if not ended and 'time' not in given:
            chosen['time'] = FAST_SECONDS
        chosen.setdefault('fit', tuple(name for name in OPEN if name not in given and not (name == 'epochs' and ended)))
    for name, nothing in (('weight_decay', 0.0), ('hidden_decay', 1.0)):
        if chosen.get('optimizer') != 'adam' and chosen.get(name, nothing) != nothing:
            if name in given:
                Config(**chosen)  # raises ValueError for a worse fault
                raise ValueError(f'{name} is for the optimizer adam: choose that, or leave it out')
            chosen[name] = nothing
    return Config(**_with_rate(chosen))


def _with_rate(options: dict[str, Any]) -> dict[str, Any]:
    """With Adam's learning rate if nobody gave one: at the gist's, which is Adagrad's, it diverges."""
    if options.get('optimizer') != 'adam' or options.get('learning_rate') is not None:
        return options
    return {**options, 'learning_rate': ADAM_RATE}


def make_config(
    config: Config | None, options: dict[str, Any], *, name: str | None = None, also: Collection[str] = ()
) -> Config:
    """A configuration, or what options, and a preset by ``name``, say in place of one.

    Raises ValueError where both are given, and for options that there are not; ``also``: those of the caller.
    """
    check_names(options, {field.name for field in fields(Config)} | set(also))
    if config is None:
        return Config(**_with_rate(options)) if name is None else preset(name, **options)
    if not isinstance(config, Config):
        raise ValueError(f'config is {config!r}; pass a fastrnn.Config, or the name of a preset as preset=...')
    given = [*options, *(['preset'] if name is not None else [])]
    if given:
        raise ValueError(f'give config or options, not both: {", ".join(given)}')
    return config
