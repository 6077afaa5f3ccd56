"""The command line: its commands, and what every end of one means to the shell."""

import sys
import warnings
from contextlib import suppress
from typing import Annotated, Any, NoReturn

import typer

from ._version import __version__
from .commands import cache, evaluate, export, info, plot, sample, score, train
from .commands.usage import Group, in_words
from .errors import Diverged, in_a_line, of_numba
from .parallel.launcher import foremost, launched, start_command, work_alone
from .system import outputs, stop
from .system.blas import spare_threads
from .system.escapes import escape_what_cannot_be_shown, tell

FAILED, BAD_INPUT, DIVERGED, SIGNALLED, INTERRUPTED, BROKEN_PIPE = 1, 2, 3, 128, 130, 141
TOGETHER = ('train', 'info')  # commands that all processes of a launcher do together; any other each does alone

_told: list[str] = []  # errors, until the end

app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={'help_option_names': ['-h', '--help']},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f'fastrnn {__version__}')
        raise typer.Exit


@app.callback(epilog=train.EXAMPLE)
def fastrnn(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option('--version', callback=_print_version, is_eager=True, help='Print the version and exit.')
    ] = False,
) -> None:
    """Train character-level RNNs on a CPU: min-char-rnn, compiled, with the same bits; or many streams, fast."""
    work_alone(context.invoked_subcommand not in TOGETHER)


app.command(epilog=train.EXAMPLE)(train.train)
app.command('eval', epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command(epilog=sample.EXAMPLE)(sample.sample)
app.command(epilog=score.EXAMPLE)(score.score)
app.command(epilog=export.EXAMPLE)(export.export)
app.command(epilog=plot.EXAMPLE)(plot.plot)
app.command(epilog=info.EXAMPLE)(info.info)
app.add_typer(cache.app, name='cache')


def main() -> NoReturn:
    """Run a command; every error is one line on standard error and an exit code of its own."""
    with outputs.guarded(), stop.caught():
        try:
            code = _run()
        except KeyboardInterrupt:
            code = INTERRUPTED
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else FAILED
        with stop.leaving():
            _leave(code)


def _run() -> int:
    """Run the command and return its exit code; its error, if any, is printed at the end."""
    stop.check()
    warnings.showwarning = _show_warning
    escape_what_cannot_be_shown()
    if sys.argv[1:2] in ([], ['help']):  # fastrnn help train: fastrnn train --help
        sys.argv[1:] = [*sys.argv[2:], '--help']
    start_command()
    spare_threads()
    try:
        code = app(standalone_mode=False, prog_name='fastrnn') or 0
        sys.stdout.flush()
        return code
    except typer.Exit as exit_:
        return exit_.exit_code
    except typer.Abort as abort:
        if isinstance(abort.__context__, EOFError):  # of a module, see __main__
            reason = f'{abort.__context__}: if a file in a __pycache__ folder is cut off, remove those folders'
            return _fail(FAILED, reason)
        return INTERRUPTED
    except ValueError as error:
        return _fail(DIVERGED if isinstance(error, Diverged) else BAD_INPUT, str(of_numba(error) or error))
    except SystemExit as exit_:  # typer's own answer to a closed pipe, or that to a signal
        if not isinstance(exit_.__context__, BrokenPipeError):
            raise
        return BROKEN_PIPE
    except BrokenPipeError:
        return BROKEN_PIPE
    except MemoryError:
        return _fail(BAD_INPUT, 'out of memory: take a smaller --hidden-size, --seq-length or --streams')
    except OSError as error:
        return _fail(FAILED, f'{error.filename}: {error.strerror}' if error.filename else str(error))
    except ImportError as error:  # of a library, too: a limit of memory or of open files may not leave room for it
        return _fail(FAILED, f'a module can not be loaded: {error.__cause__ or error}')  # NumPy gives a page of advice
    except Exception as error:
        if failed := of_numba(error):
            return _fail(BAD_INPUT, str(failed))
        if not hasattr(error, 'format_message'):  # a usage error, whose class depends on typer's version
            raise
        return _fail(BAD_INPUT, in_words(error))


def _fail(code: int, message: str) -> int:
    _told.append(in_a_line(message))
    return code


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    if foremost():
        told, traced, _rest = in_a_line(message).partition(' The parse failed')  # Numba adds a traceback
        print(f'warning: {told}{" Numba ignores it." * bool(traced)}', file=sys.stderr)


def _leave(code: int) -> NoReturn:
    """Exit; what could not be printed makes a success a failure."""
    tell()
    error = outputs.failure()
    try:
        sys.stdout.flush()
    except OSError as raised:
        error = raised
    if error is not None and code == 0:
        code = (
            BROKEN_PIPE
            if isinstance(error, BrokenPipeError)
            else _fail(FAILED, f'standard output: {error.strerror or error}')
        )
    _leave_others(code)
    sys.exit(code)


def _leave_others(code: int) -> None:
    """End with the other processes, if there are any; one of them prints the error that all have.

    One that has not met them does so now: they may wait for it.
    """

    def tell(whose: str) -> None:
        while _told:
            print(f'error: {whose}{_told.pop(0)}', file=sys.stderr)

    if launched() is not None:
        from .parallel.processes import processes

        if code <= SIGNALLED:  # else a signal ends all of them
            with suppress(ValueError):  # they can't meet
                processes()
        if processes.cache_info().currsize:
            processes().leave(code, tell)
            return
    if foremost():
        tell('')
