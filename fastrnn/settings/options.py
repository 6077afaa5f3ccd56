"""The table of options: each is stated once.

Checks, keywords of ``fastrnn.train`` and ``start``, the command line with its help, ``docs/options.md`` and "did you
mean" come from it. The fields of ``Settings`` are the options that determine a training; ``OTHERS`` has the rest.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .abilities import ABILITIES, EARLIER_ENGINES, Abilities
from .kinds import Below, Choice, Flag, Kind, Number, Place, Places, Seconds, Whole, Word

MAX_SEED = 2**32 - 1
MAX_RATE = 1e6  # beyond it a single step can overflow
TEXT, MODEL, TRAINING, REPORTS, SAVING = GROUPS = ('Text', 'Model', 'Training', 'Reports', 'Saving')
# options that most people need, first in the help
FIRST = ('preset', 'time', 'validation', 'out', 'resume', 'save', 'cell', 'hidden_size', 'layers', 'seed')


@dataclass(frozen=True)
class Option:
    """An option of the command line and of Python."""

    name: str  # the keyword; on the command line with hyphens, or ``word``
    kind: Kind
    default: Any
    group: str
    help: str
    otherwise: str = ''  # in words: the effect of the default None, or an addition to the default
    fast: str = ''  # in words: what the preset fast decides
    engines: tuple[str, ...] | None = None  # engines that have it; None: all
    word: str = ''
    letter: str = ''
    synonyms: str = ''  # names in other tools (char-rnn, nanoGPT, PyTorch, Keras), for "did you mean"
    positional: bool = False  # on the command line
    required: bool = False  # on the command line
    typed: bool = False  # on the command line only; no keyword
    kept: bool = False  # for runs that are kept in a folder
    resume: bool = False  # may be given when a run is resumed

    @property
    def flag(self) -> str:
        """On the command line, with its hyphens."""
        return f'--{self.word or self.name.replace("_", "-")}'

    def shown(self, value: Any) -> str:
        """A value as a user types it; '' for None."""
        return '' if value is None else self.kind.shown(value)


def option(default: Any, kind: Kind, group: str, text: str, **more: Any) -> Any:
    """A field of ``Settings``, with its row of the table."""
    return field(default=default, metadata={'default': default, 'kind': kind, 'group': group, 'help': text, **more})


BATCHED = ('batched',)  # for options that the gist does not have


@dataclass(frozen=True)
class Settings:
    """All options that determine a training; the defaults are the gist's.

    Raises ValueError, in one line, for an invalid value or combination.
    """

    # fmt: off
    cell: str = option('rnn', Choice(('rnn', 'gru', 'lstm')), MODEL, 'Cell; rnn is a tanh layer.',
        fast='gru or lstm', engines=BATCHED,
        synonyms='model model-type rnn-type rnn type arch architecture cell-type network')
    layers: int = option(1, Whole(1, 8), MODEL, 'Layers, L.', fast='1 or 2', engines=BATCHED,
        synonyms='num-layers n-layers n-layer nlayers depth layer')
    hidden_size: int = option(100, Whole(1), MODEL, 'Hidden units per layer, H.', fast='by time and text',
        synonyms='hidden rnn-size num-hidden n-hidden hidden-dim hidden-units units n-units nhid n-embd width dim')
    dropout: float = option(0.0, Below(1, what='a share of the hidden units,'), MODEL,
        "Share of each layer's outputs that is set to 0.", fast='by epochs', engines=BATCHED,
        synonyms='dropout-rate drop-rate drop p-drop dropout-p')
    init: str = option('gist', Choice(('gist', 'scaled')), MODEL,
        'First weights: gist is 0.01 randn, scaled is for larger H.', engines=BATCHED,
        synonyms='initializer weight-init initialization')
    dtype: str = option('float64', Choice(('float32', 'float64')), MODEL, 'Type of the numbers.', engines=BATCHED,
        synonyms='precision float fp type')
    iterations: int | None = option(None, Whole(0), TRAINING, 'Stop after this many iterations.',
        otherwise='never; stop with Ctrl-C', resume=True,
        synonyms='steps max-steps iters max-iters num-iters n-iters iter max-iterations num-iterations updates')
    epochs: float | None = option(None, Number(MAX_RATE * 1e3), TRAINING, 'Stop after this many passes over the text.',
        fast='limited for short texts', resume=True, synonyms='max-epochs num-epochs n-epochs epoch e passes')
    time: float | None = option(None, Seconds(MAX_RATE * 1e3), TRAINING,
        'Stop after this time, such as 60s, 1m30s or 2h.', resume=True,
        synonyms='seconds minutes hours max-time duration time-limit timeout budget')
    seed: int | None = option(None, Whole(0, MAX_SEED), TRAINING, "Seed of NumPy's generator.",
        otherwise='different each time', synonyms='random-seed random-state rng s manual-seed')
    learning_rate: float = option(1e-1, Number(MAX_RATE), TRAINING, 'Learning rate.', otherwise='adam: 0.002',
        fast='by H', synonyms='lr rate eta alpha step-size base-lr max-lr init-lr')
    seq_length: int = option(25, Whole(1), TRAINING, 'Steps of truncated BPTT, T.', fast='32 or 64',
        synonyms='seq-len sequence-length sequence-len seq bptt block-size context context-length unroll '
        'num-steps window timesteps')
    streams: int = option(1, Whole(1), TRAINING, 'Parts of the text trained in parallel, B.', fast='by text and cores',
        engines=BATCHED, synonyms='batch batch-size minibatch bs b n-batch mini-batch-size')
    shuffle: int = option(0, Whole(0), TRAINING,
        'Read the text in blocks of N characters, in a new random order on each pass; 0: in its own order.',
        fast='128 for long texts',
        engines=BATCHED, synonyms='shuffle-blocks random-order block-shuffle permute')
    ngrams: int = option(0, Whole(0, 8), MODEL,
        'Add a table that predicts from the last 2 to N characters; 0: no table.',
        fast='4 for long texts', engines=BATCHED,
        synonyms='ngram n-gram ngram-order maxent direct-order')
    ngram_rows: int = option(1 << 15, Whole(1), MODEL, 'Rows of the n-gram table for each number of characters.',
        fast='up to 32,768', engines=BATCHED, synonyms='ngram-hash-size direct maxent-hash-size hash-size buckets')
    ngram_rate: float = option(0.3, Number(10.0), TRAINING,
        'Learning rate of the n-gram table (plain SGD); follows the schedule.', fast='by epochs', engines=BATCHED)
    optimizer: str = option('adagrad', Choice(('adagrad', 'adam')), TRAINING, 'Optimizer.', engines=BATCHED,
        synonyms='opt optim optimiser solver')
    schedule: str = option('constant', Choice(('constant', 'step', 'cosine', 'linear', 'wsd')), TRAINING,
        'How the learning rate changes during the run.', engines=BATCHED, resume=True,
        synonyms='scheduler lr-schedule lr-scheduler lr-decay learning-rate-decay decay-lr lr-policy')
    warmup: float = option(0.0, Below(1, what='a share of the run,'), TRAINING,
        'Share of the run in which the learning rate rises.', engines=BATCHED,
        synonyms='warmup-iters warmup-steps warmup-ratio lr-warmup')
    clip: float = option(5.0, Number(), TRAINING, 'Limit of each element of the gradient.', engines=BATCHED,
        synonyms='grad-clip clip-value gradient-clip clip-grad')
    clip_norm: float | None = option(None, Number(MAX_RATE * 1e3), TRAINING,
        "Limit of the gradient's norm; replaces --clip.", engines=BATCHED,
        synonyms='max-norm max-grad-norm grad-clip-norm grad-clip clip-grad clip-grad-norm')
    weight_decay: float = option(0.0, Below(100), TRAINING, 'Decoupled weight decay of adam.', engines=BATCHED,
        synonyms='wd l2 decay regularization')
    input_rate: float = option(1.0, Number(MAX_RATE), TRAINING, 'Factor on the learning rate of Wxh.', engines=BATCHED)
    hidden_decay: float = option(1.0, Below(100), TRAINING, 'Factor on the weight decay of Wih and Whh.',
        engines=BATCHED)
    patience: int | None = option(None, Whole(1), TRAINING,
        'Stop after this many consecutive validations at least 1% worse than the best.', otherwise='never', resume=True,
        synonyms='early-stopping early-stop')
    engine: str = option('exact', Choice(ABILITIES, EARLIER_ENGINES), TRAINING,
        'Implementation: exact is bit-identical to the gist, batched trains many streams, reference is NumPy.',
        synonyms='backend implementation')
    threads: int | None = option(None, Whole(1, 1024), TRAINING,
        'Threads, up to the number of processors; does not change the results.',
        otherwise='as many as pay off', resume=True,
        synonyms='num-threads n-threads nthreads workers num-workers jobs j cores cpus')
    shards: int | None = option(None, Whole(1), TRAINING, 'Groups of streams that processes share; changes the bits.',
        otherwise='one per process', engines=BATCHED)
    validate_every: int | None = option(None, Whole(1), REPORTS, 'Iterations between validations.',
        otherwise='about 20 per run', synonyms='eval-interval eval-every val-every val-interval eval-val-every')
    validate_part: int | None = option(None, Whole(1), REPORTS,
        'Held-out characters that all but the last validation read.', otherwise='by time')
    print_every: int | None = option(None, Whole(1), REPORTS, 'Iterations between reports.',
        otherwise='100; batched: about 30 per run',
        synonyms='log-interval log-every print-interval report-every verbose-every')
    sample_every: int = option(100, Whole(1), REPORTS, 'Iterations between samples.',
        otherwise='batched: one at the end', synonyms='sample-interval generate-every')
    sample_length: int = option(200, Whole(0), REPORTS, 'Characters per sample.', synonyms='sample-size sample-len')
    save_every: int | None = option(None, Whole(1), SAVING, 'Iterations between checkpoints.', otherwise='about 10 s',
        kept=True, synonyms='save-interval checkpoint-every checkpoint-interval ckpt-every')
    # fmt: on

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
            what = 'warm-up' if self.schedule == 'constant' else f'{self.schedule} schedule'
            raise ValueError(f'a {what} needs an end: give --time, --epochs or --iterations')

    @property
    def abilities(self) -> Abilities:
        """The engine's abilities."""
        return ABILITIES[self.engine]

    @property
    def endless(self) -> bool:
        return self.iterations is None and self.epochs is None and self.time is None

    def takes(self, name: str) -> bool:
        """True if the engine has that option."""
        engines = TABLE[name].engines
        return engines is None or self.engine in engines


# the options that determine a training, by name
TABLE: Mapping[str, Option] = {row.name: Option(row.name, **row.metadata) for row in fields(Settings)}

# fmt: off
OTHERS: tuple[Option, ...] = (
    Option('files', Places(), (), TEXT, 'Text files, joined in this order. gzip is accepted; - is standard input.',
        positional=True, typed=True, resume=True,
        synonyms='text input data file files corpus data-dir data-file train-file train i f'),
    Option('recursive', Flag(), False, TEXT, 'Read the text files in folders and their subfolders.', letter='r',
        typed=True),
    Option('encoding', Word(), 'utf-8', TEXT, 'Encoding of the text.'),
    Option('errors', Choice(('strict', 'replace')), 'strict', TEXT,
        'Invalid bytes: refuse them, or read each as U+FFFD.', synonyms='on-error decode-errors'),
    Option('unit', Choice(('character', 'byte')), 'character', TEXT, 'What the model reads and predicts.',
        synonyms='level tokenizer token tokens bytes char'),
    Option('min_count', Whole(1), 1, TEXT, 'Fold characters that occur less often into one.'),
    Option('validation', Word('<share|file>'), None, TEXT, 'Held-out text: a share (10%: the last tenth) or a file.',
        synonyms='val valid val-frac val-split validation-split val-size valid-frac heldout held-out val-file'),
    Option('skip_unknown', Flag(), False, TEXT, 'Skip characters of a --validation file that the text does not have.',
        synonyms='ignore-unknown skip unknown'),
    Option('preset', Choice(('reference', 'fast')), 'reference', MODEL,
        'reference is min-char-rnn; fast trains the best model for the time.', synonyms='config profile'),
    Option('weights', Place('<model>'), None, MODEL, 'Start from the weights of this model; its cell and sizes stay.',
        word='from',
        synonyms='init-from checkpoint ckpt pretrained load load-from weights finetune fine-tune model start-from'),
    Option('quiet', Flag(), False, REPORTS, 'Print only warnings and errors.', typed=True, resume=True,
        synonyms='silent q no-output'),
    Option('as_json', Flag(), False, REPORTS, 'Print a JSON object per line; its iteration is the number completed.',
        word='json', typed=True, resume=True),
    Option('save', Place(), None, SAVING, 'Write the model to this file at the end.', typed=True, resume=True,
        synonyms='model-path save-model save-path'),
    Option('out', Place('<folder>'), None, SAVING, 'Keep the run in this folder: log, checkpoints.', letter='o',
        typed=True, synonyms='output out-dir output-dir save-dir checkpoint-dir logdir log-dir run-dir o'),
    Option('resume', Place('<folder>'), None, SAVING, 'Resume the run in this folder, or from one of its checkpoints.',
        typed=True, resume=True, synonyms='continue restart restore checkpoint ckpt init-from load resume-from'),
    Option('keep', Whole(1), 2, SAVING, 'How many of the last checkpoints to keep.', kept=True, resume=True,
        synonyms='max-to-keep keep-last num-checkpoints'),
    Option('on_divergence', Choice(('rollback', 'stop')), 'rollback', SAVING,
        'If the loss diverges: go back and halve the learning rate, or stop.', kept=True, resume=True),
)
# fmt: on
OPTIONS: Mapping[str, Option] = {**TABLE, **{row.name: row for row in OTHERS}}
# keywords of fastrnn.train besides those of TABLE; keywords of fastrnn.start only
KEYWORDS = tuple(row.name for row in OTHERS if not row.typed and not row.kept)
KEPT = tuple(row.name for row in OTHERS if row.kept)


def check(name: str, value: Any) -> Any:
    """An option's value in its final type. Raises ValueError, in one line, for an invalid value."""
    return OPTIONS[name].kind.check(name, value)


def bits_per_character(nats: float, characters: int) -> float:
    """Bits per character of a loss in nats that is summed over ``characters``."""
    return nats / (characters * math.log(2))
