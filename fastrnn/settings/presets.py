"""Presets: what each says in place of the gist's values, and what it leaves to text, time and machine."""

from collections.abc import Mapping
from typing import Any

from .options import Option, Settings

# What gave the lowest held-out bits per character for the time: bench/presets.md
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
        'time': 60.0,  # where no end is given
    },
}
# what text, time and machine decide (see decision/ladder.py) where it is not asked for; the values above only begin
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
    """What was asked for, the rest as the preset says, or the gist; and names of what is still open.

    Raises ValueError for what does not go together.
    """
    own = PRESETS[preset]
    chosen = {**own, **asked}
    engine = chosen.get('engine', 'exact')
    left = OPEN.get(preset, ()) if engine == own.get('engine') else ()
    if 'streams' in own and not Settings(engine=engine).takes('streams'):
        other = f'engine {engine} trains as the gist does'
        raise ValueError(f'the preset {preset} trains many streams, but {other}: leave out --engine or --preset')
    if 'clip' in asked and 'clip_norm' not in asked:
        chosen.pop('clip_norm', None)  # which would take its place
    ended = 'epochs' in asked or 'iterations' in asked
    if ended and 'time' not in asked:
        chosen.pop('time', None)
    _fit_optimizer(chosen, asked)
    return Settings(**chosen), tuple(name for name in left if name not in asked and not (name == 'epochs' and ended))


def in_words(row: Option) -> str:
    """What holds where an option is not given, and who takes it: '100; fast: by time and text'."""
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
    """What the preset fast takes; '' where it takes the default."""
    return row.fast or row.shown(PRESETS['fast'].get(row.name))


def _fit_optimizer(chosen: dict[str, Any], asked: Mapping[str, Any]) -> None:
    """Leave out what is Adam's alone; with Adam, its learning rate if nobody gave one: the gist's diverges."""
    if chosen.get('optimizer') == 'adam':
        chosen.setdefault('learning_rate', ADAM_RATE)
        return
    for name, nothing in (('weight_decay', 0.0), ('hidden_decay', 1.0)):
        if chosen.get(name, nothing) == nothing:
            continue
        if name in asked:
            Settings(**chosen)  # raises ValueError for a worse fault
            raise ValueError(f'{name} is for the optimizer adam: choose that, or leave it out')
        del chosen[name]
