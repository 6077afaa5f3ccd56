"""Makes a command from rows of options (settings/options.py): parsing and help."""

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..settings.kinds import Choice, Flag, Kind, Place, Places, Texts
from ..settings.options import FIRST, GROUPS, Option
from ..settings.presets import in_words

NAMES, GAP = 28, 2  # columns of the help for option names, and after them; longer names get their own line
UNBROKEN = '\xa0'  # no-break space
HELP = Option('help', Flag(), False, '', 'Show this message and exit.', letter='h')


class Value(click.ParamType):  # type: ignore[type-arg]
    """Parses a value for click, and completes it for a shell."""

    def __init__(self, kind: Kind) -> None:
        self.name, self._kind = kind.metavar, kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._kind.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        if isinstance(self._kind, Choice):
            return [CompletionItem(word) for word in self._kind.choices if word.startswith(incomplete.lower())]
        return [CompletionItem(incomplete, type='file')] if isinstance(self._kind, Place) else []


class Command(click.Command):
    """A click command made from rows. ``grouped``: its help has a heading for each group of options."""

    def __init__(
        self,
        rows: Iterable[Option],
        function: Callable[..., None],
        grouped: bool = False,
        *,
        name: str | None = None,
        synonyms: str = '',  # other names of the command, for "did you mean"
        **settings: Any,
    ) -> None:
        self.rows = {row.name: row for row in rows}
        self.synonyms, self._grouped = synonyms, grouped

        def call(**typed: Any) -> None:
            given = {key: value for key, value in typed.items() if not (value is None or value is False or value == ())}
            if grouped:
                function(given)
            else:
                function(**{row.name: row.default for row in self.rows.values()} | given)

        parameters = [_parameter(row) for row in self.rows.values()]
        super().__init__(
            name=name or function.__name__, params=parameters, callback=call, help=function.__doc__, **settings
        )

    def get_help(self, ctx: click.Context) -> str:
        """The help, with plain spaces instead of no-break spaces."""
        return super().get_help(ctx).replace(UNBROKEN, ' ')

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections = _sections(self.rows.values(), self._grouped)
        names = {row.name: _names(row) for _, rows in sections for row in rows}
        width = max((len(name) for name in names.values() if len(name) <= NAMES), default=0)
        for heading, rows in sections:
            with formatter.section(heading):
                room = formatter.width - formatter.current_indent - width - GAP
                lines = [(names[row.name].ljust(width), _help(row, room)) for row in rows]
                formatter.write_dl(lines, col_max=width, col_spacing=GAP)


def command(*rows: Option, grouped: bool = False, **settings: Any) -> Callable[[Callable[..., None]], Command]:
    """Make a command of a function. The first line of its docstring is the command's summary.

    The function takes the rows' values by name; if ``grouped``, one dict of the values that were given.
    """

    def made(function: Callable[..., None]) -> Command:
        return Command(rows, function, grouped, **settings)

    return made


def _parameter(row: Option) -> click.Parameter:
    """A click parameter without a default: a value that is not given is None, False, or () for several files."""
    if row.positional:
        several = -1 if isinstance(row.kind, Places) else 1
        return click.Argument([row.name], type=Value(row.kind), nargs=several, required=row.required)
    names = [row.name, *([f'-{row.letter}'] if row.letter else []), row.flag]
    if isinstance(row.kind, Flag):
        return click.Option(names, is_flag=True, default=False)
    several = isinstance(row.kind, Texts | Places)
    return click.Option(names, type=Value(row.kind), required=row.required, multiple=several)


def _sections(rows: Iterable[Option], grouped: bool) -> list[tuple[str, list[Option]]]:
    """Headings of the help, each with its rows."""
    named = [row for row in rows if row.positional]
    others = {row.name: row for row in rows if not row.positional}
    if grouped:
        first = [others.pop(name) for name in FIRST]
        groups = [(group, [row for row in others.values() if row.group == group]) for group in GROUPS]
        sections = [('Most used', first), *groups, ('Other', [HELP])]
    else:
        sections = [('Options', [*others.values(), HELP])]
    return [('Arguments', named), *sections] if named else sections


def _names(row: Option) -> str:
    if row.positional:
        return f'{row.name.upper()}{"..." * isinstance(row.kind, Places)}'
    return ' '.join(filter(None, [f'-{row.letter},' * bool(row.letter), row.flag, row.kind.metavar]))


def _help(row: Option, room: int) -> str:
    """What the option does, and its defaults in brackets, which stay on one line if they fit."""
    if not (words := in_words(row)):
        return row.help
    brackets = f'[{words}]'
    return f'{row.help} {brackets.replace(" ", UNBROKEN) if len(brackets) <= room else brackets}'
