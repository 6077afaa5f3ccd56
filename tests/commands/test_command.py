"""Commands made from rows of options: help, values and errors."""

import re

import click
import pytest

from fastrnn.cli import app
from fastrnn.commands.command import HELP, command
from fastrnn.settings.kinds import Choice, Flag, Place, Places, Whole, Word
from fastrnn.settings.options import FIRST, GROUPS, OPTIONS, Option

COMMANDS = [(), *((name,) for name in app.commands), ('cache', 'clear')]


def shown(cli, monkeypatch, *args, columns=80):
    monkeypatch.setenv('COLUMNS', str(columns))
    code, out, err = cli(*args, '--help')
    assert (code, err) == (0, '')
    return out


@pytest.mark.parametrize('args', COMMANDS, ids=' '.join)
def test_help_in_80_columns(cli, monkeypatch, args):
    """Complete; no line is too long or ends in a space, and text in brackets stays on one line."""
    out = shown(cli, monkeypatch, *args)
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80 and '...\n' not in out.replace('[ARGS]...\n', '').replace('S]...\n', '').replace(
        'S...\n', ''
    )
    assert [line for line in lines if line != line.rstrip() or line.count('[') != line.count(']')] == []
    assert '<str>' not in out and '\xa0' not in out


def test_help_in_a_narrow_terminal(cli, monkeypatch):
    """Lines end between words."""
    wide, narrow = (shown(cli, monkeypatch, 'train', columns=columns) for columns in (80, 50))
    assert max(map(len, narrow.splitlines())) <= 50
    assert re.split(r'[\s-]+', narrow) == re.split(r'[\s-]+', wide)


def test_summaries_fit(cli, monkeypatch):
    """One line for each command, with the first sentence of its own help."""
    out = shown(cli, monkeypatch)
    lines = out.split('Commands:\n')[1].split('\n\n')[0].splitlines()
    summaries = dict(line.split(maxsplit=1) for line in lines)
    assert list(summaries) == list(app.commands)
    for name, summary in summaries.items():
        assert summary.endswith('.') and app.commands[name].help.splitlines()[0] == summary


def test_groups(cli, monkeypatch):
    """Each option of the table once: the ten most used, then the others under headings."""
    out = shown(cli, monkeypatch, 'train')
    sections = dict(re.findall(r'^(\w[\w ]*):\n((?:  .*\n)+)', out, re.MULTILINE))
    assert list(sections) == ['Arguments', 'Most used', *GROUPS, 'Other']
    flags = {heading: re.findall(r'^  (?:-\w, )?(--[\w-]+)', text, re.MULTILINE) for heading, text in sections.items()}
    assert flags['Most used'] == [OPTIONS[name].flag for name in FIRST]
    for group in GROUPS:
        rows = [row for row in OPTIONS.values() if row.group == group and row.name not in FIRST and not row.positional]
        assert flags[group] == [row.flag for row in rows]
    assert flags['Other'] == [HELP.flag]


def test_brackets(cli, monkeypatch):
    out = ' '.join(shown(cli, monkeypatch, 'train').split())
    for words in (
        '--hidden-size <int> Hidden units per layer, H. [100; fast: by time and text]',
        '--optimizer [adagrad|adam] Optimizer. [adagrad; fast: adam; batched only]',
        '--time <time> Stop after this time, such as 60s, 1m30s or 2h. [fast: 60s]',
        '--schedule [constant|step|cosine|linear|wsd] How',
        '--print-every <int> Iterations between reports. [100; batched: about 30 per run]',
        '--keep <int> How many of the last checkpoints to keep. [2; with --out]',
    ):
        assert words in out


ROWS = (
    Option('place', Places(), (), '', 'Places.', positional=True),
    Option('many', Whole(1), 3, '', 'How many.', letter='m'),
    Option('how', Choice(('well', 'badly')), None, '', 'How.'),
    Option('really', Flag(), False, '', 'Really.'),
    Option('word', Word(), None, '', 'A word.', required=True, word='text'),
)


def called(*args, grouped=False):
    """The values that a command's function gets."""
    got = {}

    @command(*ROWS, grouped=grouped, epilog='')
    def example(*given, **values):
        """Summary."""
        got.update(*given, **values)

    with example.make_context('example', [*args]) as context:
        example.invoke(context)
    return got


def test_values():
    """All values, with the rows' defaults; if grouped, only the values that were given."""
    assert called('--text', 'x') == {'place': (), 'many': 3, 'how': None, 'really': False, 'word': 'x'}
    everything = ('a', 'b', '-m', '1e3', '--how', 'Well', '--really', '--text', '')
    got = called(*everything)
    assert got == called(*everything, grouped=True)
    assert [str(place) for place in got.pop('place')] == ['a', 'b']
    assert got == {'many': 1000, 'how': 'Well', 'really': True, 'word': ''}
    assert called('--text', 'x', '-m', '0', grouped=True) == {'word': 'x', 'many': 0}


@pytest.mark.parametrize(
    ('args', 'words'),
    [
        ((), "Missing option '--text'"),
        (
            ('--text', 'x', '-m', 'x'),
            "Invalid value for '-m' / '--many': 'x' is not a whole number, such as 128 or 1e4",
        ),
    ],
)
def test_refusals(args, words):
    with pytest.raises(click.UsageError) as error:
        called(*args)
    assert error.value.format_message().startswith(words)


def test_completion_of_values():
    @command(*ROWS, Option('file', Place(), None, '', 'A file.'), epilog='')
    def example(**_):
        """Summary."""

    context = click.Context(example)
    offered = {
        param.name: [(item.type, item.value) for item in param.shell_complete(context, 'W')] for param in example.params
    }
    assert offered == {
        'place': [('file', 'W')],
        'many': [],
        'how': [('plain', 'well')],
        'really': [],
        'word': [],
        'file': [('file', 'W')],
    }
