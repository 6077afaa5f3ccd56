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
    from ..runs import plot as plotting
    from ..runs.curves import read_runs
    from ..system.atomic import check_place, write_atomically

    file_format = plotting.file_format(out)
    check_place(out)
    curves = read_runs(runs)
    write_atomically(out, plotting.picture(curves, file_format))
    for curve in curves:
        print(f'{out}: {plotting.label(curve)}')
