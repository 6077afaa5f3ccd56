"""``fastrnn score``: how much each character of a text surprises a model."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from .options import Encoding, Errors, Model, SkipUnknown, tell_skipped

EXAMPLE = 'Example: fastrnn score RUN data/sonnets.txt --html page.html'


def score(
    model: Model,
    file: Annotated[Path, typer.Argument(help='The text. gzip is accepted; -: standard input.')],
    html: Annotated[Path | None, typer.Option(help='Write a page with the text shaded to this file.')] = None,
    encoding: Encoding = 'utf-8',
    errors: Errors = 'strict',
    skip_unknown: SkipUnknown = False,
) -> None:
    r"""The surprisal of each character of FILE under MODEL, as TSV; or, with --html, as a page to look at.

    The columns are: offset (characters from the start of the text), character, bits. Nothing precedes the first
    character, so it has no bits: its cell is empty. Characters are written as \t \n \r \\, and as \xNN or \uNNNN where
    they are control characters, line separators, lone surrogates or, of models of bytes, not ASCII. Nothing is quoted.
    The mean of the bits is what fastrnn eval gives. Characters that the model folds into U+FFFD appear as that.
    With --skip-unknown the model does not read the characters that it lacks: they have no line, but offsets count them.
    """
    from ..inference import surprisal as scoring
    from ..model.checkpoint import load_model
    from ..pages import surprisal as pages
    from ..system.atomic import check_place, write_atomically

    if html is not None:
        check_place(html)
    loaded = load_model(model)
    encoded = loaded.vocabulary.encode_known(file, encoding=encoding, errors=errors, skip_unknown=skip_unknown)
    ids, lacking = encoded.ids, encoded.lacking
    tell_skipped(lacking)
    if html is None:
        sys.stdout.writelines(scoring.table(replace(scoring.score(loaded, ids), offsets=encoded.offsets)))
        return
    pages.check_length(ids.size)
    scored = scoring.score(loaded, ids)
    without = f', without {lacking.count:,} of {lacking.total:,} {lacking.unit}s' if lacking.count else ''
    name = 'standard input' if str(file) == '-' else file.name
    text = pages.page(name + without, scored.text, scored.bits.tolist(), scored.unit)
    write_atomically(html, text.encode('utf-8'))
    print(f'{html}: {scored.bits_per_character:.4f} bits per {scored.unit}, {ids.size:,} {scored.unit}s')
