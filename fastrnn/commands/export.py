"""``fastrnn export``: a model as a page that runs it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from .options import Model

EXAMPLE = 'Example: fastrnn export RUN --html model.html'


def export(
    model: Model,
    html: Annotated[Path, typer.Option(help='Write the page to this file.')],
    quantize: Annotated[bool, typer.Option('--quantize', help='Weights in 8 bits: a quarter of the size.')] = False,
    text: Annotated[
        Path | None, typer.Option(help='With --quantize: measure what it costs on this text. [on what the model draws]')
    ] = None,
    title: Annotated[str | None, typer.Option(help='Of the page. [the name of the text it was trained on]')] = None,
) -> None:
    """Write MODEL as one page of HTML that runs it in a browser, offline: for everybody, with nothing to install.

    It writes, and one can steer it; it shades a text by surprisal, or by what one unit does; and it tells what the
    model was trained on.
    """
    from ..model.checkpoint import load_model
    from ..model.run_files import model_file
    from ..pages.export import export as write

    if text is not None and not quantize:
        raise ValueError('--text is what --quantize is measured on: add --quantize')
    loaded = load_model(model)
    saved = os.stat(model_file(model)).st_mtime
    done = write(loaded, html, quantize, text=text, title=title, saved=saved)
    print(f'{html}: {done.size:,} bytes, {loaded.params.architecture.words}, {loaded.params.V:,} {loaded.unit}s')
    if done.bits is not None and done.quantized_bits is not None:
        cost = done.quantized_bits - done.bits
        print(
            f'8 bits cost {cost:+.4f} bits per {loaded.unit}: {done.quantized_bits:.4f} after {done.bits:.4f}, '
            f'on {done.of}'
        )
