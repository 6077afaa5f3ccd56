"""``fastrnn plot``: the curves of runs."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = 'Example: fastrnn plot RUN --out curves.svg'


def plot(
    runs: Annotated[list[Path], typer.Argument(help='Folders made by train --out.')],
    out: Annotated[Path, typer.Option('--out', '-o', help='The picture: .png or .svg.')] = Path('curves.png'),
) -> None:
    """Draw training and validation curves of RUNS in bits per character, against time and against characters.

    A run of the engine reference is drawn in black, for comparison. Needs matplotlib: pip install 'fastrnn[plot]'.
    """
    from .. import plotting
    from ..atomic import check_place, write_atomically
    from ..curves import read_runs

    file_format = plotting.file_format(out)
    check_place(out)
    curves = read_runs(runs)
    write_atomically(out, plotting.picture(curves, file_format))
    for curve in curves:
        print(f'{out}: {plotting.label(curve)}')
