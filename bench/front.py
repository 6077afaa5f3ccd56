"""The README's first table: how long min-char-rnn, PyTorch's LSTM and fastrnn train until a text has 2.3 and 2.1 bits.

    pip install '.[peers]'
    python bench/front.py TEXT              prints the table
    python bench/front.py TEXT README.md    puts it into the README, between its markers

The last tenth of the text is held out. Bits are per character, on all of the held-out text. Times are rungs of a
ladder, each a quarter longer than the one before: a run gets the time as its budget, so that its learning rate falls
to the end within it. PyTorch gets the better of two recipes for each goal, the best that bench/versus.py found, and one
seed. fastrnn gets no option but the time, and the median of three seeds. min-char-rnn trains once, for GIST
seconds. Seconds are those of training alone. About 20 minutes in all; results are kept in front.jsonl (or in
``--store FILE``).
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from peers_timing import installed, processor
from store import Store
from table import publish
from versus import SEEDS, Runs, median, tell
from versus_cases import Recipe
from versus_rows import Result
from versus_runs import Text, compile_all, run

MARKERS = '<!-- front: made by bench/front.py -->', '<!-- end of front -->'
GOALS = (2.3, 2.1)  # bits per character
STEP = 1.25  # between two rungs
GIST = 300.0  # seconds that min-char-rnn gets
FROM = {'PyTorch': (15.2, 62.0), 'fastrnn': (2.0, 12.5)}  # first rungs, for each goal
LIMIT = 40  # rungs
SHORTEST = 0.3  # seconds; no shorter time is tried
RECIPES = {  # for each goal
    2.3: (Recipe(H=128, rate=32e-3, T=16), Recipe(H=256, rate=16e-3, T=16)),
    2.1: (Recipe(H=256, rate=16e-3, T=16), Recipe(H=512, rate=16e-3, T=16)),
}


def reached(goal: float, first: float, best: Callable[[float], float]) -> float:
    """The shortest time of the ladder, in seconds, whose bits are at most the goal; its search begins at ``first``."""
    seconds = first
    while best(seconds) <= goal:
        if seconds < SHORTEST:
            return seconds
        seconds = round(seconds / STEP, 1)
    for _ in range(LIMIT):
        seconds = round(seconds * STEP, 1)
        if best(seconds) <= goal:
            return seconds
    raise SystemExit(f'{goal} bits are not reached in {seconds:g} s')


def gist(text: Text) -> Result:
    """min-char-rnn in NumPy: its held-out bits after GIST seconds."""
    with tempfile.TemporaryDirectory() as folder:
        options = ['--engine', 'reference', '--seed', '0', '--time', f'{GIST}s', '--validation', text.validation]
        run(['-m', 'fastrnn', 'train', str(text.path), *options, '--out', f'{folder}/run', '--quiet'])
        last = json.loads(Path(folder, 'run', 'log.jsonl').read_text(encoding='utf-8').splitlines()[-1])
    return {'bits': last['validation'], 'seconds': last['seconds']}


def table(runs: Runs, of_gist: Result) -> str:
    """A Markdown table of three rows, and what it was measured on."""

    def theirs(seconds: float, goal: float) -> float:
        return min(float(runs.theirs(seconds, recipe)['bits']) for recipe in RECIPES[goal])

    def ours(seconds: float, goal: float) -> float:
        return float(median([runs.ours(seconds, seed) for seed in SEEDS])['bits'])

    def cells(who: str, best: Callable[[float, float], float]) -> list[str]:
        found = []
        for goal, first in zip(GOALS, FROM[who], strict=True):

            def bits(seconds: float, goal: float = goal) -> float:
                return best(seconds, goal)

            found.append(f'{reached(goal, first, bits):.3g} s')
        return found

    never = f'never: {of_gist["bits"]:.2f} bits after {GIST / 60:g} minutes'
    rows: Sequence[Sequence[str]] = (
        ('', *(f'to {goal} bits' for goal in GOALS), "min-char-rnn's losses, bit for bit?"),
        ('---',) * 4,
        ('min-char-rnn (NumPy)', never, 'never', 'yes'),
        ("PyTorch's `nn.LSTM`", *cells('PyTorch', theirs), 'no'),
        ('**fastrnn**', *(f'**{cell}**' for cell in cells('fastrnn', ours)), '**yes**, with the engine `exact`'),
    )
    versions = ', '.join(f'{name} {version(name)}' for name in ('numpy', 'numba', 'torch'))
    lines = ['| ' + ' | '.join(row) + ' |' for row in rows]
    return '\n'.join([*lines, '', f'{runs.text.path.name}; {processor()}; {versions}, {date.today()}.'])


def main() -> None:
    parser = argparse.ArgumentParser(description='Seconds to 2.3 and 2.1 bits per character.')
    parser.add_argument('text', type=Path)
    parser.add_argument('page', nargs='?')
    parser.add_argument('--store', default='front.jsonl', help='what is measured already [front.jsonl]')
    given = parser.parse_args()
    if 'PyTorch' not in installed():
        raise SystemExit("front needs PyTorch: pip install '.[peers]'")
    text, store = Text(given.text), Store(given.store)
    compile_all(text)
    of_gist = store.get(f'{given.text.name}, min-char-rnn, {GIST:g} s', lambda: gist(text))
    tell(f'min-char-rnn: {of_gist["bits"]:.3f}')
    publish(MARKERS, table(Runs(text, store), of_gist), given.page)


if __name__ == '__main__':
    main()
