"""Single trainings of bench/versus.py by both sides, each in a separate process."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from versus_cases import Recipe
from versus_rows import Result

from fastrnn.model.architecture import CELLS
from fastrnn.runs.curves import read_run
from fastrnn.settings.parsing import parse_share


@dataclass(frozen=True)
class Text:
    """A text and its held-out share, as ``fastrnn train`` takes them."""

    path: Path
    validation: str = '10%'

    @property
    def share(self) -> float:
        share = parse_share(self.validation)
        if share is None:
            raise SystemExit(f'{self.validation!r} is not a share: name one such as 2%')
        return share


def peer(text: Text, recipe: Recipe, seconds: float) -> Result:
    """PyTorch's result with a recipe."""
    script = str(Path(__file__).with_name('versus_torch.py'))
    start = time.perf_counter()
    told = run([script, str(text.path), str(text.share), str(seconds), json.dumps(asdict(recipe))])
    found: Result = json.loads(told)
    return found | {'process': time.perf_counter() - start}


def own(text: Text, seconds: float, seed: int) -> Result:
    """A ``fastrnn train`` with the preset: the held-out bits at its end, its seconds, and the preset's model."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, 'run')
        start = time.perf_counter()
        train(text, '--time', f'{seconds}s', '--seed', str(seed), '--out', str(out))
        wall = time.perf_counter() - start
        curve, last = read_run(out), json.loads((out / 'log.jsonl').read_text().splitlines()[-1])
    bits = last['validation']  # of the whole held-out text; the curve has those of a part
    return {'bits': bits, 'seconds': last['seconds'], 'process': wall, 'model': curve.facts.model}


def train(text: Text, *options: str) -> None:
    held_out = ['--validation', text.validation]
    run(['-m', 'fastrnn', 'train', str(text.path), '--preset', 'fast', *held_out, *options, '--quiet'])


def run(arguments: list[str]) -> str:
    """What Python prints with these arguments. Raises SystemExit with its errors if it fails."""
    result = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(result.stderr)
    return result.stdout


def compile_all(text: Text) -> None:
    """Compile all cells and encode the text, so that measured runs need not."""
    for cell in CELLS:
        train(text, '--cell', cell, '--time', '1s')
