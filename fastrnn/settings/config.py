"""What a run is to do: frozen, and validated once."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from .abilities import ABILITIES, SPECIAL, Abilities, engines_with
from .checks import as_choice, check_below, check_earlier, check_integer, check_number, check_plan
from .parsing import parse_seconds

MAX_SEED = 2**32 - 1
MAX_RATE = 1e6  # beyond it a single step can overflow
CHOICES = {
    'engine': tuple(ABILITIES),
    'cell': ('rnn', 'gru', 'lstm'),
    'dtype': ('float32', 'float64'),
    'optimizer': ('adagrad', 'adam'),
    'schedule': ('constant', 'step', 'cosine', 'linear', 'wsd'),
    'init': ('gist', 'scaled'),
}

EARLIER = {'engine': {'fast': 'batched'}}  # names of choices before 0.2


@dataclass(frozen=True)
class Config:
    """A run; the defaults are the gist's.

    Raises ValueError, in one line, for a value that no run can have.
    """

    hidden_size: int = 100  # H
    seq_length: int = 25  # T, steps of truncated BPTT
    learning_rate: float = 1e-1
    seed: int | None = None  # of NumPy's legacy generator; None: another run each time
    iterations: int | None = None  # end of the run; also epochs, time; none of them: until stopped
    sample_every: int = 100  # iterations between samples
    sample_length: int = 200  # characters of a sample
    print_every: int | None = None  # iterations between reports; None: 100, of the batched engine see intervals.py
    engine: str = 'exact'
    threads: int | None = None  # None: as many as pay; the bits do not depend on it
    validate_every: int | None = None  # iterations between validations; None: see intervals.py
    validate_part: int | None = None  # held-out characters that validations before the end read; None: all of them
    save_every: int | None = None  # iterations between checkpoints, where a run is kept; None: see intervals.py
    patience: int | None = None  # validations in a row, worse than the best, that end a run; see training/patience.py
    # what not every engine takes (see abilities.py), and other ends
    streams: int = 1  # B, parts of the text that are trained on together
    shards: int | None = None  # equal groups of streams, which processes share; None: as many as there are processes
    dtype: str = 'float64'
    optimizer: str = 'adagrad'
    schedule: str = 'constant'  # of the learning rate, over the run
    warmup: float = 0.0  # share of the run in which the learning rate rises from 0
    clip: float = 5.0  # elementwise, as in the gist
    clip_norm: float | None = None  # global norm, instead
    weight_decay: float = 0.0  # decoupled, of Adam
    input_rate: float = 1.0  # learning rate of Wxh, times learning_rate; its weight decay stays
    hidden_decay: float = 1.0  # weight decay of Wih and Whh, times weight_decay
    init: str = 'gist'
    cell: str = 'rnn'
    layers: int = 1  # L
    dropout: float = 0.0  # share of what each layer hands up, to the next or to the output layer, that is set to 0
    epochs: float | None = None
    time: float | None = None  # seconds of training; '90s', '5m' and the like are read
    # the schedule, where it is not the run's: iteration and seconds of its begin, iterations and seconds of its end
    planned: tuple[int, float, int | None, float | None] | None = None
    earlier: tuple[tuple[str, int, float, int | None, float | None], ...] = ()  # schedules before it: name, and plan
    fit: tuple[str, ...] = ()  # fields whose values the text, the time and the machine decide; see training/fitting.py

    def __post_init__(self) -> None:
        if isinstance(self.time, str):
            object.__setattr__(self, 'time', parse_seconds(self.time))
        for name, (low, high) in INTEGERS.items():
            self._take(name, check_integer, low, high)
        for name, limit in NUMBERS.items():
            self._take(name, check_number, limit)
        if self.planned is not None:
            object.__setattr__(self, 'planned', check_plan('planned', self.planned))
        object.__setattr__(self, 'earlier', check_earlier(self.earlier, CHOICES['schedule']))
        object.__setattr__(self, 'fit', check_fit(self.fit))
        for name in ('weight_decay', 'hidden_decay'):
            self._take(name, check_below, 100, 'a number')
        self._take('warmup', check_below, 1, 'a share of the run,')
        self._take('dropout', check_below, 1, 'a share of the hidden units,')
        for name in CHOICES:
            object.__setattr__(self, name, choice_of(name, getattr(self, name)))
        self._check_options()
        if self.endless and (self.schedule != 'constant' or self.warmup):
            raise ValueError(f'a {self.schedule} schedule needs an end: give --time, --epochs or --iterations')

    def _take(self, name: str, check: Callable[..., Any], *bounds: Any) -> None:
        """Check a field, and keep it as Python's own number."""
        if getattr(self, name) is not None or name in REQUIRED:
            object.__setattr__(self, name, check(name, getattr(self, name), *bounds))

    def _check_options(self) -> None:
        """Raise ValueError for an option that the engine does not take."""
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if name in SPECIAL - self.abilities.options and value != field.default:
                raise ValueError(
                    f'{name} is {value}, but engine {self.engine} trains as the gist does ({name} {field.default}): '
                    f'add --engine {" or ".join(engines_with(name))}, or --preset fast'
                )

    @property
    def abilities(self) -> Abilities:
        """What the engine does."""
        return ABILITIES[self.engine]

    @property
    def endless(self) -> bool:
        return self.iterations is None and self.epochs is None and self.time is None

    def check_text(self, characters: int, vocabulary: int, held_out: int = 0) -> None:
        """Raise ValueError where a text of so many characters, so many distinct, can't be trained on.

        held_out: characters of the same text that are kept back for validation.
        """
        T, B = self.seq_length, self.streams
        if vocabulary < 2 and characters > 1:
            raise ValueError(
                'the text has one distinct character, so there is nothing to predict: take a text with two or more'
            )
        if characters // B < T + 2:
            raise self._too_short(characters, held_out)

    def _too_short(self, characters: int, held_out: int) -> ValueError:
        T, B = self.seq_length, self.streams
        there, cures = f'{characters:,} characters', ['a longer text']
        if held_out:
            there += f' beside the {held_out:,} that are held out for validation'
            cures.append('a smaller --validation')
        for what, most in (('fewer --streams', characters // (T + 2)), ('a smaller --seq-length', characters // B - 2)):
            if most > 0:
                cures.append(f'{what} ({most:,} would do)')
        return ValueError(
            f'the text has {there}, but a seq_length of {T} needs at least {(T + 2) * B:,}'
            f'{f" for {B:,} streams" if B > 1 else ""}: take {" or ".join(cures)}'
        )


# from and to, of whole numbers; and the largest, of numbers above 0
INTEGERS: dict[str, tuple[int, int | None]] = {
    'hidden_size': (1, None),
    'layers': (1, 8),
    'seq_length': (1, None),
    'sample_every': (1, None),
    'streams': (1, None),
    'shards': (1, None),
    'sample_length': (0, None),
    'iterations': (0, None),
    'threads': (1, 1024),
    'seed': (0, MAX_SEED),
    'print_every': (1, None),
    'validate_every': (1, None),
    'validate_part': (1, None),
    'save_every': (1, None),
    'patience': (1, None),
}
NUMBERS = {
    'learning_rate': MAX_RATE,
    'clip': math.inf,
    'input_rate': MAX_RATE,
    'clip_norm': MAX_RATE * 1e3,
    'epochs': MAX_RATE * 1e3,
    'time': MAX_RATE * 1e3,
}
# that a preset may leave open
OPEN = ('cell', 'layers', 'hidden_size', 'seq_length', 'streams', 'learning_rate', 'dropout', 'epochs')
REQUIRED = {field.name for field in fields(Config) if field.default is not None}  # None is no value of theirs


def check_choice(name: str, value: Any) -> None:
    """Raise ValueError where the value is none of the field's, to the letter, as files have it."""
    if value not in CHOICES[name]:
        raise _no_choice(name, value)


def choice_of(name: str, value: Any) -> str:
    """That of the field's values which a caller means, in small or capital letters, or by an earlier name.

    Raises ValueError for others.
    """
    earlier = EARLIER.get(name, {})
    choice = as_choice(value, [*CHOICES[name], *earlier])
    choice = earlier.get(choice or '', choice)
    if choice is None:
        raise _no_choice(name, value)
    return choice


def _no_choice(name: str, value: Any) -> ValueError:
    return ValueError(f'{name} is {value!r}; it must be one of {", ".join(CHOICES[name])}')


def check_fit(names: Any) -> tuple[str, ...]:
    """The names of fields that are open; 0.1.0 wrote 'nothing' where none is."""
    if names == 'nothing':
        return ()
    if not isinstance(names, list | tuple) or any(name not in OPEN for name in names):
        raise ValueError(f'fit is {names!r}; it must be names of {", ".join(OPEN)}')
    return tuple(names)


def windows(characters: int, T: int) -> int:
    """How many windows of T steps one pass over a stream of so many characters has."""
    return max(1, -(-(characters - T - 1) // T))


def bits_per_character(nats: float, characters: int) -> float:
    """Bits per character of a loss in nats that is summed over ``characters``."""
    return nats / (characters * math.log(2))
