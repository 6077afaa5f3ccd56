"""docs/options.md."""

from helpers import ROOT

from fastrnn.cli import app
from fastrnn.commands.options_page import page
from fastrnn.settings.options import OPTIONS


def test_the_page_is_current():
    """If it fails: python -m fastrnn.commands.options_page > docs/options.md"""
    assert (ROOT / 'docs' / 'options.md').read_text(encoding='utf-8') == page()


def test_it_has_each_option():
    own, _ = page().split('## fastrnn ', 1)
    lines = [line for line in own.splitlines() if line.startswith('| `')]
    assert len(lines) == len(OPTIONS) and len({line.count(' | ') for line in lines}) == 1
    (cell,) = (line for line in lines if '`--cell`' in line)
    assert cell.startswith('| `--cell` | `cell` | rnn, gru, lstm | rnn | gru or lstm | batched |')


def test_it_has_the_options_of_each_command():
    for command in app.commands.values():
        section = page().split(f'## fastrnn {command.name}\n') if command.name != 'train' else [page()] * 2
        for row in command.rows.values():
            assert (
                row.positional or f'`{row.flag}`' in section[1].split('\n## ' if command.name != 'train' else '\0')[0]
            )
