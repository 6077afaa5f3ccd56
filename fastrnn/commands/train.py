"""``fastrnn train``: from text to a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Encoding, Errors, Recursive, choice_option, count_option, number_option, preset_option, texts_of
from .reports import Reports

if TYPE_CHECKING:
    from ..data.texts import Texts
    from ..runs.session import Session

EXAMPLE = 'Example: fastrnn train data/sonnets.txt --seed 0 --iterations 2000 --out RUN'
OptionalFiles = Annotated[
    list[Path] | None, typer.Argument(help='The text; more files are joined. gzip is accepted; -: stdin.')
]
READING = {'encoding': 'utf-8', 'errors': 'strict', 'unit': 'character', 'min_count': 1}
KEPT = ('keep', 'on_divergence')  # options of kept runs
RESUMABLE = ('iterations', 'epochs', 'time', 'schedule', 'threads', 'patience', *KEPT)  # what --resume takes
JSON = "Print JSON: an object a line, whose iteration is the number done (the gist's lines count from 0)."


def train(
    files: OptionalFiles = None,
    preset: Annotated[str, choice_option('reference (the gist) or fast.', default=True)] = 'reference',
    seed: Annotated[int | None, count_option("Seed of NumPy's generator. [another run each time]")] = None,
    iterations: Annotated[int | None, count_option('When to end. [never; stop with Ctrl-C]')] = None,
    epochs: Annotated[float | None, number_option('When to end, in passes over the text.')] = None,
    time: Annotated[str | None, preset_option('When to end, such as 60s, 1m30s or 2h. [fast: 60s]')] = None,
    cell: Annotated[str | None, choice_option('fast: rnn (tanh), gru or lstm. [rnn; fast: by the text]')] = None,
    layers: Annotated[int | None, count_option('fast: how many layers, 1 to 8. [1; fast: 1 or 2]')] = None,
    hidden_size: Annotated[
        int | None, count_option('Hidden units of a layer, H. [100; fast: by time and text]')
    ] = None,
    seq_length: Annotated[int | None, count_option('Steps of truncated BPTT, T. [25; fast: 32 or 64]')] = None,
    learning_rate: Annotated[float | None, number_option('Of the optimizer. [0.1; adam: 0.002; fast: by H]')] = None,
    sample_every: Annotated[int | None, count_option('Iterations between samples. [100; fast: at the end]')] = None,
    sample_length: Annotated[int | None, count_option('Characters of a sample. [200]')] = None,
    print_every: Annotated[int | None, count_option('Iterations between reports. [100; fast: some 30 a run]')] = None,
    engine: Annotated[str | None, choice_option('exact (same bits), reference (NumPy) or batched.')] = None,
    threads: Annotated[int | None, count_option('Results do not depend on it. [as many as pay]')] = None,
    streams: Annotated[
        int | None, count_option('fast: parts of the text trained together, B. [1; preset: 16 or 4]')
    ] = None,
    shards: Annotated[
        int | None, count_option('fast: groups of streams that processes share; bits depend on it. [one a process]')
    ] = None,
    dtype: Annotated[str | None, choice_option('fast: float32 or float64. [float64; preset fast: float32]')] = None,
    optimizer: Annotated[str | None, choice_option('fast: adagrad or adam. [adagrad; preset fast: adam]')] = None,
    schedule: Annotated[
        str | None,
        choice_option(
            'fast: of the learning rate: constant, step, cosine, linear or wsd. [constant; preset fast: cosine]'
        ),
    ] = None,
    warmup: Annotated[
        float | None, number_option('fast: share of the run with a rising learning rate. [0; preset fast: 0.1]')
    ] = None,
    clip: Annotated[float | None, number_option('fast: limit of each element of the gradient. [5]')] = None,
    clip_norm: Annotated[float | None, number_option('fast: limit of the norm of the gradient. [preset: 1]')] = None,
    weight_decay: Annotated[
        float | None, number_option('fast: decoupled weight decay of adam. [0; preset fast: 0.03]')
    ] = None,
    input_rate: Annotated[float | None, number_option('fast: rate of Wxh, times --learning-rate. [1; fast: 2]')] = None,
    hidden_decay: Annotated[
        float | None, number_option('fast: decay of Wih and Whh, times --weight-decay. [1; fast: 2]')
    ] = None,
    dropout: Annotated[
        float | None, number_option('fast: share of what layers hand up that is set to 0. [0; preset fast: by epochs]')
    ] = None,
    init: Annotated[
        str | None, choice_option('fast: gist (0.01 randn) or scaled (for larger H). [gist; preset fast: scaled]')
    ] = None,
    validation: Annotated[str | None, preset_option('Held-out text: a share (10%: the last tenth) or a file.')] = None,
    validate_every: Annotated[int | None, count_option('Iterations between validations. [about 20 a run]')] = None,
    patience: Annotated[
        int | None, count_option('End after so many validations in a row worse than the best. [never; fast: 10]')
    ] = None,
    save: Annotated[Path | None, preset_option('Write the model to this file at the end.')] = None,
    out: Annotated[Path | None, preset_option('Keep the run in this folder: log, checkpoints.', '--out', '-o')] = None,
    resume: Annotated[Path | None, preset_option('Go on with the run in this folder, or from this checkpoint.')] = None,
    weights: Annotated[
        Path | None, preset_option('Start from the weights of this model; its cell and sizes stay.', '--from')
    ] = None,
    save_every: Annotated[int | None, count_option('Iterations between checkpoints. [some 10 s]')] = None,
    keep: Annotated[int | None, count_option('How many of the last checkpoints stay. [2]')] = None,
    on_divergence: Annotated[
        str | None, choice_option('With --out: rollback (and halve the learning rate) or stop. [rollback]')
    ] = None,
    recursive: Recursive = False,
    encoding: Encoding = 'utf-8',
    errors: Errors = 'strict',
    unit: Annotated[str, choice_option('character or byte.', default=True)] = 'character',
    min_count: Annotated[int, count_option('Fold characters that occur less often into one.')] = 1,
    quiet: Annotated[bool, typer.Option('--quiet', help='Print only warnings and errors.')] = False,
    as_json: Annotated[bool, typer.Option('--json', help=JSON)] = False,
) -> None:
    """Train on FILES as min-char-rnn does, and print what it prints; or fast, with --preset fast.

    The processes of mpiexec or srun train one model together; with FASTRNN_ALONE=1 each trains its own.
    """
    given: dict[str, Any] = locals()
    from ..parallel.processes import led, processes
    from ..settings.parsing import parse_seconds
    from ..system.atomic import check_place
    from .flow import train_in_memory, train_kept

    processes()  # raises ValueError where they can't meet
    reports = Reports(quiet or not processes().leads, as_json and processes().leads)
    given['time'] = None if time is None else parse_seconds(time)
    if save is not None:
        led(check_place)(save)
    if files:
        given |= {'files': texts_of(files, recursive, reports.note), 'recursive': False}
    if resume is not None:
        with _resumed(given) as session:
            train_kept(session, reports, save)
        return
    if not files:
        raise ValueError('no text: name at least one file, or a run to go on with by --resume')
    if patience is not None and validation is None:
        raise ValueError('--patience counts validations: add --validation, such as --validation 10%')
    model = _loaded(weights)
    config, texts = _config(given), _texts(given)
    if out is not None:
        from ..runs.start import start

        kept = {name: given[name] for name in KEPT if given[name] is not None}
        with reports.beginning():
            session = start(out, texts, config, weights=model, **kept)
        with session:
            train_kept(session, reports, save)
        return
    for name in ('save_every', *KEPT):
        if given[name] is not None:
            raise ValueError(f'--{name.replace("_", "-")} is for runs that are kept: add --out FOLDER')
    train_in_memory(texts, config, model, reports, save)


def _config(given: dict[str, Any]) -> Any:
    from ..settings.config import preset
    from ..settings.options import TABLE

    return preset(given['preset'], **{name: given[name] for name in TABLE if name in given})


def _texts(given: dict[str, Any]) -> 'Texts':
    from ..data.texts import Texts

    return Texts.of(given['files'], validation=given['validation'], **{name: given[name] for name in READING})


def _loaded(weights: Path | None) -> Any:
    if weights is None:
        return None
    from ..model.checkpoint import load_model
    from ..parallel.processes import led

    return led(load_model)(weights)


def _resumed(given: dict[str, Any]) -> 'Session':
    """The session that --resume names, if no option contradicts it."""
    from ..runs.resume import resume

    own = ('files', 'resume', 'save', 'quiet', 'as_json', *RESUMABLE)
    defaults = {**READING, 'preset': 'reference', 'recursive': False}
    for name, value in given.items():
        if name not in own and value != defaults.get(name):
            option = 'from' if name == 'weights' else name.replace('_', '-')
            raise ValueError(
                f'--{option} can not be changed by --resume: '
                'a run goes on as it began; start a new one from its weights with --from'
            )
    changes = {name: given[name] for name in RESUMABLE if given[name] is not None}
    return resume(given['resume'], given['files'] or None, **changes)
