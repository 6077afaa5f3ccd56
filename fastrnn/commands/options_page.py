"""Prints the page of all options: ``python -m fastrnn.commands.options_page > docs/options.md``."""

from ..settings.options import FIRST, GROUPS, OPTIONS, Option
from ..settings.presets import fast_in_words

TOP = """\
# Options

<!-- made by: python -m fastrnn.commands.options_page > docs/options.md -->

All options of `fastrnn train`. In Python, options with a keyword are arguments of `fastrnn.train` and `fastrnn.start`:
`fastrnn train TEXT --hidden-size 200` is `fastrnn.train(Path('TEXT'), hidden_size=200)`. Options marked "kept runs"
need `--out`, or `fastrnn.start`.

- *Default*: the value of min-char-rnn. *Preset fast*: the value that `--preset fast` uses instead.
- *Engines*: the engines that take the option. `--preset fast` selects the engine batched.
- *Resume*: yes if the option can be given with `--resume`.

Most people need these first: {first}.
"""
HEAD = ('Option', 'Keyword', 'Value', 'Default', 'Preset fast', 'Engines', 'Resume', 'What it does')


def page() -> str:
    """The page, as Markdown."""
    parts = [TOP.format(first=', '.join(f'`{OPTIONS[name].flag}`' for name in FIRST))]
    for group in GROUPS:
        rows = [HEAD, ('---',) * len(HEAD), *(_cells(row) for row in OPTIONS.values() if row.group == group)]
        lines = [f'| {" | ".join(row)} |' for row in rows]
        parts.append(f'## {group}\n\n' + '\n'.join(lines) + '\n')
    return '\n'.join(parts)


def _cells(row: Option) -> tuple[str, ...]:
    """A row of the table."""
    spelt = [row.name.upper()] if row.positional else [f'-{row.letter}'] * bool(row.letter) + [row.flag]
    keyword = '' if row.typed else f'`{row.name}`'
    cells = (
        ', '.join(f'`{word}`' for word in spelt),
        keyword + ' (kept runs)' * (row.kept and not row.typed),
        row.kind.words,
        '; '.join(filter(None, [row.shown(row.default), row.otherwise])),
        fast_in_words(row),
        ', '.join(row.engines or ['all']),
        'yes' if row.resume else '',
        row.help,
    )
    return tuple(cell.replace('|', '\\|') for cell in cells)


if __name__ == '__main__':
    print(page(), end='')
