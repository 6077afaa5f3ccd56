"""``fastrnn eval``: how well a model predicts a text."""

import json
from dataclasses import asdict
from typing import Annotated

from .options import Encoding, Errors, Files, Json, Model, Recursive, SkipUnknown, count_option, tell_skipped, texts_of

EXAMPLE = 'Example: fastrnn eval RUN data/sonnets.txt'


def evaluate(
    model: Model,
    files: Files,
    window: Annotated[
        int | None, count_option('Predict so many characters at a time, each time from a zero state. [all]')
    ] = None,
    recursive: Recursive = False,
    encoding: Encoding = 'utf-8',
    errors: Errors = 'strict',
    skip_unknown: SkipUnknown = False,
    as_json: Json = False,
) -> None:
    """Bits per character and per byte of FILES under MODEL, beside three simple models of the same text.

    The simple models see at most the first million characters; MODEL's bits of these are then printed, too.
    With --skip-unknown all figures are those of the text without the characters that MODEL lacks.
    """
    from ..inference.evaluate import measure
    from ..model.checkpoint import load_model
    from ..progress.bar import share_display

    loaded, files = load_model(model), texts_of(files, recursive)
    with share_display('reading the text', 'evaluated', off=as_json) as show:
        encoded = loaded.vocabulary.encode_known(
            files, encoding=encoding, errors=errors, skip_unknown=skip_unknown, places=False
        )
        result = measure(loaded, encoded, window, show)
    tell_skipped(encoded.lacking)
    if as_json:
        print(json.dumps({**asdict(result), 'perplexity': result.perplexity}))
        return
    rows = [
        (result.bits_per_character, f'bits per character ({result.characters:,} characters)'),
        (result.bits_per_byte, 'bits per UTF-8 byte'),
        (result.perplexity, 'perplexity per character'),
    ]
    of = 'bits per character'
    if result.compared <= result.characters:
        of += f' of the first {result.compared:,}'
        rows.append((result.compared_bits_per_character, f'{of}: this model'))
    rows += [
        (result.order0, f'{of}: entropy of single characters'),
        (result.order2, f'{of}: adaptive order-2 context model'),
        (result.xz, f'{of}: xz -9e'),
    ]
    for value, name in rows:
        print(f'{value:8.4f}  {name}')
