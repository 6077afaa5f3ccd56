"""Prints the page of all options: ``python -m fastrnn.commands.options_page > docs/options.md``."""

from ..settings.options import FIRST, GROUPS, OPTIONS, Option
from ..settings.presets import fast_in_words
from . import cache, evaluate, export, info, plot, runs, sample, score

TOP = """\
# Options

<!-- made by: python -m fastrnn.commands.options_page > docs/options.md -->

The options of `fastrnn train` first; those of the [other commands](#fastrnn-sample) follow.

In Python, options with a keyword are arguments of `fastrnn.train` and `fastrnn.start`:
`fastrnn train TEXT --hidden-size 200` is `fastrnn.train(Path('TEXT'), hidden_size=200)`. Options marked "kept runs"
need `--out`, or `fastrnn.start`.

- *Default*: the value of min-char-rnn. *Preset fast*: the value that `--preset fast` uses instead.
- *Engines*: the engines that take the option. `--preset fast` selects the engine batched.
- *Resume*: yes if the option can be given with `--resume`.

Most people need these first: {first}.
"""
OTHERS = sample.sample, evaluate.evaluate, score.score, export.export, runs.runs, plot.plot, info.info, cache.cache
HEAD_OF_OTHERS = ('Option', 'Value', 'Default', 'What it does')
HEAD = ('Option', 'Keyword', 'Value', 'Default', 'Preset fast', 'Engines', 'Resume', 'What it does')


def page() -> str:
    """The page, as Markdown."""
    parts = [TOP.format(first=', '.join(f'`{OPTIONS[name].flag}`' for name in FIRST))]
    for group in GROUPS:
        parts.append(_section(group, HEAD, [_cells(row) for row in OPTIONS.values() if row.group == group]))
    for command in OTHERS:
        cells = [_cells(row) for row in command.rows.values()]
        parts.append(
            _section(f'fastrnn {command.name}', HEAD_OF_OTHERS, [(*row[:1], *row[2:4], row[-1]) for row in cells])
        )
    return '\n'.join(parts)


def _section(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f'| {" | ".join(row)} |' for row in (head, ('---',) * len(head), *rows)]
    return f'## {title}\n\n' + '\n'.join(lines) + '\n'


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
