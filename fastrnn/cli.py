"""The commands. Here, and nowhere else, things are printed."""

import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from .errors import Diverged

BAD_INPUT, DIVERGED, INTERRUPTED, BROKEN_PIPE = 2, 3, 130, 141

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help='Train character-level RNNs on a CPU: min-char-rnn, compiled, with the same bits.',
    epilog='Example: fastrnn train data/sonnets.txt --seed 0 --iterations 2000',
)


@app.command(epilog='Example: fastrnn train data/sonnets.txt --seed 0 --iterations 2000')
def train(
    file: Annotated[Path, typer.Argument(help='The text to train on.', show_default=False)],
    seed: Annotated[
        int | None, typer.Option(help="Seed of NumPy's generator. [default: another run each time]")
    ] = None,
    iterations: Annotated[int | None, typer.Option(help='When to end. [default: never; stop with Ctrl-C]')] = None,
    hidden_size: Annotated[int, typer.Option(help='Hidden units, H.')] = 100,
    seq_length: Annotated[int, typer.Option(help='Steps of truncated BPTT, T.')] = 25,
    learning_rate: Annotated[float, typer.Option(help='Of Adagrad.')] = 1e-1,
    sample_every: Annotated[int, typer.Option(help='Iterations between samples.')] = 100,
    sample_length: Annotated[int, typer.Option(help='Characters of a sample.')] = 200,
    print_every: Annotated[int, typer.Option(help='Iterations between reports.')] = 100,
    encoding: Annotated[str, typer.Option(help='Of the file.')] = 'utf-8',
    engine: Annotated[str, typer.Option(help='exact (compiled, the same bits) or reference (NumPy).')] = 'exact',
    threads: Annotated[int | None, typer.Option(help='The bits do not depend on it. [default: as many as pay]')] = None,
) -> None:
    """Train on FILE as min-char-rnn does, and print what it prints."""
    options = {name: value for name, value in locals().items() if name not in ('file', 'encoding')}
    from .config import Config

    config = Config(**options)
    from . import corpus, progress, trainer

    text = corpus.Corpus.of(corpus.read_text(file, encoding))
    records = trainer.train(text, config)
    print('data has %d characters, %d unique.' % (text.ids.size, len(text.chars)), flush=True)
    with progress.display(config) as show:
        for record in records:
            if record.sample is not None:
                print('----\n %s \n----' % (record.sample,))
            if record.report:
                print('iter %d, loss: %f' % (record.iteration, record.smooth_loss))
            if record.sample is not None or record.report:
                sys.stdout.flush()
            show(record)


@app.command(epilog='Example: fastrnn info')
def info() -> None:
    """Tell versions, processor, BLAS and loops, and whether the bits are the reference's on this machine."""
    from . import diagnosis

    for name, value in diagnosis.facts().items():
        print(f'{name:<12} {value}')
    print(f'{"bits":<12} {diagnosis.identity()}')


def main() -> NoReturn:
    """Run a command; every error is one line on standard error and an exit code of its own."""
    warnings.showwarning = _show_warning
    if len(sys.argv) == 1:
        sys.argv.append('--help')
    code = 0
    try:
        code = app(standalone_mode=False) or 0
        sys.stdout.flush()
    except typer.Exit as exit_:
        code = exit_.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except UnicodeEncodeError as error:
        code = _fail(BAD_INPUT, f'standard output is {error.encoding} and cannot show the text: set PYTHONUTF8=1')
    except ValueError as error:
        code = _fail(DIVERGED if isinstance(error, Diverged) else BAD_INPUT, str(error))
    except BrokenPipeError:
        code = BROKEN_PIPE
    except MemoryError:
        code = _fail(BAD_INPUT, 'out of memory: take a smaller --hidden-size or --seq-length')
    except OSError as error:
        code = _fail(1, str(error))
    except Exception as error:
        if not hasattr(error, 'format_message'):  # a usage error, whose class depends on typer's version
            raise
        code = _fail(BAD_INPUT, error.format_message())
    _leave(code)


def _fail(code: int, message: str) -> int:
    print('error: ' + ' '.join(message.split()), file=sys.stderr)
    return code


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f'warning: {message}', file=sys.stderr)


def _leave(code: int) -> NoReturn:
    """Exit, without a traceback where what is still to be printed has nowhere to go."""
    try:
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            code = _fail(1, str(error))
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
