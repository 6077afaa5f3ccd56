"""The README's picture of curves: the gist's own run, the same run compiled, the preset for speed, and PyTorch's LSTM.

    python bench/curves.py TEXT                       writes curves.png
    python bench/curves.py TEXT docs/curves.png

The last tenth of the text is held out. Each trains for 60 s (or ``--time SECONDS``) on all cores, one after the other,
in a folder of runs/curves (or of ``--runs FOLDER``), which ``fastrnn plot`` draws as well; a folder whose run is
complete is not trained again, so that another start goes on after an interruption. PyTorch is left out where it is not
installed. Its time is that of training without validations, the others' is with them. Validations of both LSTMs
read the same part of the held-out text, as all of it takes the preset's 1.8 s each time; the gist's models read all.
"""

import argparse
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from versus_cases import Recipe

from fastrnn.data.corpus import open_corpus
from fastrnn.inference.held_out import HeldOut
from fastrnn.model.architecture import Architecture
from fastrnn.model.run_files import CONFIG
from fastrnn.model.torch_names import from_torch_tensors
from fastrnn.runs.curves import read_runs
from fastrnn.runs.log import Log
from fastrnn.runs.plot import file_format, label_all, picture
from fastrnn.system.atomic import write_atomically

PART = 5000  # characters that validations of LSTMs read
OPTIONS = {
    'reference': ('--engine', 'reference', '--validate-every', '1000'),
    'exact': ('--engine', 'exact', '--validate-every', '25000'),
    'fast': ('--preset', 'fast', '--print-every', '50', '--validate-every', '400', '--validate-part', str(PART)),
}
RECIPE = Recipe('lstm', 256, rate=16e-3, T=16)  # the best of those of 30 s in bench/versus.py
REPORTS = 60  # of PyTorch's run, each with a validation
DONE = 'done'  # a file in the folder of a run that is complete


def train(text: Path, seconds: float, options: tuple[str, ...], folder: Path) -> None:
    """One of fastrnn's."""
    end = ('--time', f'{seconds:g}s', '--validation', '10%', '--seed', '0', '--quiet')
    subprocess.run([sys.executable, '-m', 'fastrnn', 'train', text, *options, *end, '--out', folder], check=True)


def train_torch(text: Path, seconds: float, folder: Path) -> None:
    """PyTorch's LSTM, into a folder that is read as those of runs are."""
    import versus_torch

    corpus = open_corpus(text)
    kept, last = map(np.asarray, corpus.split(0.1))
    trainer = versus_torch.warmed(RECIPE, kept, len(corpus.chars), os.cpu_count() or 1)
    folder.mkdir(parents=True)
    config = {'engine': 'PyTorch', 'cell': RECIPE.cell, 'layers': 1, 'hidden_size': RECIPE.H, 'validate_part': PART}
    (folder / CONFIG).write_text(json.dumps({'config': config}), encoding='utf-8')
    log, held_out, best = Log(folder), HeldOut(last, PART, None), math.inf
    architecture = Architecture(RECIPE.cell, 1, RECIPE.H, len(corpus.chars))

    def report(used: float, bits: float) -> None:
        nonlocal best
        tensors = {f'rnn.{name}': tensor.detach().numpy() for name, tensor in trainer.rnn.named_parameters()}
        tensors |= {f'output.{name}': tensor.detach().numpy() for name, tensor in trainer.output.named_parameters()}
        tensors['rnn.bias_ih_l0'] = tensors['rnn.bias_ih_l0'] + tensors['rnn.bias_hh_l0']  # of an LSTM one is enough
        tensors['rnn.bias_hh_l0'] = np.zeros_like(tensors['rnn.bias_ih_l0'])
        reading = held_out.read(from_torch_tensors(architecture, tensors, np.float32), whole=False)
        while reading.read_piece():
            pass
        best = min(best, reading.bits)
        facts = {'iteration': trainer.iterations, 'characters': trainer.characters, 'seconds': used, 'train': bits}
        log.add(facts | {'validation': reading.bits, 'best': best, 'validated': reading.characters})

    versus_torch.train(trainer, seconds, report, seconds / REPORTS)
    held_out.close()


def complete(folder: Path, what: str, train: Callable[[Path], None]) -> None:
    """Train, if that was not done before on the same text and time; from the begin where it was interrupted."""
    if not (folder / DONE).exists() or (folder / DONE).read_text(encoding='utf-8') != what:
        shutil.rmtree(folder, ignore_errors=True)
        train(folder)
        (folder / DONE).write_text(what, encoding='utf-8')


def main() -> None:
    parser = argparse.ArgumentParser(description='Bits per character against time and characters.')
    parser.add_argument('text', type=Path)
    parser.add_argument('out', type=Path, nargs='?', default=Path('curves.png'))
    parser.add_argument('--time', type=float, default=60.0, metavar='SECONDS')
    parser.add_argument('--runs', type=Path, default=Path('runs/curves'))
    given = parser.parse_args()
    kind = file_format(given.out)
    if not find_spec('matplotlib'):
        raise SystemExit("curves needs matplotlib: pip install '.[plot]'")
    given.runs.mkdir(parents=True, exist_ok=True)
    trainings: dict[str, Callable[[Path], None]] = {
        name: partial(train, given.text, given.time, options) for name, options in OPTIONS.items()
    }
    if find_spec('torch') or (given.runs / 'nn.LSTM' / DONE).exists():
        trainings['nn.LSTM'] = partial(train_torch, given.text, given.time)
    what = f'{hashlib.sha256(given.text.read_bytes()).hexdigest()}, {given.time:g} s'
    for name, training in trainings.items():
        complete(given.runs / name, what, training)
    folders = [given.runs / name for name in trainings]
    curves = read_runs(folders)
    write_atomically(given.out, picture(curves, kind))
    for words in label_all(curves):
        print(f'{given.out}: {words}')


if __name__ == '__main__':
    main()
