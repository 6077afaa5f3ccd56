"""``fastrnn score``: how much each character of a text surprises a model."""

import sys
from dataclasses import replace
from pathlib import Path

from ..settings.kinds import Place
from ..settings.options import OPTIONS, Option
from .command import command
from .options import ADAPT, MODEL, SKIP_UNKNOWN, tell_skipped

EXAMPLE = 'Example: fastrnn score RUN data/sonnets.txt --html page.html'
FILE = Option('file', Place(), None, '', 'The text. gzip is accepted; - is standard input.', positional=True,
    required=True, synonyms='text input data files corpus i f')  # fmt: skip
HTML = Option('html', Place(), None, '', 'Write a page with the shaded text to this file.',
    synonyms='out output page o file')  # fmt: skip


@command(MODEL, FILE, HTML, ADAPT, OPTIONS['encoding'], OPTIONS['errors'], SKIP_UNKNOWN, epilog=EXAMPLE)
def score(
    model: Path, file: Path, html: Path | None, adapt: bool, encoding: str, errors: str, skip_unknown: bool
) -> None:
    r"""Show how much each character of FILE surprises MODEL.

    The output is a table, or with --html a page to look at. The table's columns are: offset (characters from the start
    of the text), character, bits. Nothing precedes the first character, so its cell is empty. Characters
    are written as \t \n \r \\, and as \xNN or \uNNNN where they are control characters, line separators, surrogates
    or, of models of bytes, not ASCII. Nothing is quoted. The mean of the bits is what fastrnn eval prints. Characters
    that the model folds into U+FFFD appear as that. With --skip-unknown the model does not read the characters that it
    does not know: they have no line, but offsets count them.

    With --adapt the table has a fourth column, adapted_bits, by weights that learn while they read (dynamic
    evaluation): each window of 32 characters is scored first, and only then learned from. The page is shaded by these;
    pointing at a character shows both numbers. MODEL itself is not changed.
    """
    from ..inference import surprisal as scoring
    from ..model.checkpoint import load_model
    from ..pages import surprisal as pages
    from ..progress.bar import share_display
    from ..system.atomic import check_place, write_atomically

    if html is not None:
        check_place(html)
    loaded = load_model(model)
    encoded = loaded.vocabulary.encode_known(file, encoding=encoding, errors=errors, skip_unknown=skip_unknown)
    ids, lacking = encoded.ids, encoded.lacking
    tell_skipped(lacking)
    if html is not None:
        pages.check_length(ids.size)
    with share_display('reading the text', 'scored') as show:
        scored = scoring.score(loaded, ids, adapt, show)
    if html is None:
        sys.stdout.writelines(scoring.table(replace(scored, offsets=encoded.offsets)))
        return
    without = f', without {lacking.count:,} of {lacking.total:,} {lacking.unit}s' if lacking.count else ''
    name = 'standard input' if str(file) == '-' else file.name
    shaded = None if scored.adapted is None else scored.adapted.tolist()
    text = pages.page(name + without, scored.text, scored.bits.tolist(), scored.unit, shaded)
    write_atomically(html, text.encode('utf-8'))
    mean, adapted = scored.bits_per_character, scored.adapted_bits_per_character
    also = '' if adapted is None else f' ({adapted:.4f} adapted while reading)'
    print(f'{html}: {mean:.4f} bits per {scored.unit}{also}, {ids.size:,} {scored.unit}s')
