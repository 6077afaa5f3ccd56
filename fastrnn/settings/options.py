"""What can be asked for: the one table of options, each stated once.

Checks, keywords of ``fastrnn.train`` and ``start``, the command line with its help, ``docs/options.md`` and "did you
mean" are made of it. The fields of :class:`Settings` are the options that decide a training, ``OTHERS`` the rest.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .abilities import ABILITIES, EARLIER_ENGINES, Abilities
from .kinds import Below, Choice, Flag, Kind, Number, Seconds, Whole, Word

MAX_SEED = 2**32 - 1
MAX_RATE = 1e6  # beyond it a single step can overflow
TEXT, MODEL, TRAINING, REPORTS, SAVING = GROUPS = ('Text', 'Model', 'Training', 'Reports', 'Saving')
# that most people need, in the order of the help
FIRST = ('preset', 'time', 'validation', 'out', 'resume', 'save', 'cell', 'hidden_size', 'layers', 'seed')


@dataclass(frozen=True)
class Option:
    """One thing that may be asked for."""

    name: str  # of the keyword; on the command line with hyphens, or as ``word`` says
    kind: Kind
    default: Any
    group: str
    help: str
    otherwise: str = ''  # where the default is None: what holds then, in words
    fast: str = ''  # what the preset fast decides by text, time and machine, in words
    engines: tuple[str, ...] | None = None  # that take it; None: all
    word: str = ''
    letter: str = ''

    @property
    def flag(self) -> str:
        """On the command line, with its hyphens."""
        return f'--{self.word or self.name.replace("_", "-")}'


def option(default: Any, kind: Kind, group: str, text: str, **more: Any) -> Any:
    """A field of :class:`Settings`: its row of the table."""
    return field(default=default, metadata={'default': default, 'kind': kind, 'group': group, 'help': text, **more})


BATCHED = ('batched',)  # what the gist has none of


@dataclass(frozen=True)
class Settings:
    """What a training is to do, each with a value; the defaults are the gist's.

    Raises ValueError, in one line, for a value that no training can have.
    """

    cell: str = option(
        'rnn',
        Choice(('rnn', 'gru', 'lstm')),
        MODEL,
        'rnn (tanh), gru or lstm.',
        fast='gru, of long texts lstm',
        engines=BATCHED,
    )
    layers: int = option(1, Whole(1, 8), MODEL, 'Layers, L.', fast='1 or 2', engines=BATCHED)
    hidden_size: int = option(100, Whole(1), MODEL, 'Hidden units of a layer, H.', fast='by time and text')
    dropout: float = option(
        0.0,
        Below(1, what='a share of the hidden units,'),
        MODEL,
        'Share of what each layer hands up that is set to 0.',
        fast='by epochs',
        engines=BATCHED,
    )
    init: str = option(
        'gist',
        Choice(('gist', 'scaled')),
        MODEL,
        'First weights: gist (0.01 randn), or scaled, for larger H.',
        engines=BATCHED,
    )
    dtype: str = option('float64', Choice(('float32', 'float64')), MODEL, 'Type of the numbers.', engines=BATCHED)
    iterations: int | None = option(None, Whole(0), TRAINING, 'When to end.', otherwise='never; stop with Ctrl-C')
    epochs: float | None = option(
        None, Number(MAX_RATE * 1e3), TRAINING, 'When to end, in passes over the text.', fast='of short texts at most'
    )
    time: float | None = option(None, Seconds(MAX_RATE * 1e3), TRAINING, 'When to end, such as 60s, 1m30s or 2h.')
    seed: int | None = option(
        None, Whole(0, MAX_SEED), TRAINING, "Seed of NumPy's generator.", otherwise='another run each time'
    )
    learning_rate: float = option(
        1e-1, Number(MAX_RATE), TRAINING, 'Of the optimizer.', otherwise='adam: 0.002', fast='by H'
    )
    seq_length: int = option(25, Whole(1), TRAINING, 'Steps of truncated BPTT, T.', fast='32 or 64')
    streams: int = option(
        1, Whole(1), TRAINING, 'Parts of the text that are trained together, B.', fast='16 or 4', engines=BATCHED
    )
    optimizer: str = option('adagrad', Choice(('adagrad', 'adam')), TRAINING, 'adagrad or adam.', engines=BATCHED)
    schedule: str = option(
        'constant',
        Choice(('constant', 'step', 'cosine', 'linear', 'wsd')),
        TRAINING,
        'Of the learning rate, over the run.',
        engines=BATCHED,
    )
    warmup: float = option(
        0.0,
        Below(1, what='a share of the run,'),
        TRAINING,
        'Share of the run in which the learning rate rises.',
        engines=BATCHED,
    )
    clip: float = option(5.0, Number(), TRAINING, 'Limit of each element of the gradient.', engines=BATCHED)
    clip_norm: float | None = option(
        None, Number(MAX_RATE * 1e3), TRAINING, 'Limit of the norm of the gradient, instead.', engines=BATCHED
    )
    weight_decay: float = option(0.0, Below(100), TRAINING, 'Decoupled weight decay of adam.', engines=BATCHED)
    input_rate: float = option(
        1.0, Number(MAX_RATE), TRAINING, 'Learning rate of Wxh, times --learning-rate.', engines=BATCHED
    )
    hidden_decay: float = option(
        1.0, Below(100), TRAINING, 'Weight decay of Wih and Whh, times --weight-decay.', engines=BATCHED
    )
    patience: int | None = option(
        None, Whole(1), TRAINING, 'End after so many validations in a row worse than the best.', otherwise='never'
    )
    engine: str = option(
        'exact',
        Choice(ABILITIES, EARLIER_ENGINES),
        TRAINING,
        "exact (compiled, the gist's bits), reference (NumPy) or batched (many streams).",
    )
    threads: int | None = option(
        None, Whole(1, 1024), TRAINING, 'Results do not depend on it.', otherwise='as many as pay'
    )
    shards: int | None = option(
        None,
        Whole(1),
        TRAINING,
        'Groups of streams that processes share; bits depend on it.',
        otherwise='one a process',
        engines=BATCHED,
    )
    validate_every: int | None = option(
        None, Whole(1), REPORTS, 'Iterations between validations.', otherwise='about 20 a run'
    )
    validate_part: int | None = option(
        None, Whole(1), REPORTS, 'Held-out characters that all but the last validation read.', otherwise='by time'
    )
    print_every: int | None = option(
        None, Whole(1), REPORTS, 'Iterations between reports.', otherwise='100; batched: some 30 a run'
    )
    sample_every: int = option(100, Whole(1), REPORTS, 'Iterations between samples; batched: one at the end.')
    sample_length: int = option(200, Whole(0), REPORTS, 'Characters of a sample.')
    save_every: int | None = option(None, Whole(1), SAVING, 'Iterations between checkpoints.', otherwise='some 10 s')

    def __post_init__(self) -> None:
        for name, row in TABLE.items():
            value = getattr(self, name)
            if value is not None or row.default is not None:
                object.__setattr__(self, name, row.kind.check(name, value))
        for name, row in TABLE.items():
            value = getattr(self, name)
            if value != row.default and not self.takes(name):
                raise ValueError(
                    f'{name} is {value}, but engine {self.engine} trains as the gist does ({name} {row.default}): '
                    f'add --engine {" or ".join(row.engines or ())}, or --preset fast'
                )
        if self.endless and (self.schedule != 'constant' or self.warmup):
            raise ValueError(f'a {self.schedule} schedule needs an end: give --time, --epochs or --iterations')

    @property
    def abilities(self) -> Abilities:
        """What the engine does."""
        return ABILITIES[self.engine]

    @property
    def endless(self) -> bool:
        return self.iterations is None and self.epochs is None and self.time is None

    def takes(self, name: str) -> bool:
        """Whether the engine takes that option."""
        engines = TABLE[name].engines
        return engines is None or self.engine in engines


# the options that decide a training, by name
TABLE: Mapping[str, Option] = {row.name: Option(row.name, **row.metadata) for row in fields(Settings)}

OTHERS: tuple[Option, ...] = (
    Option('files', Word(), (), TEXT, 'The text; more files are joined. gzip is accepted; -: standard input.'),
    Option('recursive', Flag(), False, TEXT, 'Take the text files of folders, and of folders in them.', letter='r'),
    Option('encoding', Word(), 'utf-8', TEXT, 'Of the text.'),
    Option('errors', Choice(('strict', 'replace')), 'strict', TEXT, 'What to do with bytes that are not in it.'),
    Option('unit', Choice(('character', 'byte')), 'character', TEXT, 'What is predicted: characters or bytes.'),
    Option('min_count', Whole(1), 1, TEXT, 'Fold characters that occur less often into one.'),
    Option(
        'validation', Word('<share or file>'), None, TEXT, 'Held-out text: a share (10%: the last tenth) or a file.'
    ),
    Option('preset', Choice(('reference', 'fast')), 'reference', MODEL, 'reference (the gist), or fast: for the time.'),
    Option('weights', Word('<model>'), None, MODEL, 'Start from this model; its cell and sizes stay.', word='from'),
    Option('quiet', Flag(), False, REPORTS, 'Print only warnings and errors.'),
    Option(
        'as_json',
        Flag(),
        False,
        REPORTS,
        "Print JSON: an object a line, whose iteration is the number done (the gist's lines count from 0).",
        word='json',
    ),
    Option('save', Word('<file>'), None, SAVING, 'Write the model to this file at the end.'),
    Option('out', Word('<folder>'), None, SAVING, 'Keep the run in this folder: log, checkpoints.', letter='o'),
    Option('resume', Word('<folder>'), None, SAVING, 'Go on with the run in this folder, or from a checkpoint of it.'),
    Option('keep', Whole(1), 2, SAVING, 'How many of the last checkpoints stay.'),
    Option(
        'on_divergence',
        Choice(('rollback', 'stop')),
        'rollback',
        SAVING,
        'With --out: go back and halve the learning rate, or stop.',
    ),
)
OPTIONS: Mapping[str, Option] = {**TABLE, **{row.name: row for row in OTHERS}}


def check(name: str, value: Any) -> Any:
    """An option's value as it is kept. Raises ValueError, in one line, for one that it can't be."""
    return OPTIONS[name].kind.check(name, value)


def windows(characters: int, T: int) -> int:
    """How many windows of T steps one pass over a stream of so many characters has."""
    return max(1, -(-(characters - T - 1) // T))


def bits_per_character(nats: float, characters: int) -> float:
    """Bits per character of a loss in nats that is summed over ``characters``."""
    return nats / (characters * math.log(2))
