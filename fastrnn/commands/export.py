"""``fastrnn export``: a model as a page that runs it, or as an ONNX file."""

import os
from pathlib import Path

from ..settings.kinds import Flag, Place, Texts, Word
from ..settings.options import Option
from .command import command
from .options import MODEL

EXAMPLE = 'Example: fastrnn export RUN --html model.html'
# fmt: off
OPTIONS = (
    Option('html', Place(), None, '', 'Write a page to this file.', synonyms='out output page o file'),
    Option('onnx', Place(), None, '', 'Write an ONNX file; its name ends in .onnx.'),
    Option('quantize', Flag(), False, '', 'Store the weights in 8 bits: a quarter of the size.'),
    Option('text', Place(), None, '', 'With --quantize: measure the cost on this text.',
        otherwise='on text that the model generates'),
    Option('title', Word(), None, '', 'Title of the page.', otherwise="the training text's name"),
    Option('prime', Texts(), (), '', r"Text that the page offers to continue, such as 'ROMEO:\n'; may be repeated.",
        synonyms='prompt start start-text prefix seed-text beginning primes'),
)
# fmt: on


@command(MODEL, *OPTIONS, synonyms='web page player html onnx', epilog=EXAMPLE)
def export(
    model: Path,
    html: Path | None,
    onnx: Path | None,
    quantize: bool,
    text: Path | None,
    title: str | None,
    prime: tuple[str, ...],
) -> None:
    """Write MODEL as a page for browsers, or as an ONNX file.

    The page works offline, with nothing to install. It generates text, which you can edit and continue. It shades a
    text by surprisal, or by the activation of one unit, and shows facts about the training. With the same settings and
    seed it writes the text of fastrnn sample; with --quantize, the text of the rounded weights.

    The ONNX file computes one step: ids and states in, logits and states out.
    """
    from ..model.checkpoint import load_model
    from ..model.run_files import model_file
    from ..pages.export import export as write

    if text is not None and not quantize:
        raise ValueError('--text needs --quantize, whose cost it measures: add --quantize')
    _check_names(html, onnx)
    if html is None and (quantize or title is not None or prime):
        raise ValueError('--quantize, --title and --prime are for the page: add --html FILE')
    loaded = load_model(model)
    architecture = loaded.params.architecture
    words = f'{architecture.words}, {architecture.V:,} {loaded.unit}s'
    if onnx is not None:
        print(f'{onnx}: {write(loaded, onnx).size:,} bytes, {words}')
    if html is None:
        return
    saved = os.stat(model_file(model)).st_mtime
    done = write(loaded, html, quantize, text=text, title=title, saved=saved, primes=prime)
    print(f'{html}: {done.size:,} bytes, {words}')
    if done.bits is not None and done.quantized_bits is not None:
        cost = done.quantized_bits - done.bits
        print(
            f'8 bits cost {cost:+.4f} bits per {loaded.unit}: {done.quantized_bits:.4f} instead of {done.bits:.4f}, '
            f'on {done.of}'
        )


def _check_names(html: Path | None, onnx: Path | None) -> None:
    from ..pages.export import PAGES

    if html is None and onnx is None:
        raise ValueError('nothing to write: add --html FILE, --onnx FILE, or both')
    if html is not None and html.suffix.lower() == '.onnx':
        raise ValueError(f'{html}: --html writes a page; for an ONNX file use --onnx')
    if html is not None and html.suffix.lower() not in PAGES:
        raise ValueError(f'{html}: the name of a page must end in .html or .htm; rename it')
    if onnx is not None and onnx.suffix.lower() != '.onnx':
        raise ValueError(f'{onnx}: the name of an ONNX file must end in .onnx; rename it')
