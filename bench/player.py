"""The page of ``fastrnn export`` in chromium: how fast it writes, and the README's picture of it.

``python bench/player.py``: models with random weights and 65 characters sample 4,000 characters in the page's worker,
and the page shows each. The table has the rate, and the longest time in which the page blocked the browser's frames.
``python bench/player.py MODEL FILE.png``: a text by MODEL, coloured by the unit that follows capitals best.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import fastrnn
from fastrnn.model.architecture import Architecture
from fastrnn.model.init import scaled
from fastrnn.model.model import Model
from fastrnn.pages.player import page

CASES = (('rnn', 1, 100), ('gru', 1, 256), ('gru', 2, 192), ('lstm', 1, 256), ('lstm', 2, 512))
CHARS = ''.join(map(chr, [10, *range(32, 96)]))
LENGTH = 4000
DRAW = """new Promise(done => {
  let last = null, longest = 0;
  const look = now => {
    longest = Math.max(longest, now - (last ?? now));
    last = now;
    if (!page.$('stop').disabled) return requestAnimationFrame(look);
    done([page.write.pane.ids.length, Number.parseInt(page.$('rate').textContent.replaceAll(',', '')), longest]);
  };
  page.$('length').value = LENGTH;
  page.$('temperature').value = 1;
  document.querySelector('#write-form .main').click();
  requestAnimationFrame(look);
})"""
SORT = "page.$('by').value = 'shouting'; page.$('by').dispatchEvent(new Event('change'))"


def browser(profile: Path) -> Any:
    """The browser that the tests use."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'tests' / 'support'))
    from browser import Browser

    return Browser(profile)


def measure() -> None:
    print('| model | characters/s | longest wait between two frames |\n|---|---|---|')
    with tempfile.TemporaryDirectory() as folder, browser(Path(folder) / 'profile') as tab:
        path = Path(folder) / 'model.html'
        tab.screen(1280, 860)
        for cell, layers, H in CASES:
            architecture = Architecture(cell, layers, H, len(CHARS))
            model = Model(scaled(architecture, np.random.RandomState(0)).astype(np.float32), CHARS)
            path.write_text(page(model, architecture.words), encoding='utf-8')
            tab.open(path)
            tab.wait("page.$('stop').disabled")
            count, rate, longest = tab.run(DRAW.replace('LENGTH', str(LENGTH)))
            if count != LENGTH:
                raise SystemExit(f'{architecture.words}: {count} characters, not {LENGTH}')
            print(f'| {architecture.words} | {rate:,} | {longest:.0f} ms |', flush=True)


def picture(model: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, browser(Path(folder) / 'profile') as tab:
        path = Path(folder) / 'model.html'
        fastrnn.export(fastrnn.load_model(model), path)
        tab.screen(1120, 860)
        tab.open(path)
        tab.wait("page.$('stop').disabled")
        tab.run("page.open('see')")
        tab.wait('page.see.values')
        tab.run(SORT)
        tab.wait("document.querySelectorAll('.unit[aria-pressed=true] .score')[0]?.textContent.match(/^[+−]/)")
        tab.run('page.see.pane.pick(40)')
        tab.run('new Promise(done => setTimeout(done, 500))')  # until the bars have grown
        tab.picture(target)


def main() -> None:
    if len(sys.argv) == 3:
        picture(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        measure()


if __name__ == '__main__':
    main()
