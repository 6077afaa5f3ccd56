"""``fastrnn score``: shows how much each character of a text surprises a model."""

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
HTML = Option('html', Place(), None, '', 'Write a page of the text, shaded by bits, to this file.',
    synonyms='out output page o file')  # fmt: skip


@command(MODEL, FILE, HTML, ADAPT, OPTIONS['encoding'], OPTIONS['errors'], SKIP_UNKNOWN, epilog=EXAMPLE)
def score(
    model: Path, file: Path, html: Path | None, adapt: bool, encoding: str, errors: str, skip_unknown: bool
) -> None:
    r"""Show how much each character of FILE surprises MODEL.

    The output is a table, or with --html a page. The table's columns are offset (characters from the start of the
    text), character and bits. Nothing precedes the first character, so its bits are empty. Their mean is the figure
    of fastrnn eval.

    Tabs, newlines, carriage returns and backslashes are written as \t \n \r \\. Other control characters, line
    separators and surrogates are written as \xNN or \uNNNN, as are non-ASCII bytes of byte models. Nothing is quoted.
    Characters that the model folds into U+FFFD are written as U+FFFD. With --skip-unknown, characters that the model
    does not know have no line, but offsets count them.

    With --adapt, a fourth column, adapted_bits, is from a copy of MODEL that learns while it reads (dynamic
    evaluation). It scores each window of 32 characters, then trains on it. The page is shaded by adapted bits;
    pointing at a character shows both figures. MODEL itself does not change.
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
