"""Presets: the values that differ from the gist's, and the options that text, time and machine decide."""

from collections.abc import Mapping
from typing import Any

from .options import Option, Settings

# values with the lowest held-out bits per character for the time: bench/presets.md
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
        'warmup': 0.1,  # without it, an LSTM's first steps at 5/H are too large and can cost half of the run
        'clip_norm': 1.0,
        'weight_decay': 0.03,
        'input_rate': 2.0,
        'hidden_decay': 2.0,
        'init': 'scaled',
        'patience': 10,
        'time': 60.0,  # if no end is given
    },
}
# options that text, time and machine decide (decision/ladder.py) if they are not given; values above are initial ones
OPEN = {
    'fast': (
        'cell',
        'layers',
        'hidden_size',
        'seq_length',
        'streams',
        'learning_rate',
        'dropout',
        'epochs',
        'shuffle',
        'ngrams',
        'ngram_rows',
        'ngram_rate',
    )
}
# Adam's rate without the preset, as in char-rnn. tanh of 100 on Shakespeare: 3.39 bits; 9.1 with the gist's 0.1
ADAM_RATE = 0.002


def filled(preset: str, asked: Mapping[str, Any]) -> tuple[Settings, tuple[str, ...]]:
    """Settings from ``asked``, then the preset, then the gist; and the names of options that are still open.

    Raises ValueError for options that contradict each other.
    """
    own = PRESETS[preset]
    chosen = {**own, **asked}
    engine = chosen.get('engine', 'exact')
    left = OPEN.get(preset, ()) if engine == own.get('engine') else ()
    if 'streams' in own and not Settings(engine=engine).takes('streams'):
        other = f'engine {engine} trains one, as the gist does'
        raise ValueError(f'the preset {preset} trains many streams, but {other}: leave out --engine or --preset')
    if 'clip' in asked and 'clip_norm' not in asked:
        chosen.pop('clip_norm', None)  # else it replaces clip
    ended = 'epochs' in asked or 'iterations' in asked
    if ended and 'time' not in asked:
        chosen.pop('time', None)
    _fit_optimizer(chosen, asked)
    return Settings(**chosen), tuple(name for name in left if name not in asked and not (name == 'epochs' and ended))


def in_words(row: Option) -> str:
    """The value of an option that is not given, and its engines, such as '100; fast: by time and text'."""
    fast = fast_in_words(row)
    parts = [
        row.required and not row.positional and 'required',
        row.shown(row.default),
        row.otherwise,
        fast and f'fast: {fast}',
        row.engines and f'{" or ".join(row.engines)} only',
        row.kept and 'with --out',
    ]
    return '; '.join(part for part in parts if part)


def fast_in_words(row: Option) -> str:
    """The value that the preset fast uses; '' if it uses the default."""
    return row.fast or row.shown(PRESETS['fast'].get(row.name))


def _fit_optimizer(chosen: dict[str, Any], asked: Mapping[str, Any]) -> None:
    """With Adam, set its learning rate if none is given (the gist's diverges). Else remove options of Adam.

    Raises ValueError if one of these was asked for.
    """
    if chosen.get('optimizer') == 'adam':
        chosen.setdefault('learning_rate', ADAM_RATE)
        return
    for name, nothing in (('weight_decay', 0.0), ('hidden_decay', 1.0)):
        if chosen.get(name, nothing) == nothing:
            continue
        if name in asked:
            Settings(**chosen)  # raises ValueError for a more serious error
            raise ValueError(f'{name} needs the optimizer adam: add --optimizer adam, or leave it out')
        del chosen[name]
