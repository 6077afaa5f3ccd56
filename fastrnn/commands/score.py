"""``fastrnn score``: how much each character of a text surprises a model."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .options import Encoding, Errors, Model

EXAMPLE = 'Example: fastrnn score RUN data/sonnets.txt --html page.html'


def score(
    model: Model,
    file: Annotated[Path, typer.Argument(help='The text. gzip is accepted; -: standard input.')],
    html: Annotated[Path | None, typer.Option(help='Write a page with the text shaded to this file.')] = None,
    encoding: Encoding = 'utf-8',
    errors: Errors = 'strict',
) -> None:
    r"""The surprisal of each character of FILE under MODEL, as TSV; or, with --html, as a page to look at.

    The columns are: offset (characters from the start of the text), character, bits. Nothing precedes the first
    character, so it has no bits: its cell is empty. Characters are written as \t \n \r \\, and as \xNN or \uNNNN where
    they are control characters, line separators, lone surrogates or, of models of bytes, not ASCII. Nothing is quoted.
    The mean of the bits is what fastrnn eval gives. Characters that the model folds into U+FFFD appear as that.
    """
    from ..inference import surprisal as scoring
    from ..model.checkpoint import load_model
    from ..pages import surprisal as pages
    from ..system.atomic import check_place, write_atomically

    if html is not None:
        check_place(html)
    loaded = load_model(model)
    ids = loaded.vocabulary.encode(file, encoding=encoding, errors=errors)
    if html is None:
        sys.stdout.writelines(scoring.table(scoring.score(loaded, ids)))
        return
    pages.check_length(ids.size)
    scored = scoring.score(loaded, ids)
    text = pages.page(
        'standard input' if str(file) == '-' else file.name, scored.text, scored.bits.tolist(), scored.unit
    )
    write_atomically(html, text.encode('utf-8'))
    print(f'{html}: {scored.bits_per_character:.4f} bits per {scored.unit}, {ids.size:,} {scored.unit}s')
