"""``fastrnn plot``: the curves of runs."""

from pathlib import Path

from ..settings.kinds import Place, Places
from ..settings.options import Option
from .command import command

EXAMPLE = 'Example: fastrnn plot RUN --out curves.svg'
RUNS = Option('runs', Places(), None, '', 'Folders made by train --out.', positional=True, required=True,
    synonyms='run log logs input logdir i f')  # fmt: skip
OUT = Option('out', Place(), None, '', 'Write the picture to this file, .png or .svg.', letter='o',
    otherwise='curves.png, unless --html is given', synonyms='output o file')  # fmt: skip
HTML = Option('html', Place(), None, '', 'Write the curves as an interactive page to this file.',
    synonyms='interactive page web plotly')  # fmt: skip


@command(RUNS, OUT, HTML, synonyms='curves draw', epilog=EXAMPLE)
def plot(runs: tuple[Path, ...], out: Path | None, html: Path | None) -> None:
    """Draw training and validation curves of RUNS.

    The picture shows bits per character by time and by characters; labels show the options that differ between runs.
    A run of the reference engine is black, for comparison. The page works offline: point at a curve to see
    iteration, bits and learning rate; click a run's name to hide it. Needs matplotlib, and plotly for the page: pip
    install matplotlib plotly.
    """
    from ..runs import plot as plotting
    from ..runs.curves import read_runs
    from ..runs.plot_page import page
    from ..system.atomic import check_place, write_atomically

    if out is None and html is None:
        out = Path('curves.png')
    if html is not None and html.suffix[1:].lower() in plotting.FORMATS:
        raise ValueError(f'{html}: --html writes a page; for a picture use --out')
    file_format = '' if out is None else plotting.file_format(out)
    places = [place for place in (out, html) if place is not None]
    for place in places:
        check_place(place)
    curves = read_runs(list(runs))
    files = [*([plotting.picture(curves, file_format)] if out else []), *([page(curves)] if html else [])]
    for place, data in zip(places, files, strict=True):
        write_atomically(place, data)
    for words in plotting.label_all(curves):
        print(f'{places[0]}: {words}')
    for place in places[1:]:
        print(f'{place}: interactive page of the same curves')
