"""``fastrnn train``: from text to a model."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Encoding, Errors, Files, preset_option

if TYPE_CHECKING:
    from ..config import Config
    from ..corpus import Corpus
    from ..trainer import Progress

EXAMPLE = 'Example: fastrnn train data/sonnets.txt --seed 0 --iterations 2000'


def seconds(value: str | None) -> float | None:
    """'90', '90s', '5m' or '2h' in seconds."""
    if value is None:
        return None
    unit = {'s': 1, 'm': 60, 'h': 3600}.get(value[-1:])
    try:
        return float(value if unit is None else value[:-1]) * (unit or 1)
    except ValueError:
        raise ValueError(f'time is {value!r}; give a number with s, m or h, such as 90s') from None


def train(
    files: Files,
    preset: Annotated[str, typer.Option(help='reference (the gist) or fast.')] = 'reference',
    seed: Annotated[int | None, preset_option("Seed of NumPy's generator. [another run each time]")] = None,
    iterations: Annotated[int | None, preset_option('When to end. [never; stop with Ctrl-C]')] = None,
    epochs: Annotated[float | None, preset_option('When to end, in passes over the text.')] = None,
    time: Annotated[str | None, preset_option('When to end, such as 60s, 5m or 2h. [fast: 60s]')] = None,
    hidden_size: Annotated[int | None, preset_option('Hidden units, H. [100; fast: 128 to 512, by time]')] = None,
    seq_length: Annotated[int | None, preset_option('Steps of truncated BPTT, T. [25; fast: 32]')] = None,
    learning_rate: Annotated[float | None, preset_option('Of the optimizer. [0.1; fast: 1/H]')] = None,
    sample_every: Annotated[int | None, preset_option('Iterations between samples. [100; fast: at the end]')] = None,
    sample_length: Annotated[int | None, preset_option('Characters of a sample. [200]')] = None,
    print_every: Annotated[int | None, preset_option('Iterations between reports. [100; fast: at validations]')] = None,
    engine: Annotated[str | None, preset_option('exact (compiled, the same bits), reference (NumPy) or fast.')] = None,
    threads: Annotated[int | None, preset_option('Results do not depend on it. [as many as pay]')] = None,
    streams: Annotated[int | None, preset_option('fast: parts of the text trained together, B. [16]')] = None,
    dtype: Annotated[str | None, preset_option('fast: float32 or float64. [float32]')] = None,
    optimizer: Annotated[str | None, preset_option('fast: adagrad or adam. [adam]')] = None,
    schedule: Annotated[str | None, preset_option('fast: constant, step or cosine learning rate. [cosine]')] = None,
    warmup: Annotated[float | None, preset_option('fast: share of the run with a rising learning rate. [0.02]')] = None,
    clip: Annotated[float | None, preset_option('fast: limit of each element of the gradient.')] = None,
    clip_norm: Annotated[float | None, preset_option('fast: limit of the norm of the gradient. [1]')] = None,
    weight_decay: Annotated[float | None, preset_option('fast: decoupled weight decay of adam. [0.03]')] = None,
    init: Annotated[str | None, preset_option('fast: gist (0.01 randn) or scaled (for larger H). [scaled]')] = None,
    validation: Annotated[str | None, preset_option('Held-out text: a share (0.1: the last tenth) or a file.')] = None,
    save: Annotated[Path | None, preset_option('Write the model to this file at the end.')] = None,
    encoding: Encoding = 'utf-8',
    errors: Errors = 'strict',
    unit: Annotated[str, typer.Option(help='character or byte.')] = 'character',
    min_count: Annotated[int, typer.Option(help='Fold characters that occur less often into one.')] = 1,
) -> None:
    """Train on FILES as min-char-rnn does, and print what it prints; or fast, with --preset fast."""
    chosen: dict[str, Any] = locals()
    from ..config import preset as configure

    names = set(chosen) - {'files', 'preset', 'time', 'validation', 'save', 'encoding', 'errors', 'unit', 'min_count'}
    config = configure(preset, time=seconds(time), **{name: chosen[name] for name in names})
    from .. import checkpoint
    from .. import corpus as corpora

    if save is not None:
        checkpoint.check_place(save)

    reading: dict[str, Any] = {'encoding': encoding, 'errors': errors, 'unit': unit, 'min_count': min_count}
    corpus = corpora.open_corpus(files, **reading)
    corpus, held_out = hold_out(corpus, validation, encoding=encoding, errors=errors)
    from .. import trainer

    run = trainer.Run(corpus, config, validation=held_out)
    announce(run.config, corpus, held_out)
    with interruptible(save is not None) as stopped:
        follow(run.records(), run.config, stopped)
    if save is not None and run.engine is not None:
        checkpoint.save_model(save, checkpoint.Model(run.engine.params, corpus.chars, corpus.unit))
    if stopped():
        raise KeyboardInterrupt


@contextmanager
def interruptible(gently: bool) -> Iterator[Callable[[], bool]]:
    """A function that tells whether Ctrl-C was pressed; gently: a first one ends the run only after its block.

    It is remembered either way: an exception that is raised inside the compiler's callbacks is lost.
    """
    pressed: list[int] = []

    def press(number: int, frame: Any) -> None:
        pressed.append(number)
        if not gently or len(pressed) > 1:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def hold_out(corpus: 'Corpus', validation: str | None, **reading: Any) -> tuple['Corpus', Any]:
    """The corpus without its last share, and that share's character numbers; or the whole, and a file's."""
    if validation is None:
        return corpus, None
    from dataclasses import replace

    from ..corpus import encode_with

    try:
        share = float(validation)
    except ValueError:
        return corpus, encode_with(Path(validation), corpus, **reading)
    kept, held_out = corpus.split(share)
    return replace(corpus, ids=kept), held_out


def announce(config: 'Config', corpus: 'Corpus', held_out: Any) -> None:
    """What is about to happen; for the gist's engines only its own line."""
    print('data has %d characters, %d unique.' % (corpus.ids.size, len(corpus.chars)), flush=True)
    if config.engine != 'fast':
        return
    for line in corpus.describe()[1:]:
        print(line)
    H, T, B = config.hidden_size, config.seq_length, config.streams
    print(f'{config.optimizer} at {config.learning_rate:g}, H={H}, T={T}, {B} streams, {config.dtype}')
    print(f'memory {config.memory(len(corpus.chars)) / 1e6:,.0f} MB beside the text', flush=True)
    if held_out is not None:
        print(f'held out {held_out.size:,} characters', flush=True)


def follow(records: Any, config: 'Config', stopped: Callable[[], bool]) -> None:
    """Print records as they come, until the last or until stopped."""
    from .. import progress

    with progress.display() as show:
        for record in records:
            if config.engine == 'fast' and record.report:
                print(fast_line(record))
            if record.sample is not None:
                print('----\n %s \n----' % (record.sample,))
            if config.engine != 'fast' and record.report:
                print('iter %d, loss: %f' % (record.iteration, record.smooth_loss))
            if config.engine != 'fast' and record.validation is not None:  # standard output is the gist's
                print(f'validation {record.validation:.3f} bits per character', file=sys.stderr)
            if record.sample is not None or record.report:
                sys.stdout.flush()
            show(record)
            if stopped():
                break


def fast_line(record: 'Progress') -> str:
    """One report of the fast engine."""
    held_out = f'  validation {record.validation:.3f}' if record.validation is not None else ''
    return (
        f'iter {record.iteration}  epoch {record.epoch:.2f}  {record.seconds:.1f} s  '
        f'{record.characters / record.seconds:,.0f} characters/s  '
        f'train {record.bits_per_character:.3f}{held_out} bits per character'
    )
