"""``fastrnn plot``: the curves of runs."""

from pathlib import Path

from ..settings.kinds import Place, Places
from ..settings.options import Option
from .command import command

EXAMPLE = 'Example: fastrnn plot RUN --out curves.svg'
RUNS = Option('runs', Places(), None, '', 'Folders made by train --out.', positional=True, required=True,
    synonyms='run log logs input logdir i f')  # fmt: skip
OUT = Option('out', Place(), Path('curves.png'), '', 'The picture: .png or .svg.', letter='o',
    synonyms='output o file html')  # fmt: skip


@command(RUNS, OUT, synonyms='curves draw', epilog=EXAMPLE)
def plot(runs: tuple[Path, ...], out: Path) -> None:
    """Draw training and validation curves of RUNS.

    They show bits per character against time and against characters. A run of the engine reference is drawn in black,
    for comparison. Needs matplotlib: pip install 'fastrnn[plot]'.
    """
    from ..runs import plot as plotting
    from ..runs.curves import read_runs
    from ..system.atomic import check_place, write_atomically

    file_format = plotting.file_format(out)
    check_place(out)
    curves = read_runs(list(runs))
    write_atomically(out, plotting.picture(curves, file_format))
    for words in plotting.label_all(curves):
        print(f'{out}: {words}')
