"""``fastrnn export``: a model as a page that runs it."""

import os
from pathlib import Path

from ..settings.kinds import Flag, Place, Texts, Word
from ..settings.options import Option
from .command import command
from .options import MODEL

EXAMPLE = 'Example: fastrnn export RUN --html model.html'
# fmt: off
OPTIONS = (
    Option('html', Place(), None, '', 'Write the page to this file.', required=True, synonyms='out output page o file'),
    Option('quantize', Flag(), False, '', 'Store weights in 8 bits: a quarter of the size.'),
    Option('text', Place(), None, '', 'With --quantize: measure its cost on this text.',
        otherwise='on samples of the model'),
    Option('title', Word(), None, '', 'Title of the page.', otherwise="the training text's name"),
    Option('prime', Texts(), (), '', r"Text that the page offers to continue, such as 'ROMEO:\n'; may be repeated.",
        synonyms='prompt start start-text prefix seed-text beginning primes'),
)
# fmt: on


@command(MODEL, *OPTIONS, synonyms='web page player html', epilog=EXAMPLE)
def export(
    model: Path, html: Path, quantize: bool, text: Path | None, title: str | None, prime: tuple[str, ...]
) -> None:
    """Write MODEL as one HTML page that runs it in a browser.

    The page works offline, with nothing to install. It generates text, and one can steer it; it shades a text by
    surprisal, or by what one unit does; and it shows what the model was trained on.
    """
    from ..model.checkpoint import load_model
    from ..model.run_files import model_file
    from ..pages.export import export as write

    if text is not None and not quantize:
        raise ValueError('--text is what --quantize is measured on: add --quantize')
    loaded = load_model(model)
    saved = os.stat(model_file(model)).st_mtime
    done = write(loaded, html, quantize, text=text, title=title, saved=saved, primes=prime)
    print(f'{html}: {done.size:,} bytes, {loaded.params.architecture.words}, {loaded.params.V:,} {loaded.unit}s')
    if done.bits is not None and done.quantized_bits is not None:
        cost = done.quantized_bits - done.bits
        print(
            f'8 bits cost {cost:+.4f} bits per {loaded.unit}: {done.quantized_bits:.4f} after {done.bits:.4f}, '
            f'on {done.of}'
        )
