"""``fastrnn eval``: measures how well a model predicts a text."""

import json
from dataclasses import asdict
from pathlib import Path

from ..settings.kinds import Whole
from ..settings.options import OPTIONS, Option
from .command import command
from .options import ADAPT, FILES, JSON, MODEL, SKIP_UNKNOWN, tell_skipped, texts_of

EXAMPLE = 'Example: fastrnn eval RUN data/sonnets.txt'
WINDOW = Option('window', Whole(1), None, '', 'Predict windows of this many characters, each from a zero state.',
    otherwise='all', synonyms='context context-length seq-length block-size')  # fmt: skip


@command(MODEL, FILES, WINDOW, ADAPT, OPTIONS['recursive'], OPTIONS['encoding'], OPTIONS['errors'], SKIP_UNKNOWN, JSON,
    name='eval', synonyms='test validate perplexity', epilog=EXAMPLE)  # fmt: skip
def evaluate(
    model: Path,
    files: tuple[Path, ...],
    window: int | None,
    adapt: bool,
    recursive: bool,
    encoding: str,
    errors: str,
    skip_unknown: bool,
    as_json: bool,
) -> None:
    """Measure how well MODEL predicts FILES, in bits per character.

    For comparison, it prints the figures of three simple models of the same text. They read at most the first million
    characters; for longer texts, MODEL's figure for that part is printed too. With --skip-unknown, all figures are for
    the text without the characters that MODEL does not know.

    With --adapt, a second line shows the bits per character of a copy of MODEL that learns while it reads (dynamic
    evaluation). It scores each window of 32 characters, then trains on it. One stream reads the whole text in order,
    so this takes longer. MODEL itself does not change.
    """
    from ..inference.evaluate import measure
    from ..model.checkpoint import load_model
    from ..progress.bar import share_display

    loaded, texts = load_model(model), texts_of(list(files), recursive)
    with share_display('reading the text', 'evaluated', off=as_json) as show:
        encoded = loaded.vocabulary.encode_known(
            texts, encoding=encoding, errors=errors, skip_unknown=skip_unknown, places=False
        )
        result = measure(loaded, encoded, window, show, adapt=adapt)
    tell_skipped(encoded.lacking)
    if as_json:
        print(json.dumps({**asdict(result), 'perplexity': result.perplexity}))
        return
    count = f'{result.characters:,} character{"s" * (result.characters != 1)}'
    rows = [(result.bits_per_character, f'bits per character ({count})')]
    if result.adapted_bits_per_character is not None:
        rows.append((result.adapted_bits_per_character, 'bits per character, adapted while reading'))
    rows += [
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
