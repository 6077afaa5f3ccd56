"""The command line: its commands, error messages and exit codes."""

import os
import sys
import warnings
from contextlib import suppress
from typing import Any, NoReturn

import click
from click.shell_completion import shell_complete

from ._version import __version__
from .commands import cache, completion, evaluate, export, info, plot, runs, sample, score, train
from .commands.usage import group, in_words
from .errors import Diverged, in_a_line, of_numba
from .parallel.launcher import foremost, launched, start_command, work_alone
from .settings.kinds import Flag
from .settings.options import Option
from .system import outputs, stop
from .system.blas import spare_threads
from .system.escapes import escape_what_cannot_be_shown, tell

FAILED, BAD_INPUT, DIVERGED, SIGNALLED, INTERRUPTED, BROKEN_PIPE = 1, 2, 3, 128, 130, 141
NAME = 'fastrnn'
TOGETHER = ('train', 'info')  # commands that all processes of a launcher run together; each runs the others alone

_errors: list[str] = []  # printed at the end

# fmt: off
OPTIONS = (
    Option('version', Flag(), False, '', 'Print the version and exit.', synonyms='v'),
    Option('install_completion', Flag(), False, '', 'Install completion of commands and options in your shell.'),
    Option('show_completion', Flag(), False, '', 'Print the completion script.'),
)
# fmt: on


@group(
    *OPTIONS,
    epilog=train.EXAMPLE,
    subcommand_metavar='COMMAND [ARGS]...',
    context_settings={'help_option_names': ['-h', '--help']},
)
def app(version: bool, install_completion: bool, show_completion: bool) -> None:
    """Train character-level RNNs, GRUs and LSTMs on the CPU.

    It can reproduce min-char-rnn bit for bit, or train a good model of a large text in half a minute.
    """
    context = click.get_current_context()
    if version:
        print(f'fastrnn {__version__}')
    elif install_completion or show_completion:
        shell = completion.users_shell()
        if install_completion:
            print(f'{completion.install(app, shell)}: written; open a new {shell} terminal to use completion')
        else:
            print(completion.script(app, shell))
    elif context.invoked_subcommand is None:
        raise ValueError('no command: see fastrnn --help')
    else:
        work_alone(context.invoked_subcommand not in TOGETHER)
        return
    context.exit()


for each in (
    train.train,
    evaluate.evaluate,
    sample.sample,
    score.score,
    export.export,
    runs.runs,
    plot.plot,
    info.info,
    cache.cache,
):
    app.add_command(each)


def main() -> NoReturn:
    """Run a command. Each error is one line on standard error; each kind of error has its own exit code."""
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
    """Run the command and return its exit code. Errors are printed at the end."""
    stop.check()
    warnings.showwarning = _show_warning
    escape_what_cannot_be_shown()
    if sys.argv[1:2] in ([], ['help']):  # fastrnn help train: fastrnn train --help
        sys.argv[1:] = [*sys.argv[2:], '--help']
    start_command()
    spare_threads()
    try:
        code = _call()
        sys.stdout.flush()
        return code
    except EOFError as error:  # while importing, see __main__
        return _fail(FAILED, f'{error}: a file in a __pycache__ folder may be truncated; remove these folders')
    except click.ClickException as error:
        return _fail(BAD_INPUT, in_words(error))
    except ValueError as error:
        return _fail(DIVERGED if isinstance(error, Diverged) else BAD_INPUT, str(of_numba(error) or error))
    except BrokenPipeError:
        return BROKEN_PIPE
    except MemoryError:
        return _fail(BAD_INPUT, 'out of memory: use a smaller --hidden-size, --seq-length or --streams')
    except OSError as error:
        return _fail(FAILED, f'{error.filename}: {error.strerror}' if error.filename else str(error))
    except ImportError as error:  # a limit of memory or open files can also prevent loading a library
        return _fail(FAILED, f"can't load a module: {error.__cause__ or error}")  # NumPy's own error is a page long
    except Exception as error:
        if failed := of_numba(error):
            return _fail(BAD_INPUT, str(failed))
        raise


def _call() -> int:
    """Run the command, or complete one for a shell. Not click's ``main``: it would handle signals and pipes too."""
    if asked := os.environ.get(completion.VARIABLE):
        return shell_complete(app, {}, NAME, completion.VARIABLE, asked)
    try:
        with app.make_context(NAME, sys.argv[1:]) as context:
            app.invoke(context)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    return 0


def _fail(code: int, message: str) -> int:
    _errors.append(in_a_line(message))
    return code


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    if foremost():
        text, traced, _rest = in_a_line(message).partition(' The parse failed')  # Numba adds a traceback
        print(f'warning: {text}{" Numba ignores it." * bool(traced)}', file=sys.stderr)


def _leave(code: int) -> NoReturn:
    """Exit. A success becomes a failure if the output could not be printed."""
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
    """Exit together with the other processes, if there are any. One of them prints an error that all have.

    A process that has not connected yet connects now: the others may be waiting for it.
    """

    def tell(whose: str) -> None:
        while _errors:
            print(f'error: {whose}{_errors.pop(0)}', file=sys.stderr)

    if launched() is not None:
        from .parallel.processes import processes

        if code <= SIGNALLED:  # else a signal ends all processes
            with suppress(ValueError):  # the processes can't connect
                processes()
        if processes.cache_info().currsize:
            processes().leave(code, tell)
            return
    if foremost():
        tell('')
