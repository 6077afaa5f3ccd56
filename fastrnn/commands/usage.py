"""Reads the words typed after ``fastrnn``: accepts underscores in options, and suggests a name for an unknown one."""

import os
from collections.abc import Callable
from typing import Any

import click

from ..settings.did_you_mean import advice, plain
from ..settings.options import Option
from ..settings.parsing import NUMBER_WITHOUT_UNIT, UNIT
from .command import Command


def in_words(error: click.ClickException) -> str:
    """A usage error of click as one line. Errors about positional arguments name the help, as our own errors do."""
    message, context = str(error.format_message()), getattr(error, 'ctx', None)
    if message.startswith(('Missing argument', 'Got unexpected extra argument')) and context is not None:
        message = message.replace('Missing argument', 'missing argument').replace('Got unexpected', 'unexpected')
        message = message.replace('argument(s)', 'argument').rstrip('.')
        return f'{message}: see {context.command_path} --help'
    return message


class Group(Command, click.Group):
    """A group of commands with one-line usage errors that suggest the right name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order they were added."""
        return list(self.commands)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if ctx.resilient_parsing else Words(self, ctx).spelt(args, group=True))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if ctx.resilient_parsing:  # a shell completes a line
            return super().resolve_command(ctx, args)
        if self.get_command(ctx, args[0]) is None:
            names = {name: getattr(command, 'synonyms', '') for name, command in self.commands.items()}
            listed = ', '.join(sorted(names))
            all_of_them = f'the commands are {listed}' if len(names) > 1 else f'the only command is {listed}'
            raise ValueError(f'there is no command {args[0]}: {advice(args[0], names, all_of_them)}')
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and not isinstance(command, Group):
            rest = Words(command, ctx, name or '').spelt(rest)
        return name, command, rest


def group(*rows: Option, **settings: Any) -> Callable[[Callable[..., None]], Group]:
    """Make a group of a function. It is called before each command of the group, or alone if none is given."""

    def made(function: Callable[..., None]) -> Group:
        return Group(rows, function, invoke_without_command=True, **settings)

    return made


class Words:
    """Reads the words typed after one command."""

    def __init__(self, command: Any, ctx: Any, name: str = '') -> None:
        params = command.get_params(ctx)
        self._help = ' '.join(filter(None, [ctx.command_path, name, '--help']))
        self._options = {option: param for param in params for option in (*param.opts, *param.secondary_opts)}
        self._rows = getattr(command, 'rows', {})

    def spelt(self, args: list[str], group: bool = False) -> list[str]:
        """The words, with hyphens for underscores in option names; for a group, only up to the command's name.

        Raises ValueError, in one line, for an unknown option and for a missing value.
        """
        rest, words = list(args), list[str]()
        while rest:
            word = rest.pop(0)
            if word == '--' or (group and not _is_option(word)):
                return [*words, word, *rest]
            if not _is_option(word):
                words.append(word)
                continue
            name, equals, value = word.partition('=')
            if word.startswith('--'):
                name = self._long(name)
                takes = not equals and _takes_value(self._options[name])
            else:
                takes = self._short(name)
            words.append(name + equals + value)
            if takes:
                words += self._value(name, rest)
        return words

    def _long(self, name: str) -> str:
        for spelling in (name, name.replace('_', '-')):
            if spelling in self._options:
                return spelling
        raise self._unknown(name)

    def _short(self, word: str) -> bool:
        """True if the next word is the value of the last letter. -out does not mean -o ut."""
        if len(word) > 2 and (f'--{plain(word)}' in self._options or word[:2] not in self._options):
            raise self._unknown(word)
        for at, letter in enumerate(word[1:], 2):
            param = self._options.get(f'-{letter}')
            if param is None:
                raise self._unknown(word)
            if _takes_value(param):
                return at == len(word)
        return False

    def _value(self, name: str, rest: list[str]) -> list[str]:
        """The value of an option, taken from ``rest``."""
        if not rest:
            raise ValueError(f'{name} needs a value: see {self._help}')
        value = rest.pop(0)
        if value.partition('=')[0].replace('_', '-') in self._options and len(value) > 2:
            raise ValueError(f'{name} needs a value, but the option {value} follows: see {self._help}')
        if rest and NUMBER_WITHOUT_UNIT.fullmatch(value) and UNIT.fullmatch(rest[0]) and not os.path.exists(rest[0]):
            raise ValueError(f'{name} {value} {rest[0]}: write {value}{rest[0]}, without a space')
        return [value]

    def _unknown(self, name: str) -> ValueError:
        for row in self._rows.values():
            if row.positional and plain(name) in row.synonyms.split():
                return ValueError(f'there is no option {name}: give the {row.name} without it')
        synonyms = {row.flag: row.synonyms for row in self._rows.values()}
        long = {option: synonyms.get(option, '') for option in self._options if option.startswith('--')}
        return ValueError(f'there is no option {name}: {advice(name, long, f"see {self._help}")}')


def _is_option(word: str) -> bool:
    """True for options; a single hyphen is standard input."""
    return word.startswith('-') and len(word) > 1


def _takes_value(param: Any) -> bool:
    return not param.is_flag and not param.count
